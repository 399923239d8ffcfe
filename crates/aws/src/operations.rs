//! Every operation of AWS that is called, in one table, so that no call is without a permission.
//!
//! `plumbline iam-policy` prints its policies from these; a test keeps names of operations out of
//! the rest of the room.

/// An operation: its service, as IAM's actions name it, and its name.
pub type Operation = (&'static str, &'static str);

macro_rules! operations {
    ($($(#[$doc:meta])* $constant:ident = $service:literal : $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Operation = ($service, $name);)*

        /// All operations.
        pub const OPERATIONS: &[Operation] = &[$($constant),*];
    };
}

/// Whether an operation changes something that another replica might change, too.
#[must_use]
pub fn is_write(operation: Operation) -> bool {
    WRITES.contains(&operation)
}

/// All operations that change something but for credential reports, which AWS makes for whoever asks.
pub(crate) const WRITES: [Operation; 6] =
    [PUT_RULE, DELETE_RULE, DELIVER_SNAPSHOT, IMPORT_FINDINGS, UPDATE_FINDINGS, DELETE_MESSAGE];

operations! {
    /// Whose credentials these are. Everybody may ask.
    GET_CALLER_IDENTITY = "sts": "GetCallerIdentity";
    /// What the recorder records.
    DESCRIBE_RECORDERS = "config": "DescribeConfigurationRecorders";
    /// How the recorder fares.
    DESCRIBE_RECORDER_STATUS = "config": "DescribeConfigurationRecorderStatus";
    /// Which recorders AWS services keep for themselves.
    LIST_RECORDERS = "config": "ListConfigurationRecorders";
    /// How fresh an aggregator's sources are.
    DESCRIBE_AGGREGATED = "config": "DescribeConfigurationAggregatorSourcesStatus";
    /// Advanced queries of an account in a region.
    SELECT = "config": "SelectResourceConfig";
    /// Advanced queries of an aggregator.
    SELECT_AGGREGATE = "config": "SelectAggregateResourceConfig";
    /// How many resources of each type there are.
    COUNT = "config": "GetDiscoveredResourceCounts";
    /// The ids of a type's resources.
    LIST = "config": "ListDiscoveredResources";
    /// Items by their keys.
    BATCH = "config": "BatchGetResourceConfig";
    /// A resource's items over time.
    HISTORY = "config": "GetResourceConfigHistory";
    /// AWS Config rules, their sources and parameters.
    DESCRIBE_RULES = "config": "DescribeConfigRules";
    /// When AWS Config rules last evaluated.
    DESCRIBE_RULE_STATUS = "config": "DescribeConfigRuleEvaluationStatus";
    /// What an AWS Config rule reports.
    RULE_RESULTS = "config": "GetComplianceDetailsByConfigRule";
    /// The tags of an AWS Config rule.
    RULE_TAGS = "config": "ListTagsForResource";
    /// Creating AWS Config rules.
    PUT_RULE = "config": "PutConfigRule";
    /// Removing AWS Config rules.
    DELETE_RULE = "config": "DeleteConfigRule";
    /// Where AWS Config delivers to.
    DESCRIBE_CHANNELS = "config": "DescribeDeliveryChannels";
    /// Requesting a snapshot.
    DELIVER_SNAPSHOT = "config": "DeliverConfigSnapshot";
    /// The account's password policy.
    GET_PASSWORD_POLICY = "iam": "GetAccountPasswordPolicy";
    /// What IAM says of the account, its root user among it.
    GET_ACCOUNT_SUMMARY = "iam": "GetAccountSummary";
    /// The virtual MFA devices in use.
    LIST_VIRTUAL_MFA_DEVICES = "iam": "ListVirtualMFADevices";
    /// Has a credential report made, or says that there is one.
    GENERATE_CREDENTIAL_REPORT = "iam": "GenerateCredentialReport";
    /// Reads the credential report.
    GET_CREDENTIAL_REPORT = "iam": "GetCredentialReport";
    /// Whether new volumes of EBS are encrypted, in a region.
    GET_EBS_ENCRYPTION = "ec2": "GetEbsEncryptionByDefault";
    /// The account's block of public access to S3; `GetPublicAccessBlock` of S3 Control.
    GET_PUBLIC_ACCESS_BLOCK = "s3": "GetAccountPublicAccessBlock";
    /// The keys of a bucket that snapshots are delivered to; `ListObjectsV2` of S3.
    LIST_BUCKET = "s3": "ListBucket";
    /// A part of a delivered file; of S3.
    GET_OBJECT = "s3": "GetObject";
    /// The messages of a queue that brings changes.
    RECEIVE_MESSAGE = "sqs": "ReceiveMessage";
    /// Deleting messages that were taken; `DeleteMessageBatch` of SQS.
    DELETE_MESSAGE = "sqs": "DeleteMessage";
    /// What is set of a queue.
    GET_QUEUE_ATTRIBUTES = "sqs": "GetQueueAttributes";
    /// Whom AWS turns to in matters of security, billing and operations.
    GET_ALTERNATE_CONTACT = "account": "GetAlternateContact";
    /// The regions of the account, and whether each is enabled.
    LIST_REGIONS = "account": "ListRegions";
    /// The accounts of an organization.
    LIST_MEMBERS = "organizations": "ListAccounts";
    /// The organizational units right below another.
    LIST_UNITS = "organizations": "ListOrganizationalUnitsForParent";
    /// The tags of an account of an organization.
    LIST_MEMBER_TAGS = "organizations": "ListTagsForResource";
    /// The organization that the account belongs to.
    DESCRIBE_ORGANIZATION = "organizations": "DescribeOrganization";
    /// The snapshots of EBS that everyone can restore, in a region.
    DESCRIBE_SNAPSHOTS = "ec2": "DescribeSnapshots";
    /// Whether a region keeps snapshots from being public.
    GET_SNAPSHOT_BLOCK = "ec2": "GetSnapshotBlockPublicAccessState";
    /// Whether Macie is in use, in a region.
    GET_MACIE_SESSION = "macie2": "GetMacieSession";
    /// What Amazon Inspector scans, in a region.
    BATCH_GET_ACCOUNT_STATUS = "inspector2": "BatchGetAccountStatus";
    /// The log groups of a region.
    DESCRIBE_LOG_GROUPS = "logs": "DescribeLogGroups";
    /// The subscription to Shield Advanced.
    DESCRIBE_SUBSCRIPTION = "shield": "DescribeSubscription";
    /// Whether Security Hub is in use.
    DESCRIBE_HUB = "securityhub": "DescribeHub";
    /// Reading findings back.
    GET_FINDINGS = "securityhub": "GetFindings";
    /// Publishing findings.
    IMPORT_FINDINGS = "securityhub": "BatchImportFindings";
    /// Changing the workflow of findings.
    UPDATE_FINDINGS = "securityhub": "BatchUpdateFindings";
}

/// The action of IAM that allows an operation.
#[must_use]
pub fn action((service, name): Operation) -> String {
    format!("{service}:{name}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// Where calls are made: everything but what reads and publishes by them.
    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let calls =
            |path: &PathBuf| !path.ends_with("src/source") && !path.ends_with("src/publish");
        let entries = entries.filter(calls);
        let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
        entries.flat_map(below).collect()
    }

    /// What is left of the code once its tests and the table of rates are taken away.
    fn code(text: &str) -> &str {
        text.split("#[cfg(test)]").next().unwrap()
    }

    #[test]
    fn no_operation_is_named_outside_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut seen = 0;
        for path in sources(&folder) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if ["operations.rs", "budget.rs"].contains(&name) {
                continue;
            }
            seen += 1;
            let text = fs::read_to_string(&path).unwrap();
            let services: BTreeSet<&str> = OPERATIONS.iter().map(|(service, _)| *service).collect();
            for service in services {
                let pair = format!("(\"{service}\", \"");
                assert!(!code(&text).contains(&pair), "{name} names an operation of {service}");
            }
        }
        assert!(seen > 5, "the sources were not found");
    }

    #[test]
    fn every_call_of_a_client_is_of_an_operation_in_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let text: String =
            sources(&folder).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        // Those without an SDK are signed here.
        let (signed, of_sdks): (Vec<_>, Vec<_>) = OPERATIONS
            .iter()
            .partition(|(service, _)| !["config", "securityhub", "sts"].contains(service));
        for (_, name) in &of_sdks {
            let call = format!(".{}()", snake_case(name));
            assert!(text.contains(&call), "nothing calls {name}");
        }
        let calls = text.split(".call(").skip(1).filter(|rest| rest.contains(".send()")).count();
        assert!(calls >= of_sdks.len(), "{calls} calls for {} operations", of_sdks.len());
        let table = fs::read_to_string(folder.join("operations.rs")).unwrap();
        for (service, name) in &signed {
            let row = table.split(&format!("\"{service}\": \"{name}\"")).next().unwrap();
            let constant = row.rsplit("    ").next().unwrap().trim_end_matches([' ', '=']);
            let asked = ["ask", "ask_xml", "ask_json"].iter().any(|ask| {
                text.contains(&format!(".{ask}({constant}, &"))
                    || text.contains(&format!(".{ask}({constant}, &["))
            });
            assert!(asked, "nothing asks for {name} by {constant}");
        }
    }

    fn snake_case(name: &str) -> String {
        let mut snake = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        }
        snake
    }
}
