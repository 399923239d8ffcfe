//! The status of an `AwsOrganization`: what came of reading it.

use std::time::Duration;

use kube::ResourceExt;

use super::condition::{ConditionValue, join_first};
use super::outlook::Outlook;
use crate::organization::{OrganizationFailure, OrganizationObservation, held_message};
use crate::time::{moment, time_of};
use api::{
    AwsOrganization, AwsOrganizationStatus, ConditionReason, ConditionType, ExceptionReason,
    MemberException, Time,
};
use assess::schedule;
use cel::Timestamp;

/// So many accounts are listed.
const LISTED: usize = 50;
/// So many of them are named in the condition.
const NAMED: usize = 3;
/// When an organization was read moves after so long, or with another change.
const TIMES_MOVE: Duration = Duration::from_hours(1);

/// What is to be reported of an organization.
pub(super) fn of(
    object: &AwsOrganization,
    observed: Option<&OrganizationObservation>,
    now: Timestamp,
) -> AwsOrganizationStatus {
    let generation = object.metadata.generation;
    let before = object.status.as_ref();
    let stood = before.map(|it| it.conditions.as_slice()).unwrap_or_default();
    // What was seen of an earlier spec says nothing of this one.
    let observed =
        observed.filter(|it| it.generation == generation && Some(&it.uid) == object.uid().as_ref());
    let (ready, outlook) = ready(object, observed);
    let time = time_of(now);
    let accepted =
        ConditionValue::yes(ConditionReason::Accepted, "valid; the organization is read");
    let accepted = accepted.condition(ConditionType::Accepted, generation, stood, &time);
    let ready = ready.condition(ConditionType::Ready, generation, stood, &time);
    let progress = outlook.condition(&ready, stood, &time);
    let conditions = [accepted, ready].into_iter().chain(progress).collect();
    let mut status = AwsOrganizationStatus {
        observed_generation: generation,
        conditions,
        ..AwsOrganizationStatus::default()
    };
    if let Some(observed) = observed {
        let exceptions = &observed.exceptions;
        let omitted = exceptions.len().saturating_sub(LISTED);
        status.last_read = observed.read.map(time_of);
        status.accounts = Some(observed.counts);
        status.exceptions = exceptions.iter().take(LISTED).cloned().collect();
        status.omitted_exceptions = (omitted > 0).then_some(omitted as u64);
    } else if let Some(before) = before {
        status.last_read.clone_from(&before.last_read);
        status.accounts = before.accounts;
    }
    keep_time(&mut status, before);
    status
}

/// The time of the last reading moves with another change, or after a while.
fn keep_time(status: &mut AwsOrganizationStatus, before: Option<&AwsOrganizationStatus>) {
    let Some(before) = before else { return };
    let (Some(read), Some(earlier)) = (&status.last_read, &before.last_read) else { return };
    let is_recent = |earlier: &Time| moment(read) < schedule::after(moment(earlier), TIMES_MOVE);
    if is_recent(earlier) {
        let same = AwsOrganizationStatus { last_read: Some(earlier.clone()), ..status.clone() };
        if same == *before {
            *status = same;
        }
    }
}

fn ready(
    object: &AwsOrganization,
    observed: Option<&OrganizationObservation>,
) -> (ConditionValue, Outlook) {
    let Some(observed) = observed else {
        let message = "the organization has not been read yet";
        return (ConditionValue::unknown(ConditionReason::Pending, message), Outlook::Operator);
    };
    if let Some(OrganizationFailure { reason, message }) = &observed.failure {
        let message = format!(
            "{message}; no AwsAccount is created or removed until the organization can be read, \
             will retry"
        );
        return (ConditionValue::no(*reason, message), Outlook::Operator);
    }
    let of_reason = |reason| observed.exceptions.iter().filter(move |it| it.reason == reason);
    let held = of_reason(ExceptionReason::RemovalHeld).count();
    if held > 0 {
        let message = held_message(object, held);
        return (ConditionValue::no(ConditionReason::RemovalHeld, message), Outlook::Author);
    }
    let is_open = |it: &&MemberException| it.reason != ExceptionReason::Removing;
    let open: Vec<&MemberException> = observed.exceptions.iter().filter(is_open).collect();
    let counts = observed.counts;
    if open.is_empty() {
        let message = format!(
            "{} of {} accounts of the organization are selected; each has its AwsAccount",
            counts.selected, counts.listed
        );
        return (ConditionValue::yes(ConditionReason::Synchronized, message), Outlook::Ready);
    }
    let said: Vec<String> =
        open.iter().map(|it| format!("account {}: {}", it.account_id, it.message)).collect();
    let message = format!(
        "{} of {} accounts of the organization are selected; not as declared: {}",
        counts.selected,
        counts.listed,
        join_first(&said, NAMED)
    );
    let by_itself = open
        .iter()
        .all(|it| matches!(it.reason, ExceptionReason::Unknown | ExceptionReason::Refused));
    let outlook = if by_itself { Outlook::Operator } else { Outlook::Author };
    let reason = match open.iter().find(|it| it.reason == ExceptionReason::NameTaken) {
        Some(_) => ConditionReason::NameTaken,
        None => ConditionReason::Incomplete,
    };
    (ConditionValue::no(reason, message), outlook)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::{ConditionStatus, MemberCounts};
    use engine::drift::fixture::at;
    use serde_json::json;

    fn object() -> AwsOrganization {
        serde_json::from_value(json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsOrganization",
            "metadata": { "name": "acme", "uid": "one", "generation": 1 },
            "spec": {
                "organizationId": "o-exampleorgid",
                "accountId": "999988887777",
                "template": {
                    "role": { "name": "plumbline" },
                    "regions": { "names": ["eu-west-1"] },
                    "source": { "configApi": {} },
                },
            },
        }))
        .unwrap()
    }

    fn observed(reasons: &[ExceptionReason]) -> OrganizationObservation {
        let exception = |reason: &ExceptionReason| MemberException {
            account_id: "111122223333".parse().unwrap(),
            object: None,
            reason: *reason,
            message: "why".to_owned(),
        };
        OrganizationObservation {
            uid: "one".to_owned(),
            generation: Some(1),
            failure: None,
            read: Some(at(0)),
            counts: MemberCounts { listed: 3, selected: 2, declared: 2 },
            exceptions: reasons.iter().map(exception).collect(),
        }
    }

    fn reported(observed: Option<&OrganizationObservation>) -> (String, String, Option<String>) {
        let status = of(&object(), observed, at(0));
        let ready = ConditionType::Ready.among(&status.conditions).unwrap().clone();
        let progress = status.conditions.get(2).map(|it| it.type_.clone());
        (ready.status, ready.reason, progress)
    }

    #[test]
    fn ready_says_what_came_of_reading_and_who_puts_it_right() {
        use ExceptionReason::{AlreadyDeclared, NameTaken, RemovalHeld, Removing, Unknown};
        let of = |reasons: &[ExceptionReason]| reported(Some(&observed(reasons)));
        let expected = |status: ConditionStatus, reason: &str, progress: Option<&str>| {
            (status.to_string(), reason.to_owned(), progress.map(str::to_owned))
        };
        let (yes, no) = (ConditionStatus::True, ConditionStatus::False);
        assert_eq!(
            reported(None),
            expected(ConditionStatus::Unknown, "Pending", Some("Reconciling"))
        );
        assert_eq!(of(&[]), expected(yes, "Synchronized", None));
        assert_eq!(of(&[Removing]), expected(yes, "Synchronized", None));
        assert_eq!(of(&[Unknown]), expected(no, "Incomplete", Some("Reconciling")));
        assert_eq!(of(&[AlreadyDeclared]), expected(no, "Incomplete", Some("Stalled")));
        assert_eq!(of(&[Unknown, NameTaken]), expected(no, "NameTaken", Some("Stalled")));
        assert_eq!(of(&[RemovalHeld, NameTaken]), expected(no, "RemovalHeld", Some("Stalled")));
        let failure = OrganizationFailure {
            reason: ConditionReason::Unread,
            message: "TooManyRequestsException".to_owned(),
        };
        let failed = OrganizationObservation { failure: Some(failure), ..observed(&[RemovalHeld]) };
        assert_eq!(reported(Some(&failed)), expected(no, "Unread", Some("Reconciling")));
    }

    #[test]
    fn what_was_seen_of_an_earlier_spec_is_not_reported() {
        let earlier = OrganizationObservation { generation: Some(0), ..observed(&[]) };
        assert_eq!(reported(Some(&earlier)).1, "Pending");
    }

    #[test]
    fn times_alone_move_after_an_hour() {
        let mut object = object();
        object.status = Some(of(&object, Some(&observed(&[])), at(0)));
        let later = |seconds| OrganizationObservation { read: Some(at(seconds)), ..observed(&[]) };
        assert_eq!(Some(of(&object, Some(&later(900)), at(900))), object.status);
        assert_ne!(Some(of(&object, Some(&later(3600)), at(3600))), object.status);
    }
}
