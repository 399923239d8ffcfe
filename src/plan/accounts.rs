//! The accounts and regions of a baseline.

use std::collections::BTreeMap;

use kube::core::{Selector, SelectorExt};

use crate::api::{
    AllowedNamespaces, AwsAccount, FieldPath, LabelSelector, SecurityBaselineSpec, closest,
};
use crate::plan::resolve::{Desired, NamespaceLabels};
use crate::plan::{BaselineKey, ProblemKind, Target};
use crate::resource::{Partition, Region};

/// The label that Kubernetes puts on every namespace, with its name as value.
const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// An account by its name.
pub(super) type AccountsByName<'d> = BTreeMap<&'d str, &'d AwsAccount>;

type Report<'r> = &'r mut dyn FnMut(FieldPath, ProblemKind);

/// Accounts by name. Of two with the same name, which only files can hold, the first counts.
pub(super) fn by_name(accounts: &[AwsAccount]) -> AccountsByName<'_> {
    let mut index = AccountsByName::new();
    for account in accounts {
        index.entry(account.metadata.name.as_deref().unwrap_or_default()).or_insert(account);
    }
    index
}

/// What is evaluated: the accounts selected that allow the namespace, in the regions asked for.
pub(super) fn targets(
    desired: &Desired<'_>,
    baseline: &BaselineKey,
    accounts: &AccountsByName<'_>,
    report: Report<'_>,
) -> Vec<Target> {
    let spec = &desired.baseline.spec;
    let labels = namespace_labels(&baseline.namespace, desired.namespaces);
    let mut selected = AccountsByName::new();
    add_named(spec, accounts, &mut selected, report);
    add_labelled(spec, accounts, &mut selected, report);
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut targets = Vec::new();
    for (name, account) in selected {
        let id = account.spec.account_id.as_str();
        if !allows(account.spec.allowed_namespaces.as_ref(), &baseline.namespace, &labels) {
            let (account, namespace) = (name.to_owned(), baseline.namespace.clone());
            report(
                FieldPath::spec("accounts"),
                ProblemKind::NamespaceNotAllowed { account, namespace },
            );
        } else if let Some(first) = owners.insert(id, name) {
            let (first, second) = (first.to_owned(), name.to_owned());
            let same = ProblemKind::SameAccount { first, second, id: id.to_owned() };
            report(FieldPath::spec("accounts"), same);
            owners.insert(id, name);
        } else {
            add_targets(name, account, &spec.regions, &mut targets, report);
        }
    }
    targets
}

fn add_named<'d>(
    spec: &SecurityBaselineSpec,
    accounts: &AccountsByName<'d>,
    selected: &mut AccountsByName<'d>,
    report: Report<'_>,
) {
    for (place, name) in spec.accounts.names.iter().enumerate() {
        if let Some((name, account)) = accounts.get_key_value(name.as_str()) {
            selected.insert(name, account);
        } else {
            let suggestion = closest(name, accounts.keys().copied()).map(str::to_owned);
            let unknown = ProblemKind::UnknownAccount { name: name.clone(), suggestion };
            report(FieldPath::spec("accounts").field("names").index(place), unknown);
        }
    }
}

fn add_labelled<'d>(
    spec: &SecurityBaselineSpec,
    accounts: &AccountsByName<'d>,
    selected: &mut AccountsByName<'d>,
    report: Report<'_>,
) {
    let Some(selector) = &spec.accounts.selector else { return };
    let path = FieldPath::spec("accounts").field("selector");
    match compile(selector) {
        Ok(selector) => {
            let before = selected.len();
            let labelled = |account: &AwsAccount| {
                selector.matches(account.metadata.labels.as_ref().unwrap_or(&BTreeMap::new()))
            };
            let found = accounts.iter().filter(|(_, account)| labelled(account));
            selected.extend(found.map(|(name, account)| (*name, *account)));
            if selected.len() == before && before == 0 {
                report(path, ProblemKind::NoAccountSelected);
            }
        }
        Err(message) => report(path, ProblemKind::InvalidMatch { message }),
    }
}

fn compile(selector: &LabelSelector) -> Result<Selector, String> {
    Selector::try_from(selector.clone()).map_err(|error| error.to_string())
}

/// The labels of a namespace, that with its name among them.
fn namespace_labels(namespace: &str, known: &NamespaceLabels) -> BTreeMap<String, String> {
    let mut labels = known.get(namespace).cloned().unwrap_or_default();
    labels.insert(NAMESPACE_NAME_LABEL.to_owned(), namespace.to_owned());
    labels
}

/// Whether baselines of the namespace may hold for an account: none unless the account says so.
fn allows(
    allowed: Option<&AllowedNamespaces>,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> bool {
    let Some(allowed) = allowed else { return false };
    allowed.names.iter().any(|name| name == namespace)
        || allowed
            .selector
            .as_ref()
            .and_then(|selector| compile(selector).ok())
            .is_some_and(|selector| selector.matches(labels))
}

/// The account in each region asked for that its partition has; in its own if none is.
fn add_targets(
    name: &str,
    account: &AwsAccount,
    asked: &[Region],
    targets: &mut Vec<Target>,
    report: Report<'_>,
) {
    let spec = &account.spec;
    let regions = if asked.is_empty() { &spec.regions } else { asked };
    let mut regions: Vec<&Region> =
        regions.iter().filter(|region| Partition::of_region(region) == spec.partition).collect();
    regions.sort_unstable();
    regions.dedup();
    if regions.is_empty() {
        report(FieldPath::spec("regions"), ProblemKind::NoRegion { account: name.to_owned() });
    }
    targets.extend(regions.into_iter().map(|region| Target {
        account: spec.account_id.clone(),
        account_name: name.to_owned(),
        partition: spec.partition,
        region: region.clone(),
        home: spec.home_region() == Some(region),
    }));
}
