//! From what users wrote to what there is to evaluate.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::plan::accounts::{self, AccountsByName, Selected};
use crate::plan::{
    BaselineKey, OwnerKeys, Plan, PlannedAttestation, PlannedExemption, attestation, controls,
    exemption,
};
use crate::problem::{Problem, ProblemKind};
use api::{
    Attestation, AwsAccount, DEFAULT_NAMESPACE, Exemption, FieldPath, ObjectKey, SecurityBaseline,
    Time,
};
use cel::Timestamp;
use model::AccountId;

/// A baseline and all that it may speak of, in any order.
#[derive(Debug, Clone, Copy)]
pub struct Desired<'d> {
    /// The baseline.
    pub baseline: &'d Arc<SecurityBaseline>,
    /// Every account that can be read.
    pub accounts: &'d [AwsAccount],
    /// Accounts that are there and cannot be read.
    pub unread_accounts: &'d UnreadAccounts,
    /// Every exemption; those of other baselines are passed over.
    pub exemptions: &'d [Exemption],
    /// Every attestation; those of other namespaces are passed over.
    pub attestations: &'d [Attestation],
    /// The labels of namespaces, where they are known: an account may allow namespaces by them.
    /// The label with the namespace's name goes without saying.
    pub namespaces: &'d NamespaceLabels,
    /// Where the accounts' regions come from.
    pub account_regions: AccountRegions,
    /// Which tags and labels name the owners of drift where the baseline does not say.
    pub owner_keys: &'d OwnerKeys,
}

/// Where the regions of accounts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountRegions {
    /// Their owners listed them: a baseline asks for no others.
    #[default]
    Declared,
    /// Items were found in them. A region that a baseline asks for beside them lacks its data.
    Discovered,
}

/// The labels of accounts that are there and cannot be read, where these are known, by their names.
pub type UnreadAccounts = BTreeMap<String, Option<BTreeMap<String, String>>>;

/// The labels of namespaces, by namespace.
pub type NamespaceLabels = BTreeMap<String, BTreeMap<String, String>>;

/// The plan of a baseline. Whatever is wrong is in [`Plan::problems`]; the rest is planned.
pub fn resolve(desired: &Desired<'_>, catalog: &Catalog) -> Plan {
    let Desired { baseline, .. } = *desired;
    let key = BaselineKey::of(baseline);
    let object = ObjectKey::of(&**baseline);
    let mut problems = Vec::new();
    let mut report = |path: FieldPath, kind: ProblemKind| {
        problems.push(Problem { object: object.clone(), path, kind });
    };
    let accounts = accounts::allowed(desired, &key);
    let owner_keys = desired.owner_keys.of(baseline.spec.owner.as_ref());
    let owner =
        |account: &AwsAccount| owner_keys.of_account(account.metadata.labels.as_ref(), &key);
    let Selected { targets, passed_over } =
        accounts::select(desired, &key, &accounts, &owner, &mut report);
    let controls = controls::plan(&baseline.spec, catalog, &mut report);
    let mut plan = Plan {
        generation: baseline.metadata.generation.unwrap_or_default(),
        targets,
        controls,
        exemptions: Vec::new(),
        attestations: Vec::new(),
        interval: baseline.spec.interval.duration(),
        publish: baseline.spec.publish,
        owner_keys,
        suspended: baseline.spec.suspend,
        problems,
        passed_over,
        baseline: key,
    };
    plan.exemptions = exemptions(desired, &mut plan, &accounts, catalog);
    plan.attestations = attestations(desired, &mut plan, &accounts, catalog);
    plan.problems.sort();
    plan.problems.dedup();
    plan
}

fn exemptions(
    desired: &Desired<'_>,
    plan: &mut Plan,
    accounts: &AccountsByName<'_>,
    catalog: &Catalog,
) -> Vec<PlannedExemption> {
    let Plan { baseline, controls, problems, .. } = plan;
    let mut planned: Vec<PlannedExemption> = desired
        .exemptions
        .iter()
        .filter(|exemption| {
            exemption.spec.baseline == baseline.name
                && namespace(exemption.metadata.namespace.as_deref()) == baseline.namespace
        })
        .filter_map(|item| exemption::plan(item, baseline, controls, accounts, catalog, problems))
        .collect();
    planned.sort_by(|left, right| left.name.cmp(&right.name));
    planned
}

fn attestations(
    desired: &Desired<'_>,
    plan: &mut Plan,
    accounts: &AccountsByName<'_>,
    catalog: &Catalog,
) -> Vec<PlannedAttestation> {
    let Plan { baseline, controls, problems, .. } = plan;
    let space = baseline.namespace.as_str();
    let mut planned: Vec<PlannedAttestation> = desired
        .attestations
        .iter()
        .filter(|item| namespace(item.metadata.namespace.as_deref()) == space)
        .filter_map(|item| attestation::plan(item, space, controls, accounts, catalog, problems))
        .collect();
    planned.sort_by(|left, right| left.name.cmp(&right.name));
    planned
}

/// The ids of the accounts named, of those that the namespace may use; `None` where none is named,
/// which means all.
pub(super) fn account_ids(
    names: Option<&[String]>,
    namespace: &str,
    accounts: &AccountsByName<'_>,
    report: &mut dyn FnMut(FieldPath, ProblemKind),
) -> Option<Vec<AccountId>> {
    let names = names?;
    if names.is_empty() {
        report(FieldPath::spec("accounts"), ProblemKind::EmptyList { field: "accounts" });
    }
    let mut ids = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        if let Some(account) = accounts.get(name.as_str()) {
            ids.push(account.spec.account_id.clone());
        } else {
            let unknown = accounts::unknown(name, namespace, accounts);
            report(FieldPath::spec("accounts").index(place), unknown);
        }
    }
    Some(ids)
}

pub(super) fn timestamp(time: &Time) -> Timestamp {
    // jiff's nanoseconds have the sign of the seconds; ours count up from the second below.
    let (seconds, nanoseconds) = (time.0.as_second(), time.0.subsec_nanosecond());
    match u32::try_from(nanoseconds) {
        Ok(nanoseconds) => Timestamp { seconds, nanoseconds },
        Err(_) => Timestamp {
            seconds: seconds - 1,
            nanoseconds: 1_000_000_000 - nanoseconds.unsigned_abs(),
        },
    }
}

pub(super) fn namespace(given: Option<&str>) -> &str {
    given.unwrap_or(DEFAULT_NAMESPACE)
}

impl BaselineKey {
    /// The key of a baseline.
    pub fn of(baseline: &SecurityBaseline) -> Self {
        let metadata = &baseline.metadata;
        Self {
            namespace: namespace(metadata.namespace.as_deref()).to_owned(),
            name: metadata.name.clone().unwrap_or_default(),
        }
    }
}
