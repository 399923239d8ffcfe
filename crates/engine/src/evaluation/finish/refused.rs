//! Controls that cannot be run: all that they would have said is unknown.
//!
//! One verdict for each control and target. Nothing counts as read for them, so that nothing that
//! is published of them is resolved or archived.

use super::Finish;
use crate::evaluation::result::{EvaluationResult, OwnerTagPlace, Subject};
use crate::plan::PlannedControl;
use model::{ResourceType, UnknownReason, Verdict};

impl Finish<'_, '_> {
    /// Says of each refused control and target that nothing can be said, and why.
    pub(super) fn refused(&mut self) {
        let plans = self.evaluation.plans.iter().enumerate();
        for (at, plan) in plans.filter(|(_, plan)| !plan.suspended) {
            for (control, planned) in plan.controls.iter().enumerate() {
                let Some(why) = planned.control.refusal() else { continue };
                let message = format!("control {} is not evaluated: {why}", planned.control.name);
                for target in 0..plan.targets.len() {
                    let result = EvaluationResult {
                        plan: at,
                        target,
                        control,
                        subject: Subject::Unread { resource_type: resource_type(planned) },
                        verdict: Verdict::Unknown(UnknownReason::InvalidControl),
                        message: &message,
                        explanation: &[],
                        exemption: None,
                        owner_tag: OwnerTagPlace::NONE,
                    };
                    self.judge.pass_on(&result, self.results);
                }
            }
        }
    }
}

/// What the control would have looked at, as far as that is known.
fn resource_type(planned: &PlannedControl) -> &str {
    let expression = planned.control.spec.check.expression.as_ref();
    let types = expression.map(|check| check.resource_types.as_slice()).unwrap_or_default();
    types.first().map_or("Account", ResourceType::as_str)
}
