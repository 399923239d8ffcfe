//! What goes wrong with an account, as people hear of it: once for as long as it does.

use super::archival::of_account;
use super::observations::{AccountObservation, Credentials, RecorderState};
use crate::events::Notice;
use api::EventReason;
use assess::QueueState;
use aws::publish::{PlaceState, PublishError, Published};

/// What goes wrong now.
pub(super) fn troubles(
    account: &str,
    observed: &AccountObservation,
    published: Result<&Published, &PublishError>,
) -> Vec<Notice> {
    let stopped = observed.recorders.iter().filter(|(_, state)| **state == RecorderState::Stopped);
    let stopped: Vec<&str> = stopped.map(|(region, _)| region.as_str()).collect();
    let stopped = (!stopped.is_empty()).then(|| {
        let note = format!("the configuration recorder is off in {}", stopped.join(", "));
        Notice::new(EventReason::RecorderStopped, note)
    });
    let missing = observed.recorders.values().find_map(RecorderState::missing);
    let missing = missing.map(|note| Notice::new(EventReason::RecorderMissing, note.to_owned()));
    let unreadable =
        observed.unreadable.clone().map(|note| Notice::new(EventReason::SourceUnreadable, note));
    // Where Security Hub is off, or cannot be read, that is the reason for all that is refused.
    let closed = observed.hubs.iter().find_map(|(region, state)| match state {
        PlaceState::NotEnabled(why) | PlaceState::Unread(why) => {
            Some(Notice::new(EventReason::SecurityHubUnavailable, format!("{region}: {why}")))
        }
        PlaceState::Ready | PlaceState::Reading(_) | PlaceState::Occupied(_) => None,
    });
    let other = observed.others.values().next();
    let other = other.map(|(_, note)| Notice::new(EventReason::OtherPublisher, note.clone()));
    let failed = match published {
        Err(error) => Some(Notice::new(EventReason::PublishFailed, error.to_string())),
        Ok(published) => published
            .refused
            .first()
            .filter(|_| closed.is_none() && other.is_none())
            .map(|refused| Notice::new(EventReason::FindingsRefused, refused.message.clone())),
    };
    let refused = match &observed.credentials {
        Some(Credentials::Refused(why)) => {
            Some(Notice::new(EventReason::CredentialsRefused, why.clone()))
        }
        Some(Credentials::Unreached(why)) => {
            Some(Notice::new(EventReason::AccountUnreachable, why.clone()))
        }
        Some(Credentials::Verified) | None => None,
    };
    let closed = closed.filter(|_| refused.is_none());
    let held = (!observed.held.is_empty())
        .then(|| Notice::new(EventReason::ArchivalHeld, of_account(&observed.held, account)));
    let changes = observed.changes.as_ref().and_then(of_queue);
    let requests = observed.requests.as_ref().and_then(|requests| requests.troubles().next());
    let requests =
        requests.map(|note| Notice::new(EventReason::SnapshotsNotDelivered, note.clone()));
    let all =
        [refused, stopped, missing, unreadable, changes, requests, closed, other, held, failed];
    all.into_iter().flatten().collect()
}

/// What goes wrong with the change queue.
pub(super) fn of_queue(state: &QueueState) -> Option<Notice> {
    let reason = if state.is_receiving() {
        EventReason::ChangesNotUnderstood
    } else {
        EventReason::ChangeQueueUnreadable
    };
    state.trouble().map(|note| Notice::new(reason, note.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use assess::DeliveryRequests;
    use aws::publish::Refused;

    #[test]
    fn a_stopped_recorder_is_a_trouble_and_silence_is_none() {
        let mut observed = AccountObservation::default();
        let published = Published::default();
        assert_eq!(troubles("payments", &observed, Ok(&published)), []);
        observed.recorders.insert("eu-west-1".parse().unwrap(), RecorderState::Stopped);
        assert_eq!(
            troubles("payments", &observed, Ok(&published))[0].reason,
            EventReason::RecorderStopped
        );
        let what = "us-east-1 has no customer managed configuration recorder";
        let missing = RecorderState::Missing(what.to_owned());
        observed.recorders = [("us-east-1".parse().unwrap(), missing)].into();
        let said = troubles("payments", &observed, Ok(&published));
        assert_eq!(said, [Notice::new(EventReason::RecorderMissing, what.to_owned())]);
    }

    #[test]
    fn a_queue_that_is_not_read_and_a_message_that_is_not_understood_are_troubles() {
        let published = Published::default();
        let said = |changes| {
            let observed =
                AccountObservation { changes: Some(changes), ..AccountObservation::default() };
            troubles("payments", &observed, Ok(&published))
        };
        assert_eq!(said(QueueState::Pending), []);
        assert_eq!(said(QueueState::Receiving(None)), []);
        let why = || "the message is not an event of AWS Config".to_owned();
        let of = |reason| [Notice::new(reason, why())];
        assert_eq!(said(QueueState::Receiving(Some(why()))), of(EventReason::ChangesNotUnderstood));
        for state in [QueueState::Missing, QueueState::Refused, QueueState::Unreachable] {
            assert_eq!(said(state(why())), of(EventReason::ChangeQueueUnreadable));
        }
    }

    #[test]
    fn a_request_for_a_snapshot_that_is_refused_is_a_trouble() {
        let note = "eu-west-1: there is no delivery channel".to_owned();
        let refused = vec![note.clone()];
        let requests = DeliveryRequests { refused, ..DeliveryRequests::default() };
        let observed =
            AccountObservation { requests: Some(requests), ..AccountObservation::default() };
        let said = troubles("payments", &observed, Ok(&Published::default()));
        assert_eq!(said, [Notice::new(EventReason::SnapshotsNotDelivered, note)]);
    }

    #[test]
    fn findings_of_another_plumbline_are_a_trouble_and_the_reason_for_what_is_refused() {
        let refused = Refused { change: 0, message: "it belongs to another".to_owned() };
        let published = Published { accepted: 0, refused: vec![refused] };
        let mut observed = AccountObservation::default();
        let theirs = (3, "3 findings belong to another Plumbline".to_owned());
        observed.others.insert("eu-west-1".parse().unwrap(), theirs);
        let troubles = troubles("payments", &observed, Ok(&published));
        assert_eq!(troubles.len(), 1);
        assert_eq!(troubles[0].reason, EventReason::OtherPublisher);
        assert!(troubles[0].reason.is_warning() && troubles[0].note.starts_with("3 findings"));
    }

    #[test]
    fn what_a_region_refuses_is_reported_once_with_its_reason() {
        let refused = Refused { change: 0, message: "too long".to_owned() };
        let published = Published { accepted: 0, refused: vec![refused] };
        let mut observed = AccountObservation::default();
        let reported = |observed: &AccountObservation| {
            let troubles = troubles("payments", observed, Ok(&published)).into_iter();
            troubles.map(|it| (it.reason, it.note)).collect::<Vec<_>>()
        };
        assert_eq!(reported(&observed), [(EventReason::FindingsRefused, "too long".to_owned())]);
        let off = PlaceState::NotEnabled("it is off".to_owned());
        observed.hubs.insert("eu-west-1".parse().unwrap(), off);
        assert_eq!(
            reported(&observed),
            [(EventReason::SecurityHubUnavailable, "eu-west-1: it is off".to_owned())]
        );
    }
}
