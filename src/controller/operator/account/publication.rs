//! What became of the changes that were to be published, for each baseline.

use std::collections::BTreeMap;

use super::report::shortened;
use crate::api::PublicationRecord;
use crate::drift::FindingChange;
use crate::plan::{BaselineKey, Plan};
use crate::publish::{PublishError, Published};
use crate::resource::{AccountId, Region};

/// The longest message.
const MAX_MESSAGE: usize = 1024;

/// What was refused of each baseline: how many findings, and why the first.
pub(super) type Refusals = BTreeMap<BaselineKey, (usize, String)>;

/// What was refused, by baseline.
pub(super) fn refusals(changes: &[FindingChange], published: &Published) -> Refusals {
    let mut refusals = Refusals::new();
    for refused in &published.refused {
        let Some(change) = changes.get(refused.change) else { continue };
        let baseline = change.finding().generator.baseline.clone();
        refusals.entry(baseline).or_insert_with(|| (0, refused.message.clone())).0 += 1;
    }
    refusals
}

/// How publishing went for one baseline. `closed` says why a region takes no findings, where one
/// does not: what stands there is not known to be what status says, whatever changed.
pub(super) fn record(
    plan: &Plan,
    published: Result<&Refusals, &PublishError>,
    closed: &BTreeMap<Region, String>,
) -> PublicationRecord {
    let mut regions = plan.targets.iter().map(|target| &target.region);
    let closed = regions.find_map(|region| closed.get(region));
    let (state, message) = match published {
        _ if !plan.publish.security_hub => ("Disabled", None),
        Err(error) => ("Failed", Some(error.to_string())),
        Ok(refusals) => match (refusals.get(&plan.baseline), closed) {
            (Some((count, message)), _) => {
                ("Refused", Some(format!("{count} findings were refused: {message}")))
            }
            (None, Some(why)) => ("Failed", Some(why.clone())),
            (None, None) => ("Published", None),
        },
    };
    let message = message.map(|message| shortened(&message, MAX_MESSAGE));
    PublicationRecord { state: state.to_owned(), message }
}

/// One line in the log for each change, with where it is.
pub(super) fn log<'c>(changes: impl Iterator<Item = &'c FindingChange>, account: &AccountId) {
    for change in changes {
        let finding = change.finding();
        tracing::info!(
            baseline = %finding.generator.baseline,
            target = %format_args!("{account}/{}", finding.region),
            control = %finding.generator.control,
            resource = %finding.resource.id,
            "{}", change.as_str(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::{at, findings, plan};
    use crate::publish::Refused;

    #[test]
    fn a_refused_finding_is_told_to_its_baseline_alone() {
        let changes: Vec<FindingChange> = findings(&["a".to_owned(), "b".to_owned()], at(0))
            .into_iter()
            .map(FindingChange::Opened)
            .collect();
        let refused = Refused { change: 1, message: "too long".to_owned() };
        let refusals = refusals(&changes, &Published { accepted: 1, refused: vec![refused] });
        let plan = plan(&[]);
        let told = record(&plan, Ok(&refusals), &BTreeMap::new());
        assert_eq!(told.state, "Refused");
        assert_eq!(told.message.as_deref(), Some("1 findings were refused: too long"));
        let mut other = plan.clone();
        other.baseline.name = "other".to_owned();
        assert_eq!(record(&other, Ok(&refusals), &BTreeMap::new()).state, "Published");
    }

    #[test]
    fn a_region_that_takes_no_findings_is_not_called_published() {
        let plan = plan(&[]);
        let here = plan.targets[0].region.clone();
        let closed = BTreeMap::from([(here, "not enabled".to_owned())]);
        let told = record(&plan, Ok(&Refusals::new()), &closed);
        assert_eq!((told.state.as_str(), told.message.as_deref()), ("Failed", Some("not enabled")));
        let elsewhere = BTreeMap::from([("sa-east-1".parse().unwrap(), "no".to_owned())]);
        assert_eq!(record(&plan, Ok(&Refusals::new()), &elsewhere).state, "Published");
    }

    #[test]
    fn what_is_not_to_be_published_is_not_called_published() {
        let mut plan = plan(&[]);
        plan.publish.security_hub = false;
        assert_eq!(record(&plan, Ok(&Refusals::new()), &BTreeMap::new()).state, "Disabled");
    }
}
