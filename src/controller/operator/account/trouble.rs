//! What goes wrong with an account, as people are told of it: once for as long as it does.

use super::learned::{Credentials, Learned, RecorderState};
use crate::controller::operator::events::Notice;
use crate::publish::{PlaceState, PublishError, Published};

/// What goes wrong now.
pub(super) fn troubles(
    learned: &Learned,
    published: Result<&Published, &PublishError>,
) -> Vec<Notice> {
    let warning = Notice::warning;
    let stopped = learned.recorders.iter().filter(|(_, state)| **state == RecorderState::Stopped);
    let stopped: Vec<&str> = stopped.map(|(region, _)| region.as_str()).collect();
    let stopped = (!stopped.is_empty()).then(|| {
        let note = format!("the configuration recorder is off in {}", stopped.join(", "));
        warning("RecorderStopped", note)
    });
    let unreadable = learned.unreadable.clone().map(|note| warning("SourceUnreadable", note));
    // Where Security Hub is off, or cannot be read, that is the reason for all that is refused.
    let closed = learned.hubs.iter().find_map(|(region, state)| match state {
        PlaceState::NotEnabled(why) | PlaceState::Unread(why) => {
            Some(warning("SecurityHubUnavailable", format!("{region}: {why}")))
        }
        PlaceState::Ready => None,
    });
    let failed = match published {
        Err(error) => Some(warning("PublishFailed", error.to_string())),
        Ok(published) => published
            .refused
            .first()
            .filter(|_| closed.is_none())
            .map(|refused| warning("FindingsRefused", refused.message.clone())),
    };
    let refused = match &learned.credentials {
        Some(Credentials::Refused(why)) => Some(warning("CredentialsRefused", why.clone())),
        Some(Credentials::Unreached(why)) => Some(warning("AccountUnreachable", why.clone())),
        Some(Credentials::Verified) | None => None,
    };
    let closed = closed.filter(|_| refused.is_none());
    [refused, stopped, unreadable, closed, failed].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::Refused;

    #[test]
    fn a_stopped_recorder_is_a_trouble_and_silence_is_none() {
        let mut learned = Learned::default();
        let published = Published::default();
        assert_eq!(troubles(&learned, Ok(&published)), []);
        learned.recorders.insert("eu-west-1".parse().unwrap(), RecorderState::Stopped);
        assert_eq!(troubles(&learned, Ok(&published))[0].reason, "RecorderStopped");
    }

    #[test]
    fn what_a_region_refuses_is_told_once_with_its_reason() {
        let refused = Refused { change: 0, message: "too long".to_owned() };
        let published = Published { accepted: 0, refused: vec![refused] };
        let mut learned = Learned::default();
        let told = |learned: &Learned| {
            let troubles = troubles(learned, Ok(&published)).into_iter();
            troubles.map(|it| (it.reason, it.note)).collect::<Vec<_>>()
        };
        assert_eq!(told(&learned), [("FindingsRefused", "too long".to_owned())]);
        let off = PlaceState::NotEnabled("it is off".to_owned());
        learned.hubs.insert("eu-west-1".parse().unwrap(), off);
        assert_eq!(told(&learned), [("SecurityHubUnavailable", "eu-west-1: it is off".to_owned())]);
    }
}
