//! The least that must be allowed for what baselines need: of each role, and of the identity that
//! Plumbline itself runs as.
//!
//! Pure: it follows from the plans, the accounts and what the sources and Security Hub are asked.
//! The external ids of roles are never among it, only whether there is one.
//!
//! Which actions can be limited to which resources, and by which conditions: "Actions, resources,
//! and condition keys" for AWS Config, AWS Security Hub, AWS STS, and the services that tell account
//! facts (Service Authorization Reference).

mod reading;
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use api::{AwsAccountSpec, AwsOrganizationSpec, RoleReference};
use assess::AccountInput;
use aws::Operation;
use aws::operations::{DESCRIBE_HUB, GET_FINDINGS, IMPORT_FINDINGS, UPDATE_FINDINGS};
use cel::Timestamp;
use engine::plan::Plan;
use model::{AccountId, Region};
pub use statement::{Condition, Statement};

/// What has to be allowed, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// To the identity that Plumbline runs as.
    pub own: Vec<Statement>,
    /// To each role that it assumes, by ARN.
    pub roles: Vec<RolePermissions>,
}

/// What has to be allowed to a role, and what the role has to allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePermissions {
    /// The role.
    pub arn: String,
    /// Its account.
    pub account: AccountId,
    /// Whether whoever assumes it has to give an external id.
    pub has_external_id: bool,
    /// Whether the sessions carry tags.
    pub has_session_tags: bool,
    /// What it may do.
    pub statements: Vec<Statement>,
}

impl RolePermissions {
    /// The path and name: what follows `role` in the ARN.
    #[must_use]
    pub fn path_and_name(&self) -> (&str, &str) {
        let (_, after) = self.arn.split_once(":role").unwrap_or_default();
        after.rfind('/').map_or(("/", after), |at| after.split_at(at + 1))
    }
}

/// Who asks: a role, or Plumbline itself.
type Asker<'a> = Option<&'a RoleReference>;

/// Gathers statements by who has to be allowed them.
#[derive(Default)]
struct GatheredPermissions<'a> {
    own: BTreeMap<&'static str, Statement>,
    roles: BTreeMap<&'a str, (&'a RoleReference, AccountId, BTreeMap<&'static str, Statement>)>,
    /// The roles of the accounts of organizations, in whatever account, and whether their sessions carry
    /// tags. What they need is that of the roles of accounts.
    members: BTreeMap<String, bool>,
}

impl Permissions {
    /// What these plans need of the accounts among `accounts` that they hold for, and what reading
    /// `organizations` needs; without what publishing takes unless it is asked for.
    #[must_use]
    pub fn of<'a>(
        accounts: impl IntoIterator<Item = &'a AwsAccountSpec>,
        organizations: impl IntoIterator<Item = &'a AwsOrganizationSpec>,
        plans: &[Plan],
        publish: bool,
        now: Timestamp,
    ) -> Self {
        let mut gathered = GatheredPermissions::default();
        for spec in accounts {
            let Some(input) = AccountInput::of(spec, plans) else { continue };
            gathered.reading(spec, &input.regions, plans, now);
            if publish {
                let regions = published_in(&spec.account_id, plans);
                gathered.publishing(spec, &regions);
            }
        }
        for spec in organizations {
            gathered.organization(spec);
        }
        gathered.finish()
    }
}

/// The regions of an account that findings are published in.
pub(crate) fn published_in(account: &AccountId, plans: &[Plan]) -> BTreeSet<Region> {
    let publishing = plans.iter().filter(|plan| plan.publish.security_hub && !plan.suspended);
    let targets = publishing.flat_map(|plan| &plan.targets);
    targets
        .filter(|target| target.account == *account)
        .map(|target| target.region.clone())
        .collect()
}

impl<'a> GatheredPermissions<'a> {
    fn publishing(&mut self, spec: &'a AwsAccountSpec, regions: &BTreeSet<Region>) {
        if regions.is_empty() {
            return;
        }
        let (role, account) = (spec.role.as_ref(), &spec.account_id);
        self.allow(role, account, statement::hub(spec.partition, account, regions, &HUB));
        let workflow = statement::workflow(spec.partition, account, regions, UPDATE_FINDINGS);
        self.allow(role, account, workflow);
        let import = statement::import(spec.partition, account, regions, &[IMPORT_FINDINGS]);
        self.allow(role, account, import);
    }

    fn allow(&mut self, asker: Asker<'a>, account: &AccountId, statement: Statement) {
        let statements = match asker {
            None => &mut self.own,
            Some(role) => {
                let new = || (role, account.clone(), BTreeMap::new());
                &mut self.roles.entry(&role.arn).or_insert_with(new).2
            }
        };
        match statements.get_mut(statement.id) {
            Some(known) => known.merge(statement),
            None => {
                statements.insert(statement.id, statement);
            }
        }
    }

    fn finish(self) -> Permissions {
        let Self { mut own, roles, members } = self;
        let arns = roles.keys().map(|arn| (*arn).to_owned());
        let arns: Vec<String> = arns.chain(members.keys().cloned()).collect();
        let tagged = roles.values().filter(|(role, ..)| !role.session_tags.is_empty());
        let tagged_members = members.iter().filter(|(_, is_tagged)| **is_tagged);
        let tagged = tagged.map(|(role, ..)| role.arn.clone());
        let tagged: Vec<String> =
            tagged.chain(tagged_members.map(|(arn, _)| arn.clone())).collect();
        for statement in statement::assuming(&arns, &tagged) {
            own.insert(statement.id, statement);
        }
        let role = |(arn, (role, account, statements)): (&str, (&RoleReference, _, _))| {
            let statements: BTreeMap<&str, Statement> = statements;
            RolePermissions {
                arn: arn.to_owned(),
                account,
                has_external_id: role.external_id.is_some(),
                has_session_tags: !role.session_tags.is_empty(),
                statements: statements.into_values().collect(),
            }
        };
        Permissions {
            own: own.into_values().collect(),
            roles: roles.into_iter().map(role).collect(),
        }
    }
}

/// What is asked of Security Hub beside publishing itself.
const HUB: [Operation; 2] = [DESCRIBE_HUB, GET_FINDINGS];

/// The account of an ARN.
#[must_use]
pub fn account_of(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use engine::plan::Resolved;

    use super::*;
    use aws::OPERATIONS;
    use aws::operations::{GET_CALLER_IDENTITY, LIST_REGIONS, action};
    use manifest::load_paths;

    fn sample() -> Permissions {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let bucket = folder.join("src/permissions/bucket.yaml");
        let organization = folder.join("../../docs/reference/examples/awsorganization.yaml");
        permissions(&[&folder.join("../../deploy/samples/live"), &bucket, &organization], true)
    }

    fn permissions(paths: &[&Path], publish: bool) -> Permissions {
        let now = Timestamp { seconds: 1_790_000_000, nanoseconds: 0 };
        let (objects, mistakes) = load_paths(paths.iter().copied());
        assert!(mistakes.is_empty());
        let plans = Resolved::of(&objects, now).plans;
        let accounts = objects.accounts.iter().map(|account| &account.object.spec);
        let organizations = objects.organizations.iter().map(|it| &it.object.spec);
        Permissions::of(accounts, organizations, &plans, publish, now)
    }

    fn actions(permissions: &Permissions) -> BTreeSet<String> {
        let roles = permissions.roles.iter().flat_map(|role| &role.statements);
        roles.chain(&permissions.own).flat_map(|statement| statement.actions.clone()).collect()
    }

    #[test]
    fn all_that_is_called_is_allowed_and_nothing_else() {
        let allowed = actions(&sample());
        let called: BTreeSet<String> = OPERATIONS
            .iter()
            .filter(|operation| **operation != GET_CALLER_IDENTITY) // nobody needs a permission
            // It is asked through the roles of an organization's accounts, which are no objects yet; those
            // of `deploy/iam` allow it.
            .filter(|operation| **operation != LIST_REGIONS)
            .map(|operation| action(*operation))
            .chain(["sts:AssumeRole", "sts:TagSession", "config:TagResource"].map(str::to_owned))
            .chain(["kms:Decrypt".to_owned()]) // which S3 does for whoever reads
            .collect();
        assert_eq!(allowed, called);
    }

    #[test]
    fn each_role_is_allowed_only_what_its_account_is_asked() {
        let permissions = sample();
        let role = |account: &str| {
            permissions.roles.iter().find(|role| role.account.as_str() == account).unwrap()
        };
        let ids = |account: &str| -> Vec<&str> {
            role(account).statements.iter().map(|statement| statement.id).collect()
        };
        // Facts are asked of the account itself, also where an aggregator shows its items.
        let of_both = [
            "ImportFindings",
            "ReadAccountFacts",
            "ReadConfigRules",
            "ReadFindings",
            "ReadRegionFacts",
            "UpdateWorkflow",
        ];
        let of_shop = ["KeepConfigRules", "ReadItems"];
        let mut of_own: Vec<&str> = of_both.into_iter().chain(of_shop).collect();
        of_own.sort_unstable();
        assert_eq!(ids("111122223333"), of_own);
        assert_eq!(ids("444455556666"), of_both);
        let of_home: BTreeSet<&str> = permissions
            .roles
            .iter()
            .filter(|role| role.account.as_str() == "999988887777")
            .flat_map(|role| role.statements.iter().map(|statement| statement.id))
            .collect();
        assert_eq!(of_home, ["ReadAggregator", "ReadOrganization"].into());
        let of_archive = ["ImportFindings", "ReadFindings", "RequestSnapshots", "UpdateWorkflow"];
        assert_eq!(ids("333344445555"), of_archive);
        let of_bucket = ["DecryptDelivered", "ListDelivered", "ReadDelivered"];
        assert_eq!(ids("777766665555"), of_bucket);
        let listed = &role("777766665555").statements[1];
        assert_eq!(listed.resources, ["arn:aws:s3:::acme-config-logs".to_owned()].into());
        let folder = "central/AWSLogs/333344445555/Config/*".to_owned();
        assert_eq!(listed.conditions[0].values, [folder].into());
        assert_eq!(role("111122223333").path_and_name(), ("/", "plumbline"));
        let of_queue = ["DecryptChanges", "ReceiveChanges"];
        assert_eq!(ids("666655554444"), of_queue);
        let received = &role("666655554444").statements[1];
        let queue = "arn:aws:sqs:eu-west-1:666655554444:plumbline-changes".to_owned();
        assert_eq!(received.resources, [queue].into());
        let assumed =
            permissions.own.iter().find(|statement| statement.id == "AssumeRoles").unwrap();
        assert!(assumed.resources.contains("arn:aws:iam::*:role/plumbline"), "{assumed:?}");
    }

    #[test]
    fn without_publishing_no_finding_may_be_read_or_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/samples/live");
        let allowed = actions(&permissions(&[&folder], false));
        let of_hub: Vec<_> =
            allowed.iter().filter(|action| action.starts_with("securityhub:")).collect();
        assert_eq!(of_hub, ["securityhub:DescribeHub"], "an account fact");
    }

    #[test]
    fn an_account_of_a_snapshot_is_asked_nothing_unless_findings_are_published() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/samples/quickstart");
        assert_eq!(permissions(&[&folder], false), Permissions::default());
        let own = permissions(&[&folder], true).own;
        assert_eq!(own.len(), 3, "{own:?}");
    }
}
