//! Takes back confirmations of archivals once nothing waits for them: one is for what waits now, and no
//! leave to archive whatever goes next.

use kube::ResourceExt;

use super::inputs::StatusInputs;
use super::job::Job;
use crate::account::{AccountObservation, CONFIRM};
use crate::standing::is_held;
use api::{AwsAccount, BaselineReport, ObjectKey, SecurityBaseline};
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
        let reports = self.reports.of_baseline(key);
        let is_done = |report: &BaselineReport| {
            let status = report.status.as_ref();
            status.is_some_and(|it| it.baseline_generation == Some(plan.generation))
                && !is_held(report)
        };
        let is_awaited = plan.targets.iter().any(|target| {
            let report = reports.iter().find(|it| it.spec.account_id == target.account);
            report.is_none_or(|report| !is_done(report))
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
        let may_wait =
            observed.is_none_or(may_wait) || self.reports.may_be_held(&account.spec.account_id);
        if is_confirmed && !may_wait {
            self.jobs.push(Job::Confirmed(ObjectKey::of(account)));
        }
    }
}

/// Whether archivals may wait in an account: an evaluation that failed says nothing of them.
fn may_wait(observed: &AccountObservation) -> bool {
    observed.failure.is_some() || !observed.held.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_outlives_an_evaluation_that_failed() {
        let well = AccountObservation::default();
        assert!(!may_wait(&well));
        let failure = Some("the account cannot be reached".to_owned());
        assert!(may_wait(&AccountObservation { failure, ..well }));
    }
}
