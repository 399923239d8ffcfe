//! Controls that are met by evidence that somebody carried a procedure out.

use super::Finish;
use crate::catalog::CompiledCheck;
use crate::evaluation::result::{EvaluationResult, OwnerTagPlace, Subject};
use crate::plan::{Plan, PlannedAttestation, PlannedControl, Target};
use cel::Timestamp;
use cel::format_timestamp;
use model::{InternalError, InternalPlace, Verdict};

impl Finish<'_, '_> {
    /// Judges each account by the attestations that concern it.
    pub(super) fn attestations(&mut self) {
        let plans = self.evaluation.plans.iter().enumerate();
        for (at, plan) in plans.filter(|(_, plan)| !plan.suspended) {
            for (control, planned) in plan.controls.iter().enumerate() {
                if matches!(planned.control.check, CompiledCheck::Attestation) {
                    for (place, target) in plan.targets.iter().enumerate() {
                        self.attestation(plan, (at, place, control), planned, target);
                    }
                }
            }
        }
    }

    fn attestation(
        &mut self,
        plan: &Plan,
        (at, place, control): (usize, usize, usize),
        planned: &PlannedControl,
        target: &Target,
    ) {
        let Ok(account) = self.reads.account(&target.account) else {
            return self.judge.outcome.internal.add(NO_ACCOUNT);
        };
        self.judge.outcome.completes(at, place, control, true);
        if account.home.get(at) != Some(place) {
            return;
        }
        let now = self.evaluation.now;
        let name = &planned.control.name;
        let lack = lack(plan, planned, target, now);
        let exemption = plan
            .exemptions
            .iter()
            .position(|exemption| exemption.covers(name, &target.account, None, now));
        let result = EvaluationResult {
            plan: at,
            target: place,
            control,
            subject: Subject::Account,
            verdict: if lack.is_none() { Verdict::Compliant } else { Verdict::NonCompliant },
            message: lack.as_deref().unwrap_or_default(),
            explanation: &[],
            exemption: lack.as_ref().and(exemption),
            owner_tag: OwnerTagPlace::NONE,
        };
        self.judge.pass_on(&result, self.results);
    }
}

/// The control stays incomplete in the target, and what is published of it stays.
const NO_ACCOUNT: InternalError =
    InternalError::new(InternalPlace::Outcome, "an attested account has no place");

/// What is wrong with the evidence; nothing where some of it counts now.
fn lack(plan: &Plan, planned: &PlannedControl, target: &Target, now: Timestamp) -> Option<String> {
    let concerns = |it: &&PlannedAttestation| it.concerns(&planned.control.name, &target.account);
    let attestations: Vec<&PlannedAttestation> =
        plan.attestations.iter().filter(concerns).collect();
    if attestations.iter().any(|attestation| attestation.is_valid(now)) {
        return None;
    }
    // The one that would count longest says most.
    let latest = attestations.into_iter().max_by_key(|attestation| attestation.valid_until);
    Some(match latest {
        None => "nobody has attested that this was done".to_owned(),
        Some(PlannedAttestation { name, owner, valid_until, performed_at, .. }) => {
            let (verb, time) = if *performed_at > now {
                ("counts only from", performed_at)
            } else {
                ("expired at", valid_until)
            };
            format!("the attestation {name} of {owner} {verb} {}", format_timestamp(*time))
        }
    })
}
