//! `Reconciling` and `Stalled`: what tools that wait for objects read.
//!
//! Each is there only while it is true, as kstatus reads them: `Reconciling` where what is missing
//! comes by itself, `Stalled` where nothing changes until somebody changes an object. Whoever waits
//! gives up on what is stalled.
//! <https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md>

use std::time::Duration;

use super::condition::ConditionValue;
use crate::time::{moment, since};
use api::{Condition, ConditionReason, ConditionType, Time};

/// Objects that are applied together arrive within this time.
const TOGETHER: Duration = Duration::from_mins(1);

/// Who brings about what an object lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// It lacks nothing, or only what its author wants it to lack.
    Ready,
    /// The operator: it evaluates, or tries again.
    Operator,
    /// Whoever applies another object, perhaps together with this one.
    OtherObject,
    /// Whoever changes this object.
    Author,
}

impl Outlook {
    /// Whether time alone changes what is reported: another object is still awaited.
    pub(super) fn awaits(self, lacking: &Condition, now: &Time) -> bool {
        self == Self::OtherObject && since(&lacking.last_transition_time, moment(now)) < TOGETHER
    }

    /// The condition to tell beside the one that says what is lacking.
    pub(super) fn condition(
        self,
        lacking: &Condition,
        before: &[Condition],
        now: &Time,
    ) -> Option<Condition> {
        let type_ = match self {
            Self::Ready => return None,
            Self::Operator => ConditionType::Reconciling,
            Self::OtherObject if self.awaits(lacking, now) => ConditionType::Reconciling,
            Self::OtherObject | Self::Author => ConditionType::Stalled,
        };
        let said = ConditionValue::yes(ConditionReason::Pending, lacking.message.clone());
        let condition = said.condition(type_, lacking.observed_generation, before, now);
        Some(Condition { reason: lacking.reason.clone(), ..condition })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_of;
    use engine::drift::fixture::at;

    fn reported(outlook: Outlook, seconds: i64) -> Option<Condition> {
        let lacking =
            ConditionValue::no(ConditionReason::UnknownAccount, "there is no account `payments`");
        let lacking = lacking.condition(ConditionType::Ready, Some(2), &[], &time_of(at(0)));
        outlook.condition(&lacking, &[], &time_of(at(seconds)))
    }

    #[test]
    fn what_comes_by_itself_is_reconciling_and_what_does_not_is_stalled() {
        let type_ = |outlook, seconds| reported(outlook, seconds).map(|it| it.type_);
        assert_eq!(type_(Outlook::Ready, 0), None);
        assert_eq!(type_(Outlook::Operator, 3600).as_deref(), Some("Reconciling"));
        assert_eq!(type_(Outlook::Author, 0).as_deref(), Some("Stalled"));
    }

    #[test]
    fn another_object_is_awaited_for_a_minute() {
        let type_ = |seconds| reported(Outlook::OtherObject, seconds).unwrap().type_;
        assert_eq!([0, 59, 60].map(type_), ["Reconciling", "Reconciling", "Stalled"]);
    }

    #[test]
    fn it_says_what_is_lacking() {
        let condition = reported(Outlook::Author, 0).unwrap();
        assert_eq!((&*condition.status, &*condition.reason), ("True", "UnknownAccount"));
        assert_eq!(condition.message, "there is no account `payments`");
        assert_eq!(condition.observed_generation, Some(2));
    }
}
