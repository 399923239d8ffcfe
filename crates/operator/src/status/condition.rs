//! Conditions: what holds, why, and what to do about it.

use super::super::account::shortened;
use super::super::events::Notice;
use api::{Condition, ConditionReason, ConditionStatus, ConditionType, EventReason, Time};

/// The longest message.
const MAX_MESSAGE: usize = 2048;

/// What a condition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConditionValue {
    pub(super) status: ConditionStatus,
    pub(super) reason: ConditionReason,
    pub(super) message: String,
}

impl ConditionValue {
    pub(super) fn yes(reason: ConditionReason, message: impl Into<String>) -> Self {
        Self { status: ConditionStatus::True, reason, message: message.into() }
    }

    pub(super) fn no(reason: ConditionReason, message: impl Into<String>) -> Self {
        Self { status: ConditionStatus::False, reason, message: message.into() }
    }

    pub(super) fn unknown(reason: ConditionReason, message: impl Into<String>) -> Self {
        Self { status: ConditionStatus::Unknown, reason, message: message.into() }
    }

    /// The condition of that type. It keeps the time of its last transition while its status does.
    pub(super) fn condition(
        self,
        type_: ConditionType,
        generation: Option<i64>,
        before: &[Condition],
        now: &Time,
    ) -> Condition {
        let before = type_.among(before).filter(|it| it.status == self.status.as_str());
        Condition {
            type_: type_.to_string(),
            status: self.status.to_string(),
            reason: self.reason.to_string(),
            message: shortened(&self.message, MAX_MESSAGE),
            observed_generation: generation,
            last_transition_time: before.map_or(now, |it| &it.last_transition_time).clone(),
        }
    }
}

/// What an event is to report: that an object is refused now, and was not for the same reason
/// before.
pub(super) fn refusal(before: &[Condition], now: &[Condition]) -> Option<Notice> {
    let refused = |all: &[Condition]| {
        let accepted = ConditionType::Accepted.among(all)?;
        let is_refused = ConditionStatus::of_condition(accepted) == ConditionStatus::False;
        is_refused.then(|| (accepted.reason.clone(), accepted.message.clone()))
    };
    let (reason, message) = refused(now)?;
    if refused(before) == Some((reason.clone(), message.clone())) {
        return None;
    }
    Some(Notice::new(EventReason::NotAccepted, format!("{reason}: {message}")))
}

/// The first few of many things to say, and how many were left out.
pub(super) fn join_first(all: &[String], most: usize) -> String {
    let mut said = all.iter().take(most).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > most {
        said = format!("{said}; and {} more", all.len() - most);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_of;
    use engine::drift::fixture::at;

    #[test]
    fn the_time_of_transition_stays_while_the_status_does() {
        let (then, now) = (time_of(at(0)), time_of(at(60)));
        let before = [ConditionValue::no(ConditionReason::Drift, "1 resource").condition(
            ConditionType::Compliant,
            Some(1),
            &[],
            &then,
        )];
        let same = ConditionValue::no(ConditionReason::Drift, "2 resources").condition(
            ConditionType::Compliant,
            Some(1),
            &before,
            &now,
        );
        assert_eq!(same.last_transition_time, then);
        let other = ConditionValue::yes(ConditionReason::Compliant, "").condition(
            ConditionType::Compliant,
            Some(1),
            &before,
            &now,
        );
        assert_eq!(other.last_transition_time, now);
    }

    #[test]
    fn a_refusal_is_reported_once_for_each_reason() {
        let now = time_of(at(0));
        let accepted = [ConditionValue::yes(ConditionReason::Accepted, "").condition(
            ConditionType::Accepted,
            Some(1),
            &[],
            &now,
        )];
        let wrong = |message: &str| {
            [ConditionValue::no(ConditionReason::UnknownControl, message).condition(
                ConditionType::Accepted,
                Some(2),
                &accepted,
                &now,
            )]
        };
        let notice = refusal(&accepted, &wrong("a")).unwrap();
        assert_eq!((notice.reason, notice.reason.is_warning()), (EventReason::NotAccepted, true));
        assert_eq!(notice.note, "UnknownControl: a");
        assert_eq!(refusal(&wrong("a"), &wrong("a")), None);
        assert!(refusal(&wrong("a"), &wrong("b")).is_some());
        assert_eq!(refusal(&wrong("a"), &accepted), None);
    }

    #[test]
    fn many_things_are_reported_in_few_words() {
        let all: Vec<String> = (1..=5).map(|number| number.to_string()).collect();
        assert_eq!(join_first(&all, 3), "1; 2; 3; and 2 more");
        assert_eq!(join_first(&all, 5), "1; 2; 3; 4; 5");
    }
}
