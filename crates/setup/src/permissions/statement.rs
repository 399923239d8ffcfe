//! Statements of policies, each as narrow as AWS lets it be.

use std::collections::BTreeSet;

use aws::Operation;
use aws::operations::{
    DELETE_MESSAGE, GET_OBJECT, GET_QUEUE_ATTRIBUTES, LIST_BUCKET, RECEIVE_MESSAGE, action,
};
use model::{AccountId, Partition, QueueUrl, Region, S3Url};

const EQUALS: &str = "StringEquals";
const LIKE: &str = "StringLike";

/// A statement that allows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its `Sid`.
    pub id: &'static str,
    /// What is allowed.
    pub actions: BTreeSet<String>,
    /// On what.
    pub resources: BTreeSet<String>,
    /// Only so.
    pub conditions: Vec<Condition>,
}

/// A key that has one of some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How it is compared, such as `StringEquals`.
    pub test: &'static str,
    /// The key.
    pub key: &'static str,
    /// The values.
    pub values: BTreeSet<String>,
}

impl Statement {
    /// Takes in what another statement of the same id allows.
    pub(super) fn merge(&mut self, other: Self) {
        self.actions.extend(other.actions);
        self.resources.extend(other.resources);
        for condition in other.conditions {
            match self.conditions.iter_mut().find(|known| known.key == condition.key) {
                Some(known) => known.values.extend(condition.values),
                None => self.conditions.push(condition),
            }
        }
    }
}

/// Calls of each of these regions that name no resource.
fn regional(id: &'static str, regions: &BTreeSet<Region>, operations: &[Operation]) -> Statement {
    Statement { id, conditions: vec![in_regions(regions)], ..facts(operations) }
}

/// Reading configuration items. Most of these actions know no resources; those about recorders do,
/// but are called without naming one, since nobody knows the names beforehand.
pub(super) fn items(regions: &BTreeSet<Region>, operations: &[Operation]) -> Statement {
    regional("ReadItems", regions, operations)
}

/// Reading facts of the account as a whole. The actions know no resources; a condition on regions would
/// name those in which the global services answer, which the user did not write.
pub(super) fn facts(operations: &[Operation]) -> Statement {
    Statement {
        id: "ReadAccountFacts",
        actions: actions(operations),
        resources: BTreeSet::from(["*".to_owned()]),
        conditions: Vec::new(),
    }
}

/// Reading an organization, as a whole.
pub(super) fn organization(operations: &[Operation]) -> Statement {
    Statement { id: "ReadOrganization", ..facts(operations) }
}

/// Reading facts of each region.
pub(super) fn region_facts(regions: &BTreeSet<Region>, operations: &[Operation]) -> Statement {
    regional("ReadRegionFacts", regions, operations)
}

/// Reading AWS Config rules. They are asked for without naming one.
pub(super) fn rules(regions: &BTreeSet<Region>, operations: &[Operation]) -> Statement {
    regional("ReadConfigRules", regions, operations)
}

/// Creating and removing AWS Config rules. A rule's ARN ends in an id that AWS makes up. Who creates a
/// rule with tags tags it, too.
pub(super) fn own_rules(
    partition: Partition,
    account: &AccountId,
    regions: &BTreeSet<Region>,
    operations: &[Operation],
) -> Statement {
    let mut actions = actions(operations);
    actions.insert("config:TagResource".to_owned());
    Statement {
        id: "KeepConfigRules",
        actions,
        resources: BTreeSet::from([format!("arn:{partition}:config:*:{account}:config-rule/*")]),
        conditions: vec![in_regions(regions)],
    }
}

/// Reading through the aggregators of an account in a region: an aggregator's ARN ends in an id
/// that AWS made up, which its name does not tell.
pub(super) fn aggregator(
    partition: Partition,
    account: &AccountId,
    region: &Region,
    operations: &[Operation],
) -> Statement {
    let arn = format!("arn:{partition}:config:{region}:{account}:config-aggregator/*");
    Statement {
        id: "ReadAggregator",
        actions: actions(operations),
        resources: BTreeSet::from([arn]),
        conditions: Vec::new(),
    }
}

/// What `BatchUpdateFindings` could change beside the workflow and user-defined fields, as conditions name
/// it ("`BatchUpdateFindings` for customers", Security Hub User Guide; the names as in AWS's managed policy
/// `AWSSystemsManagerOpsDataSyncServiceRolePolicy`). No condition says whose findings are changed.
const UNTOUCHED: [&str; 10] = [
    "securityhub:ASFFSyntaxPath/Confidence",
    "securityhub:ASFFSyntaxPath/Criticality",
    "securityhub:ASFFSyntaxPath/Note.Text",
    "securityhub:ASFFSyntaxPath/Note.UpdatedBy",
    "securityhub:ASFFSyntaxPath/RelatedFindings",
    "securityhub:ASFFSyntaxPath/Severity.Label",
    "securityhub:ASFFSyntaxPath/Severity.Normalized",
    "securityhub:ASFFSyntaxPath/Severity.Product",
    "securityhub:ASFFSyntaxPath/Types",
    "securityhub:ASFFSyntaxPath/VerificationState",
];

/// Changing the workflow of findings, and nothing else of them.
pub(super) fn workflow(
    partition: Partition,
    account: &AccountId,
    regions: &BTreeSet<Region>,
    operation: Operation,
) -> Statement {
    let untouched = UNTOUCHED.map(|key| Condition {
        test: "Null",
        key,
        values: BTreeSet::from(["true".to_owned()]),
    });
    let conditions = [in_regions(regions)].into_iter().chain(untouched).collect();
    Statement { id: "UpdateWorkflow", conditions, ..hub(partition, account, regions, &[operation]) }
}

/// Reading findings back.
pub(super) fn hub(
    partition: Partition,
    account: &AccountId,
    regions: &BTreeSet<Region>,
    operations: &[Operation],
) -> Statement {
    let arn = format!("arn:{partition}:securityhub:*:{account}:hub/default");
    Statement {
        id: "ReadFindings",
        actions: actions(operations),
        resources: BTreeSet::from([arn]),
        conditions: vec![in_regions(regions)],
    }
}

/// Publishing findings of the account itself, as its default product.
pub(super) fn import(
    partition: Partition,
    account: &AccountId,
    regions: &BTreeSet<Region>,
    operations: &[Operation],
) -> Statement {
    let arn = format!("arn:{partition}:securityhub:*:{account}:product/{account}/default");
    let target = BTreeSet::from([account.to_string()]);
    let target = Condition { test: EQUALS, key: "securityhub:TargetAccount", values: target };
    Statement {
        id: "ImportFindings",
        actions: actions(operations),
        resources: BTreeSet::from([arn]),
        conditions: vec![in_regions(regions), target],
    }
}

/// Reading an account's snapshots in a bucket: keys below its folder are listed, and objects there are
/// read. Where a KMS key encrypts them, S3 decrypts on behalf of whoever reads; the key's ARN is not known
/// here, and what S3 names as the encryption context is the object, or the bucket where it has a key of
/// its own ("Using server-side encryption with AWS KMS keys", Amazon S3 User Guide).
pub(super) fn delivered(partition: Partition, account: &AccountId, url: &S3Url) -> [Statement; 3] {
    let arn = format!("arn:{partition}:s3:::{}", url.bucket());
    let folder = format!("{}AWSLogs/{account}/Config/*", url.key_prefix());
    let objects = format!("{arn}/{folder}");
    let like = |key, values: &[&str]| Condition {
        test: LIKE,
        key,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    [
        Statement {
            id: "ListDelivered",
            actions: actions(&[LIST_BUCKET]),
            resources: BTreeSet::from([arn.clone()]),
            conditions: vec![like("s3:prefix", &[&folder])],
        },
        Statement {
            id: "ReadDelivered",
            actions: actions(&[GET_OBJECT]),
            resources: BTreeSet::from([objects.clone()]),
            conditions: Vec::new(),
        },
        Statement {
            id: "DecryptDelivered",
            actions: BTreeSet::from(["kms:Decrypt".to_owned()]),
            resources: BTreeSet::from([format!("arn:{partition}:kms:*:*:key/*")]),
            conditions: vec![
                like("kms:ViaService", &["s3.*"]),
                like("kms:EncryptionContext:aws:s3:arn", &[&arn, &objects]),
            ],
        },
    ]
}

/// Requesting snapshots from AWS Config. Neither action knows resources.
pub(super) fn requests(regions: &BTreeSet<Region>, operations: &[Operation]) -> Statement {
    regional("RequestSnapshots", regions, operations)
}

/// Receiving and deleting the messages of a queue that brings changes.
pub(super) fn changes(partition: Partition, queue: &QueueUrl) -> [Statement; 2] {
    let one = |value: String| BTreeSet::from([value]);
    let (region, account) = (queue.region(), queue.account());
    [
        Statement {
            id: "ReceiveChanges",
            actions: actions(&[RECEIVE_MESSAGE, DELETE_MESSAGE, GET_QUEUE_ATTRIBUTES]),
            resources: one(queue.arn()),
            conditions: Vec::new(),
        },
        Statement {
            id: "DecryptChanges",
            actions: one("kms:Decrypt".to_owned()),
            resources: one(format!("arn:{partition}:kms:{region}:{account}:key/*")),
            conditions: vec![Condition {
                test: LIKE,
                key: "kms:ViaService",
                values: one("sqs.*".to_owned()),
            }],
        },
    ]
}

/// Assuming roles, some of them with tags.
pub(super) fn assuming(roles: &[String], tagged: &[String]) -> Vec<Statement> {
    let statement = |id, action: &str, roles: &[String]| Statement {
        id,
        actions: BTreeSet::from([action.to_owned()]),
        resources: roles.iter().cloned().collect(),
        conditions: Vec::new(),
    };
    let all = [
        statement("AssumeRoles", "sts:AssumeRole", roles),
        statement("TagSessions", "sts:TagSession", tagged),
    ];
    all.into_iter().filter(|statement| !statement.resources.is_empty()).collect()
}

fn actions(operations: &[Operation]) -> BTreeSet<String> {
    operations.iter().copied().map(action).collect()
}

fn in_regions(regions: &BTreeSet<Region>) -> Condition {
    let values = regions.iter().map(Region::to_string).collect();
    Condition { test: EQUALS, key: "aws:RequestedRegion", values }
}
