//! Conditions: what holds, why, and what to do about it.

use super::super::account::shortened;
use super::super::events::Notice;
use crate::api::{Condition, Time};

/// The longest message.
const MAX_MESSAGE: usize = 2048;

/// What a condition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) status: Holds,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    True,
    False,
    Unknown,
}

impl Said {
    pub(super) fn yes(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: Holds::True, reason, message: message.into() }
    }

    pub(super) fn no(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: Holds::False, reason, message: message.into() }
    }

    pub(super) fn unknown(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: Holds::Unknown, reason, message: message.into() }
    }

    /// The condition of that type. It keeps the time of its last transition while its status does.
    pub(super) fn condition(
        self,
        type_: &str,
        generation: Option<i64>,
        before: &[Condition],
        now: &Time,
    ) -> Condition {
        let status = match self.status {
            Holds::True => "True",
            Holds::False => "False",
            Holds::Unknown => "Unknown",
        };
        let before = before.iter().find(|it| it.type_ == type_ && it.status == status);
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: self.reason.to_owned(),
            message: shortened(&self.message, MAX_MESSAGE),
            observed_generation: generation,
            last_transition_time: before.map_or(now, |it| &it.last_transition_time).clone(),
        }
    }
}

/// What is to be told by an event: that an object is refused now, and was not for the same reason
/// before.
pub(super) fn refusal(before: &[Condition], now: &[Condition]) -> Option<Notice> {
    let refused = |all: &[Condition]| {
        let mut accepted = all.iter().filter(|it| it.type_ == "Accepted" && it.status == "False");
        accepted.next().map(|it| (it.reason.clone(), it.message.clone()))
    };
    let (reason, message) = refused(now)?;
    if refused(before) == Some((reason.clone(), message.clone())) {
        return None;
    }
    Some(Notice::warning("NotAccepted", format!("{reason}: {message}")))
}

/// The first few of many things to say, and how many were left out.
pub(super) fn few(all: &[String], most: usize) -> String {
    let mut said = all.iter().take(most).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > most {
        said = format!("{said}; and {} more", all.len() - most);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::operator::time::time_of;
    use crate::drift::fixture::at;

    #[test]
    fn the_time_of_transition_stays_while_the_status_does() {
        let (then, now) = (time_of(at(0)), time_of(at(60)));
        let before = [Said::no("Drift", "1 resource").condition("Compliant", Some(1), &[], &then)];
        let same = Said::no("Drift", "2 resources").condition("Compliant", Some(1), &before, &now);
        assert_eq!(same.last_transition_time, then);
        let other = Said::yes("Compliant", "").condition("Compliant", Some(1), &before, &now);
        assert_eq!(other.last_transition_time, now);
    }

    #[test]
    fn a_refusal_is_told_once_for_each_reason() {
        let now = time_of(at(0));
        let accepted = [Said::yes("Accepted", "").condition("Accepted", Some(1), &[], &now)];
        let wrong = |message: &str| {
            [Said::no("UnknownControl", message).condition("Accepted", Some(2), &accepted, &now)]
        };
        let notice = refusal(&accepted, &wrong("a")).unwrap();
        assert_eq!((notice.reason, notice.warning), ("NotAccepted", true));
        assert_eq!(notice.note, "UnknownControl: a");
        assert_eq!(refusal(&wrong("a"), &wrong("a")), None);
        assert!(refusal(&wrong("a"), &wrong("b")).is_some());
        assert_eq!(refusal(&wrong("a"), &accepted), None);
    }

    #[test]
    fn many_things_are_told_in_few_words() {
        let all: Vec<String> = (1..=5).map(|number| number.to_string()).collect();
        assert_eq!(few(&all, 3), "1; 2; 3; and 2 more");
        assert_eq!(few(&all, 5), "1; 2; 3; 4; 5");
    }
}
