//! Regions that files name and that AWS is not known to have.
//!
//! A warning only: AWS opens regions more often than Plumbline is upgraded.

use crate::plan::{AccountChecks, Plan};
use api::{FieldPath, closest};
use manifest::Objects;
use manifest::document::Diagnostic;
use model::{Partition, Region};

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
        let regions = baseline.object.spec.regions.iter().enumerate();
        for (place, region) in regions.filter(|(_, it)| !is_known(it)) {
            // Where the accounts are known, the mistake is reported by the plan, or the account's warning.
            if accounts == AccountChecks::Made && !plan.targets.is_empty() {
                continue;
            }
            let (message, help) = unknown(region, &Partition::ALL);
            warnings.push(baseline.diagnostic(&at(place), None, message, Some(help)));
        }
    }
    warnings
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
