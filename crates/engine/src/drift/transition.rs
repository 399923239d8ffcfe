//! What becomes of one finding, by what was published of it and what is seen now.
//!
//! `CreatedAt` stays for ever, `FirstObservedAt` as long as the drift lasts: one that comes back
//! begins then. `UpdatedAt` always moves on, though the clock may have gone back. What people did to a finding stays, except that a drift which comes back is
//! new again, and that a suppression of Plumbline's own ends with its exemption.
//!
//! Security Hub takes a finding and its workflow in two calls, and a process may end between them.
//! What it leaves contradicts itself: failed and resolved, passed and new, suppressed by an
//! exemption and passed. Every transition therefore looks at the workflow too, and sets right what
//! no pair of calls would have left ([`consistent`]).

use super::change::FindingChange;
use super::finding::{Finding, FindingStatus, Workflow, whole_milliseconds};
use super::heartbeat;
use cel::Timestamp;

/// The subject is not as it should be. `seen` is the finding as if nothing were known.
pub(super) fn failed(
    known: Option<&Finding>,
    seen: Finding,
    exemption: Option<&str>,
    now: Timestamp,
) -> Option<FindingChange> {
    let Some(known) = known else { return Some(first_seen(seen, exemption)) };
    let since = if known.is_open() { known } else { &seen };
    let next = Finding {
        created_at: known.created_at,
        first_observed_at: since.first_observed_at,
        updated_at: after(known, now),
        workflow: workflow(known, exemption),
        exemption: exemption.filter(|_| !suppressed_by_person(known)).map(str::to_owned),
        ..seen
    };
    if !known.is_open() {
        let suppressed = next.exemption.is_some();
        let change = if suppressed { FindingChange::Suppressed } else { FindingChange::Opened };
        return Some(change(next.into()));
    }
    let change = match (known.exemption.as_deref(), next.exemption.as_deref()) {
        (before, Some(name)) if before != Some(name) => FindingChange::Suppressed,
        (Some(_), None) => FindingChange::Unsuppressed,
        _ if known.fingerprint != next.fingerprint => FindingChange::Updated,
        _ if known.workflow != next.workflow => FindingChange::Updated,
        _ => return None,
    };
    Some(change(next.into()))
}

/// Whether nothing becomes of a finding whose subject fails as before, if it says what is seen.
pub(super) fn stands(known: &Finding, exemption: Option<&str>) -> bool {
    let is_exempt_as_before =
        known.exemption.as_deref() == exemption.filter(|_| !suppressed_by_person(known));
    known.is_open() && is_exempt_as_before && known.workflow == workflow(known, exemption)
}

/// The subject is as it should be, or the control does not concern it. `seen` gives the finding as
/// if nothing were known.
pub(super) fn resolved(
    known: &Finding,
    seen: impl FnOnce() -> Option<Finding>,
    now: Timestamp,
) -> Option<FindingChange> {
    if known.archived {
        return corrected(known, now);
    }
    let next = passed(known, seen()?, now);
    if known.is_open() {
        return Some(FindingChange::Resolved(next.into()));
    }
    let is_same = known.fingerprint == next.fingerprint
        && (known.workflow, &known.exemption) == (next.workflow, &next.exemption);
    (!is_same).then(|| FindingChange::Updated(next.into()))
}

/// The subject is as it should be, and the baseline publishes that too.
pub(super) fn compliant(
    known: Option<&Finding>,
    seen: Finding,
    now: Timestamp,
) -> Option<FindingChange> {
    let Some(known) = known else {
        let workflow = Workflow::Resolved;
        let passed = Finding { status: FindingStatus::Passed, workflow, ..seen };
        return Some(FindingChange::Passed(passed.into()));
    };
    if known.archived {
        return Some(FindingChange::Passed(passed(known, seen, now).into()));
    }
    resolved(known, || Some(seen), now)
}

/// The subject is gone, or is no longer checked. What had been resolved goes, too: whoever looks at
/// findings that are active should not see what nobody looks after.
pub(super) fn gone(known: &Finding, now: Timestamp) -> Option<FindingChange> {
    if known.archived {
        return corrected(known, now);
    }
    let (workflow, exemption) = consistent(known);
    let updated_at = after(known, now);
    let gone = Finding { archived: true, workflow, exemption, updated_at, ..known.clone() };
    Some(FindingChange::Archived(gone.into()))
}

/// Nothing new is known of it; `seen` says whether it was seen to fail still.
pub(super) fn unchanged(known: &Finding, seen: bool, now: Timestamp) -> Option<FindingChange> {
    let due = known.is_open() && heartbeat::is_due(&known.id, known.updated_at, now);
    let beat = || {
        let updated_at = after(known, now);
        let last_observed_at = if seen { whole_milliseconds(now) } else { known.last_observed_at };
        let beat = Finding { last_observed_at, updated_at, ..known.clone() };
        FindingChange::Heartbeat(beat.into())
    };
    corrected(known, now).or_else(|| due.then(beat))
}

/// Who publishes it now is another than did, or marks it for the first time.
pub(super) fn marked(known: &Finding, now: Timestamp) -> FindingChange {
    let marked = Finding { updated_at: after(known, now), ..known.clone() };
    FindingChange::Updated(marked.into())
}

/// The finding with the workflow that fits its status, where it has another.
fn corrected(known: &Finding, now: Timestamp) -> Option<FindingChange> {
    let (workflow, exemption) = consistent(known);
    let is_consistent = (known.workflow, &known.exemption) == (workflow, &exemption);
    (!is_consistent).then(|| {
        let updated_at = after(known, now);
        let corrected = Finding { workflow, exemption, updated_at, ..known.clone() };
        FindingChange::Updated(corrected.into())
    })
}

/// Whether a finding has the workflow that fits its status.
pub(super) fn is_consistent(known: &Finding) -> bool {
    consistent(known) == (known.workflow, known.exemption.clone())
}

/// The workflow and the exemption that fit a finding's status. A person's `NOTIFIED` and
/// `SUPPRESSED` fit both.
fn consistent(known: &Finding) -> (Workflow, Option<String>) {
    let exemption = known.exemption.clone();
    match (known.status, known.workflow) {
        (FindingStatus::Failed, Workflow::Resolved) if exemption.is_some() => {
            (Workflow::Suppressed, exemption)
        }
        (FindingStatus::Failed, Workflow::Resolved) => (Workflow::New, None),
        (FindingStatus::Failed, workflow) => (workflow, exemption),
        (FindingStatus::Passed, Workflow::Notified) => (Workflow::Notified, None),
        (FindingStatus::Passed, Workflow::Suppressed) if exemption.is_none() => {
            (Workflow::Suppressed, None)
        }
        (FindingStatus::Passed, _) => (Workflow::Resolved, None),
    }
}

fn first_seen(seen: Finding, exemption: Option<&str>) -> FindingChange {
    let Some(name) = exemption else { return FindingChange::Opened(seen.into()) };
    let (workflow, exemption) = (Workflow::Suppressed, Some(name.to_owned()));
    FindingChange::Suppressed(Finding { workflow, exemption, ..seen }.into())
}

/// The finding of what is as it should be. What it says is `seen` now, not what was wrong.
fn passed(known: &Finding, seen: Finding, now: Timestamp) -> Finding {
    let turns = known.archived || known.status == FindingStatus::Failed;
    let (workflow, exemption) = match consistent(known) {
        (Workflow::Suppressed, None) => (Workflow::Suppressed, None),
        _ if turns => (Workflow::Resolved, None),
        fitting => fitting,
    };
    Finding {
        status: FindingStatus::Passed,
        workflow,
        exemption,
        created_at: known.created_at,
        first_observed_at: known.first_observed_at,
        last_observed_at: known.last_observed_at,
        updated_at: after(known, now),
        ..seen
    }
}

/// A suppression without an exemption's name is a person's, and is never lifted.
fn suppressed_by_person(known: &Finding) -> bool {
    known.workflow == Workflow::Suppressed && known.exemption.is_none()
}

/// The workflow of a finding that fails now.
fn workflow(known: &Finding, exemption: Option<&str>) -> Workflow {
    let lifted = known.workflow == Workflow::Suppressed && known.exemption.is_some();
    match exemption {
        _ if suppressed_by_person(known) => Workflow::Suppressed,
        // A person may have taken it up although it is exempt.
        Some(name) if known.is_open() && known.exemption.as_deref() == Some(name) => {
            consistent(known).0
        }
        Some(_) => Workflow::Suppressed,
        None if known.is_open() && !lifted => consistent(known).0,
        None => Workflow::New,
    }
}

/// Security Hub takes an update only when it is later than what it has.
fn after(known: &Finding, now: Timestamp) -> Timestamp {
    const MILLISECOND: u32 = 1_000_000;
    const SECOND: u32 = 1_000_000_000;
    let before = whole_milliseconds(known.updated_at);
    let nanoseconds = before.nanoseconds + MILLISECOND;
    let next = Timestamp {
        seconds: before.seconds + i64::from(nanoseconds / SECOND),
        nanoseconds: nanoseconds % SECOND,
    };
    whole_milliseconds(now).max(next)
}
