//! Holds back what would archive a great part of the findings at once.
//!
//! Pure. An emptied folder, a cluster that was restored from an old backup, a source that suddenly has
//! nothing: each asks for the archival of all that was found. Such an archival waits until somebody
//! confirms it; the findings stay as they are until then.

use std::collections::BTreeMap;
use std::fmt;

use super::change::FindingChange;
use super::finding::Finding;
use super::known::KnownFindings;
use super::transition;
use crate::plan::BaselineKey;
use cel::Timestamp;
use model::AccountId;

/// How many findings are archived at once without a confirmation: an archival is held back where it is
/// of more than so many findings, and of more than this share of all that are not archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivalLimit {
    /// So many findings.
    pub findings: usize,
    /// So many of a hundred, 0 to 100.
    pub percent: u8,
}

impl Default for ArchivalLimit {
    fn default() -> Self {
        Self { findings: 100, percent: 25 }
    }
}

impl fmt::Display for ArchivalLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "more than {} and more than {} %", self.findings, self.percent)
    }
}

/// What the archival of a finding needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing: somebody deleted the object that asked for it, or has confirmed.
    Given,
    /// A confirmation where too much goes at once.
    WithinLimit,
    /// A confirmation: what asked for it is gone, and nobody was seen to delete it.
    Needed,
}

/// Archivals that wait for a confirmation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldArchivals {
    /// How many findings of each baseline.
    pub by_baseline: BTreeMap<BaselineKey, usize>,
    /// How many findings of each account; nothing of what [`only`](Self::only) leaves.
    pub by_account: BTreeMap<AccountId, usize>,
    /// How many findings were not archived when they were held back.
    pub standing: usize,
}

impl HeldArchivals {
    /// Takes the archivals that are to wait out of `changes`: their findings stay as they are in `known`, and
    /// are kept from being forgotten. `consent` says what the archival of a finding needs.
    pub fn hold(
        changes: &mut Vec<FindingChange>,
        known: &KnownFindings,
        limit: ArchivalLimit,
        now: Timestamp,
        consent: impl Fn(&Finding) -> Consent,
    ) -> Self {
        let standing = known.standing();
        let asked = changes.iter().filter_map(archived);
        let asked: Vec<Consent> = asked.map(&consent).collect();
        let unconfirmed = asked.iter().filter(|consent| **consent != Consent::Given).count();
        let share = standing.saturating_mul(usize::from(limit.percent));
        let is_mass = unconfirmed > limit.findings && unconfirmed.saturating_mul(100) > share;
        let mut held = Self { standing, ..Self::default() };
        let mut asked = asked.into_iter();
        let decided = std::mem::take(changes).into_iter().filter_map(|change| {
            let Some(finding) = archived(&change) else { return Some(change) };
            let waits = match asked.next() {
                Some(Consent::Given) => false,
                Some(Consent::WithinLimit) => is_mass,
                Some(Consent::Needed) | None => true,
            };
            if !waits {
                return Some(change);
            }
            *held.by_baseline.entry(finding.generator.baseline.clone()).or_default() += 1;
            *held.by_account.entry(finding.account.clone()).or_default() += 1;
            transition::unchanged(known.get(finding.id.as_str())?.as_ref(), false, now)
        });
        changes.extend(decided.collect::<Vec<_>>());
        held
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_baseline.is_empty()
    }

    /// How many findings wait.
    #[must_use]
    pub fn total(&self) -> usize {
        self.by_baseline.values().sum()
    }

    /// Those of the baselines for which `keep` holds.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&BaselineKey) -> bool) -> Self {
        let kept = self.by_baseline.iter().filter(|(baseline, _)| keep(baseline));
        let by_baseline = kept.map(|(baseline, count)| (baseline.clone(), *count)).collect();
        Self { by_baseline, standing: self.standing, ..Self::default() }
    }

    /// What waits, in words: `250 of 260 findings (platform/production: 250)`.
    #[must_use]
    pub fn summary(&self) -> String {
        const NAMED: usize = 3;
        let mut named: Vec<String> = self
            .by_baseline
            .iter()
            .take(NAMED)
            .map(|(baseline, count)| format!("{baseline}: {count}"))
            .collect();
        if self.by_baseline.len() > NAMED {
            named.push(format!("{} more baselines", self.by_baseline.len() - NAMED));
        }
        format!("{} of {} findings ({})", self.total(), self.standing, named.join(", "))
    }
}

fn archived(change: &FindingChange) -> Option<&Finding> {
    match change {
        FindingChange::Archived(finding) => Some(finding),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::{at, findings};

    const DAY: i64 = 24 * 60 * 60;

    /// So many findings that stand.
    fn standing(count: usize) -> Vec<Finding> {
        let names: Vec<String> = (0..count).map(|number| format!("bucket-{number}")).collect();
        findings(&names, at(0))
    }

    /// What is left of archivals of some of these findings, and what waits.
    fn held(
        archived: usize,
        standing: &[Finding],
        seconds: i64,
        consent: impl Fn(&Finding) -> Consent,
    ) -> (Vec<&'static str>, HeldArchivals) {
        let mut known = KnownFindings::new();
        standing.iter().cloned().for_each(|finding| known.upsert(finding));
        let archived = standing.iter().take(archived).cloned();
        let mut changes: Vec<FindingChange> =
            archived.map(Into::into).map(FindingChange::Archived).collect();
        let (limit, now) = (ArchivalLimit::default(), at(seconds));
        let held = HeldArchivals::hold(&mut changes, &known, limit, now, consent);
        (changes.iter().map(FindingChange::as_str).collect(), held)
    }

    /// How many of so many archivals wait, of so many findings that stand.
    fn waiting(archived: usize, count: usize, consent: Consent) -> usize {
        let (left, held) = held(archived, &standing(count), 0, |_| consent);
        assert_eq!(held.total() + left.len(), archived, "none is lost");
        assert_eq!(held.by_account.values().sum::<usize>(), held.total());
        held.total()
    }

    #[test]
    fn only_what_is_both_many_and_a_great_part_waits() {
        assert_eq!(waiting(100, 100, Consent::WithinLimit), 0);
        assert_eq!(waiting(101, 101, Consent::WithinLimit), 101);
        assert_eq!(waiting(101, 404, Consent::WithinLimit), 0, "a quarter");
        assert_eq!(waiting(101, 403, Consent::WithinLimit), 101, "more than a quarter");
    }

    #[test]
    fn what_was_asked_for_one_by_one_or_confirmed_never_waits_and_what_nobody_asked_for_does() {
        assert_eq!(waiting(1000, 1000, Consent::Given), 0);
        assert_eq!(waiting(1, 1000, Consent::Needed), 1);
    }

    #[test]
    fn what_was_consented_to_does_not_count_against_the_limit() {
        let is_early = |finding: &Finding| finding.resource.id.len() == "bucket-1".len();
        let (left, held) = held(150, &standing(150), 0, |finding| {
            if is_early(finding) { Consent::Needed } else { Consent::Given }
        });
        assert_eq!((held.total(), left.len()), (10, 140));
        assert_eq!(held.summary(), "10 of 150 findings (platform/production: 10)");
    }

    #[test]
    fn what_waits_for_long_is_kept_from_being_forgotten() {
        let (left, held) = held(101, &standing(101), 31 * DAY, |_| Consent::WithinLimit);
        assert_eq!((held.total(), left), (101, vec!["heartbeat"; 101]));
    }

    #[test]
    fn other_changes_go_on() {
        let finding = standing(1).remove(0);
        let mut changes = vec![
            FindingChange::Archived(finding.clone().into()),
            FindingChange::Opened(finding.into()),
        ];
        let (known, limit) = (KnownFindings::new(), ArchivalLimit::default());
        HeldArchivals::hold(&mut changes, &known, limit, at(0), |_| Consent::Needed);
        let left: Vec<&str> = changes.iter().map(FindingChange::as_str).collect();
        assert_eq!(left, ["opened"]);
    }
}
