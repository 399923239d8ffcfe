//! Takes back confirmations of archivals once nothing waits for them: one is for what waits now, and no
//! leave to archive whatever goes next.

use kube::ResourceExt;

use super::inputs::StatusInputs;
use super::job::Job;
use crate::account::{AccountObservation, CONFIRM};
use api::{AwsAccount, BaselineReport, ObjectKey, PublicationState, SecurityBaseline};
use engine::plan::{BaselineKey, Plan};

impl StatusInputs<'_> {
    /// Takes back the confirmation of a baseline when every account has evaluated it, and none waits.
    pub(super) fn end_confirmation(
        &mut self,
        baseline: &SecurityBaseline,
        key: &BaselineKey,
        plan: &Plan,
    ) {
        if !baseline.annotations().contains_key(CONFIRM) {
            return;
        }
        let reports = self.reports.get(key).map(Vec::as_slice).unwrap_or_default();
        let is_done = |report: &&&BaselineReport| {
            let status = report.status.as_ref();
            status.is_some_and(|it| it.baseline_generation == Some(plan.generation))
                && !is_held(report)
        };
        let is_awaited = plan.targets.iter().any(|target| {
            let report = reports.iter().find(|it| it.spec.account_id == target.account);
            report.as_ref().is_none_or(|report| !is_done(report))
        });
        if !is_awaited {
            self.jobs.push(Job::Confirmed(ObjectKey::of(baseline)));
        }
    }

    /// Takes back the confirmation of an account in which nothing waits.
    pub(super) fn end_confirmation_of_account(
        &mut self,
        account: &AwsAccount,
        observed: Option<&AccountObservation>,
    ) {
        let is_confirmed = account.annotations().contains_key(CONFIRM);
        let waits = observed.is_none_or(|observed| !observed.held.is_empty());
        let id = &account.spec.account_id;
        let mut reports = self.reports.values().flatten().filter(|it| it.spec.account_id == *id);
        if is_confirmed && !waits && !reports.any(|report| is_held(report)) {
            self.jobs.push(Job::Confirmed(ObjectKey::of(account)));
        }
    }
}

fn is_held(report: &BaselineReport) -> bool {
    let publication = report.status.as_ref().and_then(|status| status.publication.as_ref());
    publication.is_some_and(|record| record.state == PublicationState::Held)
}
