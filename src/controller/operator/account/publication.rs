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
type Refusals = BTreeMap<BaselineKey, (usize, String)>;

/// What became of the changes that an evaluation asked for.
pub(super) struct Publication<'p> {
    changes: &'p [FindingChange],
    pub(super) published: Result<&'p Published, &'p PublishError>,
    refusals: Refusals,
    /// Why a region takes no findings, where one does not: what stands there is not known to be
    /// what status says, whatever changed.
    closed: BTreeMap<Region, String>,
}

impl<'p> Publication<'p> {
    pub(super) fn of(
        changes: &'p [FindingChange],
        published: Result<&'p Published, &'p PublishError>,
        closed: BTreeMap<Region, String>,
    ) -> Self {
        let refusals = published.map(|published| refusals(changes, published)).unwrap_or_default();
        Self { changes, published, refusals, closed }
    }

    /// Whether all was taken.
    pub(super) fn is_whole(&self) -> bool {
        self.published.is_ok() && self.refusals.is_empty() && self.closed.is_empty()
    }

    /// The changes that were taken.
    pub(super) fn taken(&self) -> impl Iterator<Item = &'p FindingChange> {
        let changes = self.changes;
        self.published.into_iter().flat_map(move |published| published.taken(changes))
    }

    /// How publishing went for one baseline.
    pub(super) fn record(&self, plan: &Plan) -> PublicationRecord {
        let mut regions = plan.targets.iter().map(|target| &target.region);
        let closed = regions.find_map(|region| self.closed.get(region));
        let (state, message) = match (self.published, self.refusals.get(&plan.baseline), closed) {
            _ if !plan.publish.security_hub => ("Disabled", None),
            (Err(error), ..) => ("Failed", Some(error.to_string())),
            (Ok(_), Some((count, message)), _) => {
                ("Refused", Some(format!("{count} findings were refused: {message}")))
            }
            (Ok(_), None, Some(why)) => ("Failed", Some(why.clone())),
            (Ok(_), None, None) => ("Published", None),
        };
        let message = message.map(|message| shortened(&message, MAX_MESSAGE));
        PublicationRecord { state: state.to_owned(), message }
    }

    /// One line in the log for each baseline of which changes were taken, with how many of each
    /// kind, and one for each of which findings were refused. Each change has a line only for whoever
    /// looks for more.
    pub(super) fn log(&self, account: &AccountId) {
        let mut taken: BTreeMap<&BaselineKey, BTreeMap<&str, usize>> = BTreeMap::new();
        for change in self.taken() {
            let kinds = taken.entry(&change.finding().generator.baseline).or_default();
            *kinds.entry(change.as_str()).or_default() += 1;
        }
        for (baseline, kinds) in taken {
            let counts: Vec<String> =
                kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            tracing::info!(%baseline, %account, findings = %counts.join(", "), "published");
        }
        for (baseline, (count, reason)) in &self.refusals {
            tracing::warn!(%baseline, count, %reason, "findings were refused; they are sent again");
        }
        for change in self.taken() {
            let finding = change.finding();
            tracing::debug!(
                baseline = %finding.generator.baseline,
                target = %format_args!("{account}/{}", finding.region),
                control = %finding.generator.control,
                resource = %finding.resource.id,
                "{}", change.as_str(),
            );
        }
    }
}

fn refusals(changes: &[FindingChange], published: &Published) -> Refusals {
    let mut refusals = Refusals::new();
    for refused in &published.refused {
        let Some(change) = changes.get(refused.change) else { continue };
        let baseline = change.finding().generator.baseline.clone();
        refusals.entry(baseline).or_insert_with(|| (0, refused.message.clone())).0 += 1;
    }
    refusals
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
        let published = Published { accepted: 1, refused: vec![refused] };
        let publication = Publication::of(&changes, Ok(&published), BTreeMap::new());
        assert!(!publication.is_whole());
        let plan = plan(&[]);
        let told = publication.record(&plan);
        assert_eq!(told.state, "Refused");
        assert_eq!(told.message.as_deref(), Some("1 findings were refused: too long"));
        let mut other = plan.clone();
        other.baseline.name = "other".to_owned();
        assert_eq!(publication.record(&other).state, "Published");
    }

    #[test]
    fn a_region_that_takes_no_findings_is_not_called_published() {
        let plan = plan(&[]);
        let here = plan.targets[0].region.clone();
        let closed = BTreeMap::from([(here, "not enabled".to_owned())]);
        let published = Published::default();
        let told = Publication::of(&[], Ok(&published), closed).record(&plan);
        assert_eq!((told.state.as_str(), told.message.as_deref()), ("Failed", Some("not enabled")));
        let elsewhere = BTreeMap::from([("sa-east-1".parse().unwrap(), "no".to_owned())]);
        let publication = Publication::of(&[], Ok(&published), elsewhere);
        assert_eq!(publication.record(&plan).state, "Published");
    }

    #[test]
    fn what_is_not_to_be_published_is_not_called_published() {
        let mut plan = plan(&[]);
        plan.publish.security_hub = false;
        let published = Published::default();
        let publication = Publication::of(&[], Ok(&published), BTreeMap::new());
        assert_eq!(publication.record(&plan).state, "Disabled");
    }
}
