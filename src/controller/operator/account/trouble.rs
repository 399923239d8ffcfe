//! What goes wrong with an account, as people are told of it: once for as long as it does.

use super::learned::{Learned, RecorderState};
use crate::controller::operator::events::Notice;
use crate::publish::PublishError;

/// What goes wrong now.
pub(super) fn troubles(learned: &Learned, failed: Option<&PublishError>) -> Vec<Notice> {
    let warning = |reason, note| Notice { reason, warning: true, note };
    let stopped = learned.recorders.iter().filter(|(_, state)| **state == RecorderState::Stopped);
    let stopped: Vec<&str> = stopped.map(|(region, _)| region.as_str()).collect();
    let stopped = (!stopped.is_empty()).then(|| {
        let note = format!("the configuration recorder is off in {}", stopped.join(", "));
        warning("RecorderStopped", note)
    });
    let unreadable = learned.unreadable.clone().map(|note| warning("SourceUnreadable", note));
    let failed = failed.map(|error| warning("PublishFailed", error.to_string()));
    let refused = learned.credentials.clone().and_then(Result::err);
    let refused = refused.map(|note| warning("CredentialsRefused", note));
    [refused, stopped, unreadable, failed].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_recorder_is_a_trouble_and_silence_is_none() {
        let mut learned = Learned::default();
        assert_eq!(troubles(&learned, None), []);
        learned.recorders.insert("eu-west-1".parse().unwrap(), RecorderState::Stopped);
        assert_eq!(troubles(&learned, None)[0].reason, "RecorderStopped");
    }
}
