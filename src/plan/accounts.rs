//! The accounts and regions of a baseline.

use std::collections::BTreeMap;

use kube::core::{Selector, SelectorExt};

use crate::api::{AllowedNamespaces, AwsAccount, FieldPath, LabelSelector, closest};
use crate::plan::resolve::{Desired, NamespaceLabels};
use crate::plan::{BaselineKey, ProblemKind, Target};
use crate::resource::{AccountId, Partition, Region};

/// The label that Kubernetes puts on every namespace, with its name as value.
const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// An account by its name.
pub(super) type AccountsByName<'d> = BTreeMap<&'d str, &'d AwsAccount>;

type Report<'r> = &'r mut dyn FnMut(FieldPath, ProblemKind);

/// What a baseline's selection comes to.
pub(super) struct Selected {
    /// The accounts selected that allow the namespace, in the regions asked for.
    pub(super) targets: Vec<Target>,
    /// How many more the selector matches.
    pub(super) passed_over: usize,
}

/// The accounts that allow the baseline's namespace: all that may be named to whoever reads of it.
pub(super) fn allowed<'d>(desired: &Desired<'d>, baseline: &BaselineKey) -> AccountsByName<'d> {
    let namespace = baseline.namespace.as_str();
    let labels = namespace_labels(namespace, desired.namespaces);
    let mut accounts = by_name(desired.accounts);
    accounts.retain(|_, it| allows(it.spec.allowed_namespaces.as_ref(), namespace, &labels));
    accounts
}

/// Accounts by name. Of two with the same name, which only files can hold, the first counts.
fn by_name(accounts: &[AwsAccount]) -> AccountsByName<'_> {
    let mut index = AccountsByName::new();
    for account in accounts {
        index.entry(account.metadata.name.as_deref().unwrap_or_default()).or_insert(account);
    }
    index
}

/// The names of the accounts that count: of several of one AWS account the oldest.
fn counting<'d>(accounts: &'d [AwsAccount]) -> BTreeMap<&'d AccountId, &'d str> {
    let name = |it: &'d AwsAccount| it.metadata.name.as_deref().unwrap_or_default();
    let mut by_age: Vec<&AwsAccount> = accounts.iter().collect();
    by_age.sort_by_key(|it| (&it.metadata.creation_timestamp, name(it)));
    let mut first = BTreeMap::new();
    for account in by_age {
        first.entry(&account.spec.account_id).or_insert(name(account));
    }
    first
}

/// What the baseline selects of the accounts that it may use.
pub(super) fn select(
    desired: &Desired<'_>,
    baseline: &BaselineKey,
    allowed: &AccountsByName<'_>,
    report: Report<'_>,
) -> Selected {
    let spec = &desired.baseline.spec;
    let mut selected = AccountsByName::new();
    add_named(desired, &baseline.namespace, allowed, &mut selected, report);
    let passed_over = add_labelled(desired, allowed, &mut selected, report);
    let counting = counting(desired.accounts);
    let mut targets = Vec::new();
    for (name, account) in selected {
        let id = &account.spec.account_id;
        if counting.get(id).is_none_or(|counts| *counts == name) {
            add_targets(name, account, &spec.regions, &mut targets, report);
        } else {
            let same = ProblemKind::SameAccount { name: name.to_owned(), id: id.to_string() };
            report(FieldPath::spec("accounts"), same);
        }
    }
    Selected { targets, passed_over }
}

fn add_named<'d>(
    desired: &Desired<'_>,
    namespace: &str,
    allowed: &AccountsByName<'d>,
    selected: &mut AccountsByName<'d>,
    report: Report<'_>,
) {
    for (place, name) in desired.baseline.spec.accounts.names.iter().enumerate() {
        if let Some((name, account)) = allowed.get_key_value(name.as_str()) {
            selected.insert(name, account);
            continue;
        }
        let is_there = |it: &AwsAccount| it.metadata.name.as_ref() == Some(name);
        let problem = if desired.accounts.iter().any(is_there) {
            let suggestion = suggestion(name, allowed);
            let (name, namespace) = (name.clone(), namespace.to_owned());
            ProblemKind::NamespaceNotAllowed { name, namespace, suggestion }
        } else {
            unknown(name, namespace, allowed)
        };
        report(FieldPath::spec("accounts").field("names").index(place), problem);
    }
}

/// The problem of an account that is not among those that the namespace may use.
pub(super) fn unknown(name: &str, namespace: &str, allowed: &AccountsByName<'_>) -> ProblemKind {
    let suggestion = suggestion(name, allowed);
    let (name, namespace) = (name.to_owned(), namespace.to_owned());
    ProblemKind::UnknownAccount { name, namespace, suggestion }
}

fn suggestion(name: &str, allowed: &AccountsByName<'_>) -> Option<String> {
    closest(name, allowed.keys().copied()).map(str::to_owned)
}

/// Adds the accounts that have the labels. How many others have them and do not allow the
/// namespace.
fn add_labelled<'d>(
    desired: &Desired<'_>,
    allowed: &AccountsByName<'d>,
    selected: &mut AccountsByName<'d>,
    report: Report<'_>,
) -> usize {
    let Some(selector) = &desired.baseline.spec.accounts.selector else { return 0 };
    let path = FieldPath::spec("accounts").field("selector");
    let selector = match compile(selector) {
        Ok(selector) => selector,
        Err(message) => {
            report(path, ProblemKind::InvalidSelector { message });
            return 0;
        }
    };
    let nothing = BTreeMap::new();
    let labelled = |account: &AwsAccount| {
        selector.matches(account.metadata.labels.as_ref().unwrap_or(&nothing))
    };
    let found = allowed.iter().filter(|(_, account)| labelled(account));
    selected.extend(found.map(|(name, account)| (*name, *account)));
    let all = by_name(desired.accounts);
    let others =
        all.iter().filter(|(name, account)| !allowed.contains_key(*name) && labelled(account));
    let others = others.count();
    if selected.is_empty() && others == 0 {
        report(path.clone(), ProblemKind::NoAccountSelected);
    }
    let may_match = |labels: &&Option<BTreeMap<String, String>>| {
        labels.as_ref().is_none_or(|labels| selector.matches(labels))
    };
    let count = desired.unread_accounts.values().filter(may_match).count();
    if count > 0 {
        report(path, ProblemKind::UnreadAccounts { count });
    }
    others
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
