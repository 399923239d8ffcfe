//! What is left of baselines that nobody evaluates any more.
//!
//! Pure. Who asks names what is to go; whether a baseline still asks for it is not looked at.

use super::change::FindingChange;
use super::id::Installation;
use super::known::KnownFindings;
use super::transition;
use crate::plan::BaselineKey;
use cel::Timestamp;
use model::{AccountId, Region};

/// Which findings of an installation are meant. An empty list means all.
#[derive(Debug, Clone)]
pub struct Leftovers {
    /// The installation.
    pub installation: Installation,
    /// Of these baselines.
    pub baselines: Vec<BaselineKey>,
    /// In these accounts.
    pub accounts: Vec<AccountId>,
    /// In these regions.
    pub regions: Vec<Region>,
}

impl Leftovers {
    /// What archives those that are not archived yet, ordered by the findings' ids.
    #[must_use]
    pub fn archived(&self, known: &KnownFindings, now: Timestamp) -> Vec<FindingChange> {
        let meant = known.iter().filter(|finding| {
            !finding.archived
                && finding.generator.installation == self.installation
                && is_among(&finding.generator.baseline, &self.baselines)
                && is_among(&finding.account, &self.accounts)
                && is_among(&finding.region, &self.regions)
        });
        let mut changes: Vec<FindingChange> =
            meant.filter_map(|finding| transition::gone(finding, now)).collect();
        changes.sort_unstable_by(|one, other| one.finding().id.cmp(&other.finding().id));
        changes
    }
}

fn is_among<T: PartialEq>(value: &T, values: &[T]) -> bool {
    values.is_empty() || values.contains(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::{at, findings};
    use crate::drift::{Finding, FindingStatus};

    fn known() -> KnownFindings {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let mut known = KnownFindings::new();
        for (place, finding) in findings(&names, at(0)).into_iter().enumerate() {
            let region = if place == 0 { "us-east-1" } else { "eu-west-1" };
            let status = if place == 1 { FindingStatus::Passed } else { FindingStatus::Failed };
            let region = region.parse().unwrap();
            known.upsert(Finding { region, status, archived: place == 3, ..finding });
        }
        known
    }

    fn all() -> Leftovers {
        Leftovers {
            installation: Installation::default(),
            baselines: Vec::new(),
            accounts: Vec::new(),
            regions: Vec::new(),
        }
    }

    fn archived(leftovers: &Leftovers) -> Vec<String> {
        let changes = leftovers.archived(&known(), at(60));
        assert!(changes.iter().all(|change| matches!(change, FindingChange::Archived(_))));
        changes.iter().map(|change| change.finding().resource.id.clone()).collect()
    }

    #[test]
    fn all_that_is_not_archived_goes_whether_it_failed_or_passed() {
        assert_eq!(archived(&all()), ["a", "b", "c"]);
    }

    #[test]
    fn only_what_is_named_goes() {
        let region = vec!["us-east-1".parse().unwrap()];
        assert_eq!(archived(&Leftovers { regions: region, ..all() }), ["a"]);
        let account = vec!["999988887777".parse().unwrap()];
        assert_eq!(archived(&Leftovers { accounts: account, ..all() }), [""; 0]);
        let baseline = |name: &str| vec![format!("platform/{name}").parse().unwrap()];
        let of = |name| archived(&Leftovers { baselines: baseline(name), ..all() }).len();
        assert_eq!((of("production"), of("other")), (3, 0));
        let blue = "blue".parse().unwrap();
        assert_eq!(archived(&Leftovers { installation: blue, ..all() }), [""; 0]);
    }
}
