//! Evaluates again only the accounts of which something changed, and of those that are read live only what changed
//! ([`super::live`]).
//!
//! What came of an account counts on as long as nothing that it was made from is another: the files of
//! its source, what the plans say of it, and time, where that turns a verdict or an interval has
//! passed. What was not read whole or met a failure of our own is evaluated every time. So is an account
//! of which a finding is published that was not known then: whether its resource is as it should be was
//! not kept.
//!
//! Only verdicts that are not compliant are kept, those of resources with a finding, and counts. The
//! comparison with what is published sees them in every round, as it sees those of a whole evaluation.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use super::batch::Batch;
use super::interest::Interest;
use super::live::{LiveRetained, live_of};
use super::part::{EarlierResults, OpenedSources, PartResults, RoundPart};
use super::{Gathering, Round, RoundReport, View, examine};
use crate::schedule;
use crate::sources::{AccountInput, SnapshotInput, SourceInput, SourceReport};
use aws::source::SnapshotState;
use aws::source::aws_config::LiveRead;
use cel::Timestamp;
use engine::drift::{Drift, FindingChange, FindingId, KnownFindings, Summaries};
use engine::evaluation::Outcome;
use engine::plan::Plan;
use model::AccountId;

/// What came of the accounts in earlier rounds.
#[derive(Debug)]
pub struct Retained {
    parts: BTreeMap<BTreeSet<AccountId>, RetainedPart>,
    /// The time as file systems have it.
    now_of_files: fn() -> SystemTime,
}

impl Default for Retained {
    fn default() -> Self {
        Self::with_time_of_files(SystemTime::now)
    }
}

/// What came of some accounts, and what it was made from.
#[derive(Debug)]
struct RetainedPart {
    plans: Vec<Plan>,
    /// The findings whose resources' verdicts are among the results.
    findings: HashSet<FindingId>,
    of: RetainedSource,
}

/// The same, by where the items came from.
#[derive(Debug)]
enum RetainedSource {
    Files(Box<FilesRetained>),
    Live(Box<LiveRetained>),
}

/// What came of accounts that are read from snapshots.
#[derive(Debug)]
struct FilesRetained {
    sources: Vec<PlainSource>,
    /// What their files were; nothing where nobody can say whether they change.
    states: Option<Vec<SnapshotState>>,
    evaluated_at: Timestamp,
    /// When to evaluate again though nothing changes.
    due: Option<Timestamp>,
    results: Batch,
    outcome: Outcome,
    reports: Vec<SourceReport>,
}

/// A snapshot, and what is taken from it.
#[derive(Debug)]
struct PlainSource {
    path: PathBuf,
    accounts: BTreeMap<AccountId, AccountInput>,
    /// What keeps its snapshots from arriving, which its report says.
    troubles: Vec<String>,
}

impl Retained {
    /// Nothing yet. `now` is the time as file systems have it: a file that changed within the last
    /// moments may change again without that being seen.
    #[must_use]
    pub const fn with_time_of_files(now: fn() -> SystemTime) -> Self {
        Self { parts: BTreeMap::new(), now_of_files: now }
    }

    /// When to evaluate some account again though nothing changes.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let files = self.parts.values().filter_map(RetainedPart::files);
        files.filter_map(|files| files.due).min() // what is read live is read at each interval
    }

    /// Of what is published now it is known whether it is as it should be.
    fn will_know(&mut self, drift: &Drift) {
        let mut findings: BTreeMap<&AccountId, Vec<&FindingId>> = BTreeMap::new();
        for finding in drift.changes.iter().map(FindingChange::finding) {
            findings.entry(&finding.account).or_default().push(&finding.id);
        }
        for (accounts, part) in &mut self.parts {
            let of_part = accounts.iter().filter_map(|account| findings.get(account)).flatten();
            part.findings.extend(of_part.copied().cloned());
        }
    }

    /// Forgets what a finding is published of that was not known then.
    fn forget_unknown(&mut self, known: &KnownFindings) {
        let mut findings: BTreeMap<&AccountId, &HashSet<FindingId>> = BTreeMap::new();
        for (accounts, part) in &self.parts {
            findings.extend(accounts.iter().map(|account| (account, &part.findings)));
        }
        let is_unknown = |account: &AccountId, id: &FindingId| {
            findings.get(account).is_some_and(|findings| !findings.contains(id))
        };
        let unknown = known.iter().filter(|finding| is_unknown(&finding.account, &finding.id));
        let unknown: BTreeSet<AccountId> = unknown.map(|finding| finding.account.clone()).collect();
        self.parts.retain(|accounts, _| accounts.is_disjoint(&unknown));
    }
}

impl RetainedPart {
    /// `before` are the findings of an earlier round, where nothing was forgotten since.
    fn new(
        part: &RoundPart,
        round: &Round<'_>,
        (of, before): (RetainedSource, HashSet<FindingId>),
    ) -> Self {
        let known = || {
            let known = round.known.into_iter().flat_map(KnownFindings::iter);
            known.filter(|finding| part.accounts.contains(&finding.account))
        };
        // All that are known are among those before, or the part would have been forgotten.
        let findings = if before.len() == known().count() {
            before
        } else {
            known().map(|finding| finding.id.clone()).collect()
        };
        Self { plans: part.plans.clone(), findings, of }
    }

    /// Whether an evaluation of files would come to the same.
    fn holds(&self, opened: &OpenedSources, now: Timestamp) -> bool {
        self.files().is_some_and(|files| files.holds(opened, now))
    }

    fn files(&self) -> Option<&FilesRetained> {
        match &self.of {
            RetainedSource::Files(files) => Some(files),
            RetainedSource::Live(_) => None,
        }
    }

    /// What came of an account that is read live, and its findings.
    fn into_live(self) -> (Option<LiveRetained>, HashSet<FindingId>) {
        match self.of {
            RetainedSource::Live(live) => (Some(*live), self.findings),
            RetainedSource::Files(_) => (None, self.findings),
        }
    }
}

impl FilesRetained {
    /// Evaluates a part.
    fn evaluate(
        part: &RoundPart,
        opened: OpenedSources,
        round: &Round<'_>,
        (gathering, view): (&mut Gathering<'_>, &mut View<'_>),
    ) -> Self {
        let OpenedSources { inputs, states } = opened;
        let of_part = Round { plans: &part.plans, sources: &inputs, ..*round };
        let interest = &Interest::of(&of_part, view.filter);
        let (examples, kept) = (Summaries::new(&part.plans, round.now), Batch::default());
        let shown = &mut *view.results;
        let mut results = PartResults { part, gathering, shown, interest, examples, kept };
        let (outcome, reports) = examine(&of_part, interest, view.progress, &mut results);
        let results = results.kept;
        let stale_at = schedule::stale_at(&inputs, &reports);
        Self {
            evaluated_at: round.now,
            due: schedule::next(&part.plans, stale_at, round.now),
            sources: inputs.into_iter().filter_map(PlainSource::of).collect(),
            states,
            results,
            outcome,
            reports,
        }
    }

    /// Whether an evaluation of the part would come to the same.
    fn holds(&self, opened: &OpenedSources, now: Timestamp) -> bool {
        let is_time = now < self.evaluated_at || self.due.is_some_and(|due| due <= now);
        !is_time
            && self.states.is_some()
            && self.states == opened.states
            && self.sources.len() == opened.inputs.len()
            && self.sources.iter().zip(&opened.inputs).all(|(source, input)| source.is(input))
    }

    /// Whether what came of the part may count again.
    fn lasts(&self) -> bool {
        self.states.is_some()
            && self.outcome.internal.is_empty()
            && self.reports.iter().all(SourceReport::is_whole)
    }
}

impl PlainSource {
    fn of(source: SourceInput) -> Option<Self> {
        match source {
            SourceInput::Snapshot(source) => {
                let troubles = source.troubles().cloned().collect();
                let SnapshotInput { path, accounts, .. } = source;
                Some(Self { path, accounts, troubles })
            }
            SourceInput::Live(_) => None,
        }
    }

    fn is(&self, source: &SourceInput) -> bool {
        match source {
            SourceInput::Snapshot(source) => {
                source.path == self.path
                    && source.accounts == self.accounts
                    && source.troubles().eq(&self.troubles)
            }
            SourceInput::Live(_) => false,
        }
    }
}

/// Does one round as [`evaluate`](super::evaluate) does, and takes over what `retained` has of the
/// accounts of which nothing changed. Of these nothing is shown.
///
/// A control that asks for the time is evaluated again when the interval has passed, as it is where
/// nothing changes at all. Of the round's limits, that of steps holds for each source.
pub fn evaluate_changed(round: &Round<'_>, retained: &mut Retained, view: View<'_>) -> RoundReport {
    let started = Instant::now();
    if let Some(known) = round.known {
        retained.forget_unknown(known);
    }
    let mut before = std::mem::take(&mut retained.parts);
    let mut underway = Underway::new(round, view);
    for part in RoundPart::all(round) {
        let opened = part.open(round, retained.now_of_files);
        let earlier = before.remove(&part.accounts).filter(|it| it.plans == part.plans);
        let of_part = if let Some(read) = live_of(&opened.inputs) {
            underway.live((&part, &opened), read, earlier)
        } else {
            underway.files(&part, opened, earlier)
        };
        retained.parts.extend(of_part.map(|of_part| (part.accounts, of_part)));
    }
    let Underway { gathering, outcome, reports, kept, updated, .. } = underway;
    let drift = gathering.finish(&outcome);
    if !drift.internal.is_empty() {
        retained.parts.clear();
    }
    retained.will_know(&drift);
    let (sources, took) = (reports.into_values().collect(), started.elapsed());
    RoundReport { outcome, drift, sources, kept, updated, took }.logged()
}

/// A round of which some parts are evaluated.
struct Underway<'u, 'v> {
    round: &'u Round<'u>,
    view: View<'v>,
    gathering: Gathering<'u>,
    outcome: Outcome,
    /// By the places of sources.
    reports: BTreeMap<usize, SourceReport>,
    kept: BTreeMap<AccountId, Timestamp>,
    updated: BTreeSet<AccountId>,
}

impl<'u, 'v> Underway<'u, 'v> {
    fn new(round: &'u Round<'u>, view: View<'v>) -> Self {
        Self {
            round,
            view,
            gathering: Gathering::of(round),
            outcome: Outcome::of(round.plans),
            reports: BTreeMap::new(),
            kept: BTreeMap::new(),
            updated: BTreeSet::new(),
        }
    }

    /// Evaluates what changed of an account that is read live, or all of it. Gives what a later round may go on from.
    fn live(
        &mut self,
        of_part: (&RoundPart, &OpenedSources),
        read: &LiveRead,
        earlier: Option<RetainedPart>,
    ) -> Option<RetainedPart> {
        let Self { round, view, gathering, .. } = self;
        let (earlier, findings) = earlier.map(RetainedPart::into_live).unwrap_or_default();
        let changed = earlier.and_then(|it| it.update(of_part, read, round, (gathering, view)));
        if changed.is_some() {
            self.updated.insert(read.account.clone());
        }
        let came =
            changed.unwrap_or_else(|| LiveRetained::whole(of_part, read, round, (gathering, view)));
        let (part, _) = of_part;
        part.add(&came.outcome, &mut self.outcome);
        self.reports.extend(part.sources.iter().map(|at| (*at, came.report.clone())));
        let live = RetainedSource::Live(Box::new(came.retained?));
        Some(RetainedPart::new(part, round, (live, findings)))
    }

    /// Evaluates accounts that are read from files, unless that would come to the same as before.
    fn files(
        &mut self,
        part: &RoundPart,
        opened: OpenedSources,
        earlier: Option<RetainedPart>,
    ) -> Option<RetainedPart> {
        let Self { round, view, gathering, .. } = self;
        let held = earlier.filter(|it| it.holds(&opened, round.now));
        let is_held = held.is_some();
        let of_part = held.unwrap_or_else(|| {
            let files = FilesRetained::evaluate(part, opened, round, (gathering, view));
            let files = RetainedSource::Files(Box::new(files));
            RetainedPart::new(part, round, (files, HashSet::new()))
        });
        let files = of_part.files()?;
        if is_held {
            files.results.deliver(&mut EarlierResults { part, gathering });
            self.kept.extend(part.accounts.iter().map(|it| (it.clone(), files.evaluated_at)));
        }
        part.add(&files.outcome, &mut self.outcome);
        self.reports.extend(part.sources.iter().copied().zip(files.reports.iter().cloned()));
        files.lasts().then_some(())?;
        Some(of_part)
    }
}
