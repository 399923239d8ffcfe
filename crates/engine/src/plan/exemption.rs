//! Exemptions as a plan has them: active by the clock.

use crate::catalog::Catalog;
use crate::plan::accounts::AccountsByName;
use crate::plan::resolve::{account_ids, timestamp};
use crate::plan::{BaselineKey, MatchSubject, Matched, PlannedControl, ResourceMatch, controls};
use crate::problem::{Problem, ProblemKind};
use api::{Exemption, FieldPath, ObjectKey, ResourceSelector};
use cel::Timestamp;
use model::{AccountId, ControlName};

/// The longest time that an exemption may hold.
const MAX_DAYS: i64 = 366;
const SECONDS_A_DAY: i64 = 86_400;

/// A time-limited, approved acceptance of a drift.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedExemption {
    /// Its namespace and name: `platform/legacy-bucket`.
    pub name: String,
    /// The controls of the plan that it names.
    pub controls: Vec<ControlName>,
    /// The accounts; `None` means all.
    pub accounts: Option<Vec<AccountId>>,
    /// The resources: those that any entry matches. `None` means all, regions and accounts too.
    pub resources: Option<Vec<ResourceMatch>>,
    /// From when on it holds.
    pub approved_at: Timestamp,
    /// Until when, that moment not included.
    pub expires_at: Timestamp,
    /// Why the drift is accepted.
    pub reason: String,
    /// Who accepted it.
    pub approved_by: String,
    object: ObjectKey,
}

impl PlannedExemption {
    /// Whether the exemption holds at `now` for this verdict. Of a resource whose tags or ARN nobody
    /// knows it holds for none by them: its drift shows. `subject` is `None` for a verdict on
    /// a region or account, which an exemption of single resources never covers.
    pub fn covers(
        &self,
        control: &ControlName,
        account: &AccountId,
        subject: Option<&MatchSubject<'_>>,
        now: Timestamp,
    ) -> bool {
        self.is_active(now)
            && self.controls.contains(control)
            && self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
            && self.resources.as_ref().is_none_or(|resources| {
                let matches = |subject: &MatchSubject<'_>| {
                    resources.iter().any(|resources| resources.matches(subject) == Matched::Yes)
                };
                subject.is_some_and(matches)
            })
    }

    /// Whether the exemption holds at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.approved_at <= now && now < self.expires_at
    }

    /// Whether tags are looked at.
    pub fn reads_tags(&self) -> bool {
        self.resources.iter().flatten().any(ResourceMatch::reads_tags)
    }

    pub(super) fn problem(&self, kind: ProblemKind) -> Problem {
        Problem { object: self.object.clone(), path: FieldPath::spec("approvedAt"), kind }
    }
}

/// The exemption, unless it holds nowhere.
pub(super) fn plan(
    exemption: &Exemption,
    baseline: &BaselineKey,
    planned: &[PlannedControl],
    accounts: &AccountsByName<'_>,
    catalog: &Catalog,
    problems: &mut Vec<Problem>,
) -> Option<PlannedExemption> {
    let spec = &exemption.spec;
    let object = ObjectKey::of(exemption);
    let mut report = |path: FieldPath, kind: ProblemKind| {
        problems.push(Problem { object: object.clone(), path, kind });
    };
    let (approved_at, expires_at) = (timestamp(&spec.approved_at), timestamp(&spec.expires_at));
    let in_time = check_time(approved_at, expires_at, &mut report);
    let controls = known_controls(&spec.controls, baseline, planned, catalog, &mut report);
    let accounts =
        account_ids(spec.accounts.as_deref(), &baseline.namespace, accounts, &mut report);
    let resources = spec.resources.as_deref().map(|given| selected(given, &mut report));
    let nowhere = resources.as_ref().is_some_and(Vec::is_empty);
    (in_time && !nowhere).then(|| PlannedExemption {
        name: format!("{}/{}", baseline.namespace, object.name),
        controls,
        accounts,
        resources,
        approved_at,
        expires_at,
        reason: spec.reason.clone(),
        approved_by: spec.approved_by.clone(),
        object,
    })
}

/// What the entries select that are right.
fn selected(
    given: &[ResourceSelector],
    report: &mut dyn FnMut(FieldPath, ProblemKind),
) -> Vec<ResourceMatch> {
    let path = FieldPath::spec("resources");
    if given.is_empty() {
        report(path.clone(), ProblemKind::EmptyList { field: "resources" });
    }
    let mut resources = Vec::with_capacity(given.len());
    for (place, selector) in given.iter().enumerate() {
        match ResourceMatch::new(selector) {
            Ok(resource) => resources.push(resource),
            Err(error) => report(path.clone().index(place), error.into()),
        }
    }
    resources
}

fn check_time(
    approved_at: Timestamp,
    expires_at: Timestamp,
    report: &mut dyn FnMut(FieldPath, ProblemKind),
) -> bool {
    let end = FieldPath::spec("expiresAt");
    let seconds = expires_at.seconds.saturating_sub(approved_at.seconds);
    if expires_at <= approved_at {
        report(end, ProblemKind::EndsBeforeItBegins);
        return false;
    }
    let allowed = seconds < MAX_DAYS * SECONDS_A_DAY
        || (seconds == MAX_DAYS * SECONDS_A_DAY
            && expires_at.nanoseconds <= approved_at.nanoseconds);
    if !allowed {
        report(end, ProblemKind::TooLong { days: (seconds + SECONDS_A_DAY - 1) / SECONDS_A_DAY });
    }
    allowed
}

fn known_controls(
    names: &[ControlName],
    baseline: &BaselineKey,
    planned: &[PlannedControl],
    catalog: &Catalog,
    report: &mut dyn FnMut(FieldPath, ProblemKind),
) -> Vec<ControlName> {
    let mut known = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let path = FieldPath::spec("controls").index(place);
        if planned.iter().any(|control| control.control.name == *name) {
            known.push(name.clone());
        } else if catalog.control(name.as_str()).is_none() {
            report(path, controls::unknown_control(name, catalog));
        } else {
            let (name, baseline) = (name.to_string(), baseline.name.clone());
            report(path, ProblemKind::ControlNotInBaseline { name, baseline });
        }
    }
    known
}
