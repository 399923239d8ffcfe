//! What became of the changes that were to be published, for each baseline.

use std::collections::BTreeMap;

use super::archival::of_baseline;
use super::report::shortened;
use api::{PublicationRecord, PublicationState};
use aws::publish::{PublishError, Published};
use engine::drift::{ArchivalLimit, FindingChange, HeldArchivals};
use engine::plan::{BaselineKey, Plan};
use model::{AccountId, Region};

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
    /// What is said of baselines whose archivals wait for a confirmation.
    held: BTreeMap<BaselineKey, String>,
    /// How many findings of each baseline there was no room for.
    left_out: BTreeMap<BaselineKey, u64>,
}

impl<'p> Publication<'p> {
    pub(super) fn of(
        changes: &'p [FindingChange],
        published: Result<&'p Published, &'p PublishError>,
        closed: BTreeMap<Region, String>,
    ) -> Self {
        let refusals = published.map(|published| refusals(changes, published)).unwrap_or_default();
        Self {
            changes,
            published,
            refusals,
            closed,
            held: BTreeMap::new(),
            left_out: BTreeMap::new(),
        }
    }

    /// The same, where archivals wait for a confirmation.
    pub(super) fn holding(self, held: &HeldArchivals, limit: ArchivalLimit) -> Self {
        let baselines = held.by_baseline.keys();
        let said = baselines.map(|baseline| (baseline.clone(), of_baseline(held, baseline, limit)));
        Self { held: said.collect(), ..self }
    }

    /// The same, and of these plans so many findings found no room.
    pub(super) fn with_left_out(mut self, plans: &[Plan], left_out: &[u64]) -> Self {
        let counts = plans.iter().zip(left_out).filter(|(_, count)| **count > 0);
        self.left_out = counts.map(|(plan, count)| (plan.baseline.clone(), *count)).collect();
        self
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
            _ if !plan.publish.security_hub => (PublicationState::Disabled, None),
            (Err(error), ..) => (PublicationState::Failed, Some(error.to_string())),
            (Ok(_), Some((count, message)), _) => (
                PublicationState::Refused,
                Some(format!("{count} findings were refused: {message}")),
            ),
            (Ok(_), None, Some(why)) => (PublicationState::Failed, Some(why.clone())),
            (Ok(_), None, None) => match self.held.get(&plan.baseline) {
                Some(waiting) => (PublicationState::Held, Some(waiting.clone())),
                None if self.left_out.contains_key(&plan.baseline) => {
                    let count = self.left_out.get(&plan.baseline).copied().unwrap_or_default();
                    (PublicationState::Limited, Some(too_many(count)))
                }
                None => (PublicationState::Published, None),
            },
        };
        let message = message.map(|message| shortened(&message, MAX_MESSAGE));
        PublicationRecord { state, message }
    }

    /// One line in the log for each baseline of which changes were taken, with how many of each
    /// kind, and one for each of which findings were refused. Each change has a line only for
    /// whoever looks for more.
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
            tracing::warn!(%baseline, count, %reason, "findings were refused; they will be sent \
                again");
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

/// Of which findings nobody hears in Security Hub.
fn too_many(left_out: u64) -> String {
    format!(
        "{left_out} findings are not published, because too many of this baseline are open in the \
         account; fix or exempt some, split the baseline, or raise the operator's --max-findings"
    )
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
    use aws::publish::Refused;
    use engine::drift::fixture::{at, findings, plan};

    #[test]
    fn a_refused_finding_is_reported_to_its_baseline_alone() {
        let changes: Vec<FindingChange> = findings(&["a".to_owned(), "b".to_owned()], at(0))
            .into_iter()
            .map(Into::into)
            .map(FindingChange::Opened)
            .collect();
        let refused = Refused { change: 1, message: "too long".to_owned() };
        let published = Published { accepted: 1, refused: vec![refused] };
        let publication = Publication::of(&changes, Ok(&published), BTreeMap::new());
        assert!(!publication.is_whole());
        let plan = plan(&[]);
        let reported = publication.record(&plan);
        assert_eq!(reported.state, PublicationState::Refused);
        assert_eq!(reported.message.as_deref(), Some("1 findings were refused: too long"));
        let mut other = plan.clone();
        other.baseline.name = "other".to_owned();
        assert_eq!(publication.record(&other).state, PublicationState::Published);
    }

    #[test]
    fn a_region_that_takes_no_findings_is_not_called_published() {
        let plan = plan(&[]);
        let here = plan.targets[0].region.clone();
        let closed = BTreeMap::from([(here, "not enabled".to_owned())]);
        let published = Published::default();
        let reported = Publication::of(&[], Ok(&published), closed).record(&plan);
        let failed = (PublicationState::Failed, Some("not enabled"));
        assert_eq!((reported.state, reported.message.as_deref()), failed);
        let elsewhere = BTreeMap::from([("sa-east-1".parse().unwrap(), "no".to_owned())]);
        let publication = Publication::of(&[], Ok(&published), elsewhere);
        assert_eq!(publication.record(&plan).state, PublicationState::Published);
    }

    #[test]
    fn findings_that_found_no_room_are_reported_and_no_failure() {
        let (plan, published) = (plan(&[]), Published::default());
        let publication = Publication::of(&[], Ok(&published), BTreeMap::new());
        let publication = publication.with_left_out(std::slice::from_ref(&plan), &[7]);
        let reported = publication.record(&plan);
        assert_eq!(reported.state, PublicationState::Limited);
        assert!(reported.message.unwrap().starts_with("7 findings are not published"));
        assert!(publication.is_whole(), "trying again would not help");
    }

    #[test]
    fn what_is_not_to_be_published_is_not_called_published() {
        let mut plan = plan(&[]);
        plan.publish.security_hub = false;
        let published = Published::default();
        let publication = Publication::of(&[], Ok(&published), BTreeMap::new());
        assert_eq!(publication.record(&plan).state, PublicationState::Disabled);
    }
}
