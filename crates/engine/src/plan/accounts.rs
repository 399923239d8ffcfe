//! The accounts and regions of a baseline.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::{Selector, SelectorExt};

use crate::plan::resolve::{AccountRegions, Desired, NamespaceLabels};
use crate::plan::{BaselineKey, Target};
use crate::problem::ProblemKind;
use api::{AllowedNamespaces, AwsAccount, FieldPath, LabelSelector, closest};
use model::{AccountId, Owner, Partition, Region};

/// The label that Kubernetes puts on every namespace, with its name as value.
const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// An account by its name.
pub(super) type AccountsByName<'d> = BTreeMap<&'d str, &'d AwsAccount>;

type ReportProblem<'r> = &'r mut dyn FnMut(FieldPath, ProblemKind);

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
    let labels = KnownLabels::of(namespace, desired.namespaces);
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
    owner: &dyn Fn(&AwsAccount) -> Owner,
    report: ReportProblem<'_>,
) -> Selected {
    let spec = &desired.baseline.spec;
    let mut selected = AccountsByName::new();
    add_named(desired, &baseline.namespace, allowed, &mut selected, report);
    let passed_over = add_labelled(desired, allowed, &mut selected, report);
    let counting = counting(desired.accounts);
    let mut targets = Vec::new();
    let mut listed = BTreeSet::new();
    for (name, account) in selected {
        let id = &account.spec.account_id;
        if counting.get(id).is_none_or(|counts| *counts == name) {
            let found = add_targets(desired, name, account, &owner(account), &mut targets);
            if !found && spec.accounts.names.iter().any(|named| named == name) {
                let problem = ProblemKind::NoRegion { account: name.to_owned() };
                report(FieldPath::spec("regions"), problem);
            }
            listed.extend(&account.spec.regions);
        } else {
            let same = ProblemKind::SameAccount { name: name.to_owned(), id: id.to_string() };
            report(FieldPath::spec("accounts"), same);
        }
    }
    if !listed.is_empty() && desired.account_regions == AccountRegions::Declared {
        report_unlisted(&spec.regions, &listed, report);
    }
    Selected { targets, passed_over }
}

/// A region that no account lists as its own is a mistake: AWS is not asked about a region that the
/// account's owner did not name, and a mistyped one hides what was published for the right one.
fn report_unlisted(asked: &[Region], listed: &BTreeSet<&Region>, report: ReportProblem<'_>) {
    for (place, region) in asked.iter().enumerate().filter(|(_, region)| !listed.contains(region)) {
        let names = || listed.iter().map(|region| region.as_str());
        let problem = ProblemKind::RegionNotAllowed {
            region: region.to_string(),
            suggestion: closest(region.as_str(), names()).map(str::to_owned),
            listed: names().map(str::to_owned).collect(),
        };
        report(FieldPath::spec("regions").index(place), problem);
    }
}

fn add_named<'d>(
    desired: &Desired<'_>,
    namespace: &str,
    allowed: &AccountsByName<'d>,
    selected: &mut AccountsByName<'d>,
    report: ReportProblem<'_>,
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
    report: ReportProblem<'_>,
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
    if selected.is_empty() {
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

/// What is known of a namespace's labels.
struct KnownLabels {
    /// Those that are known, that with its name among them.
    labels: BTreeMap<String, String>,
    /// Whether these are all of them.
    are_all: bool,
}

impl KnownLabels {
    fn of(namespace: &str, known: &NamespaceLabels) -> Self {
        let found = known.get(namespace);
        let mut labels = found.cloned().unwrap_or_default();
        labels.insert(NAMESPACE_NAME_LABEL.to_owned(), namespace.to_owned());
        Self { labels, are_all: found.is_some() }
    }

    /// Whether a selector is sure to match: a label that is not known may be the one that excludes.
    fn match_surely(&self, selector: &LabelSelector) -> bool {
        let expressions = selector.match_expressions.iter().flatten();
        let mut absent = expressions
            .filter(|it| it.operator == "NotIn" || it.operator == "DoesNotExist")
            .filter(|it| !self.labels.contains_key(&it.key));
        (self.are_all || absent.next().is_none())
            && compile(selector).is_ok_and(|selector| selector.matches(&self.labels))
    }
}

/// Whether baselines of the namespace may hold for an account: none unless the account says so.
fn allows(allowed: Option<&AllowedNamespaces>, namespace: &str, labels: &KnownLabels) -> bool {
    let Some(allowed) = allowed else { return false };
    allowed.names.iter().any(|name| name == namespace)
        || allowed.selector.as_ref().is_some_and(|selector| labels.match_surely(selector))
}

/// Adds the account in each of its regions that is asked for; in all of them if none is. Whether
/// there is any.
fn add_targets(
    desired: &Desired<'_>,
    name: &str,
    account: &AwsAccount,
    owner: &Owner,
    targets: &mut Vec<Target>,
) -> bool {
    let (spec, asked) = (&account.spec, &desired.baseline.spec.regions);
    let mut regions: Vec<&Region> = match desired.account_regions {
        _ if asked.is_empty() => spec.regions.iter().collect(),
        AccountRegions::Declared => spec.regions.iter().filter(|it| asked.contains(it)).collect(),
        AccountRegions::Discovered => {
            asked.iter().filter(|it| Partition::of_region(it) == spec.partition).collect()
        }
    };
    regions.sort_unstable();
    regions.dedup();
    let is_any = !regions.is_empty();
    targets.extend(regions.into_iter().map(|region| Target {
        account: spec.account_id.clone(),
        account_name: name.to_owned(),
        partition: spec.partition,
        region: region.clone(),
        home: spec.home_region() == Some(region),
        owner: owner.clone(),
    }));
    is_any
}
