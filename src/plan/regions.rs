//! Regions that files name and that are probably not meant: those that AWS is not known to have, and
//! those that none of a baseline's accounts is in.
//!
//! Both are warnings: AWS opens regions more often than Plumbline is upgraded.

use std::collections::BTreeSet;

use crate::api::document::Diagnostic;
use crate::api::{FieldPath, closest};
use crate::plan::{AccountChecks, Objects, Plan};
use crate::resource::{Partition, Region};

/// What whoever is right may do.
const NEWER: &str = "if the region is newer than Plumbline, ignore this warning";

/// A warning for each such region. `plans` are those of the baselines, in the same order.
pub(super) fn doubtful(
    objects: &Objects,
    plans: &[Plan],
    accounts: AccountChecks,
) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for account in &objects.accounts {
        let spec = &account.object.spec;
        for (place, region) in spec.regions.iter().enumerate().filter(|(_, it)| !is_known(it)) {
            let (message, help) = unknown(region, &[spec.partition]);
            warnings.push(account.diagnostic(&at(place), None, message, Some(help)));
        }
    }
    for (baseline, plan) in objects.baselines.iter().zip(plans) {
        let their_own = own_regions(objects, plan);
        for (place, region) in baseline.object.spec.regions.iter().enumerate() {
            let (message, help) = if their_own.contains(region) {
                continue;
            } else if !is_known(region) {
                unknown(region, &Partition::ALL)
            } else if accounts == AccountChecks::Made && !their_own.is_empty() {
                of_no_account(region, &their_own)
            } else {
                continue;
            };
            warnings.push(baseline.diagnostic(&at(place), None, message, Some(help)));
        }
    }
    warnings
}

/// The regions that the accounts of a plan list as theirs.
fn own_regions<'o>(objects: &'o Objects, plan: &Plan) -> BTreeSet<&'o Region> {
    let names: BTreeSet<&str> =
        plan.targets.iter().map(|target| target.account_name.as_str()).collect();
    let selected = objects.accounts.iter().map(|account| &account.object).filter(|account| {
        account.metadata.name.as_deref().is_some_and(|name| names.contains(name))
    });
    selected.flat_map(|account| &account.spec.regions).collect()
}

fn at(place: usize) -> FieldPath {
    FieldPath::spec("regions").index(place)
}

fn is_known(region: &Region) -> bool {
    Partition::of_region(region).known_regions().contains(&region.as_str())
}

fn unknown(region: &Region, partitions: &[Partition]) -> (String, String) {
    // Of several that are equally like it, the last is taken: the first of its numbers is likeliest.
    let names = partitions.iter().flat_map(|partition| partition.known_regions().iter().rev());
    let help = match closest(region.as_str(), names.copied()) {
        Some(name) => format!("did you mean `{name}`? Or, {NEWER}"),
        None => format!("check its name; {NEWER}"),
    };
    (format!("this version of Plumbline does not know an AWS region `{region}`"), help)
}

fn of_no_account(region: &Region, their_own: &BTreeSet<&Region>) -> (String, String) {
    let names: Vec<&str> = their_own.iter().map(|region| region.as_str()).collect();
    let message = format!("none of the baseline's accounts lists the region `{region}`");
    let help = format!(
        "their regions are {}: choose among them, or add it to an AwsAccount",
        names.join(", ")
    );
    (message, help)
}
