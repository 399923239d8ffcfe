//! What a region's recorder records, and whether it can be believed.

use super::unread::Unread;
use crate::source::recorder_item::IAM_TYPES;
use crate::{
    ConfigClient, LastRecording, Recorder, Recording, RecordingScope, RegionRecorder,
    ServiceRecorder,
};
use cel::Timestamp;
use cel::format_timestamp;
use model::{Region, ResourceType, UnknownReason};

/// Why nothing that this recorder recorded says anything of now; nothing where it runs. What it has
/// to deliver since before `oldest` is stale. That it delivers nothing while nothing changes is
/// not: `lastStatus` speaks of its last recording event (`ConfigurationRecorderStatus`, AWS Config API
/// Reference).
pub fn stopped(recorder: &Recorder, region: &Region, oldest: Timestamp) -> Option<Unread> {
    use UnknownReason::{RecorderStopped, Stale};
    let name = &recorder.name;
    let (reason, what) = match &recorder.last {
        _ if !recorder.recording => (RecorderStopped, "is off; start it".to_owned()),
        LastRecording::Delivered => return None,
        LastRecording::Failed(failure) => (RecorderStopped, format!("fails: {failure}")),
        LastRecording::Pending(Some(since)) if *since >= oldest => return None,
        LastRecording::Pending(Some(since)) => {
            let since = format_timestamp(Timestamp { nanoseconds: 0, ..*since });
            (Stale, format!("has not delivered since {since}"))
        }
        LastRecording::Pending(None) => {
            (Stale, "has not delivered yet; AWS Config does not report since when".to_owned())
        }
        LastRecording::NotReported(said) => {
            let said = said.as_deref().unwrap_or("nothing");
            let what = "has a lastStatus that Plumbline does not recognize";
            (RecorderStopped, format!("{what}: AWS Config says {said}"))
        }
    };
    Some(Unread { reason, detail: format!("the configuration recorder {name} of {region} {what}") })
}

/// What a region without a recorder of the customer's has. Where a service-linked recorder records for
/// the service alone, nothing is delivered ("Considerations for service-linked configuration
/// recorders", AWS Config Developer Guide), and queries find nothing.
#[must_use]
pub fn missing(services: &[ServiceRecorder]) -> String {
    let none = "no customer managed configuration recorder";
    if services.is_empty() {
        return none.to_owned();
    }
    let named: Vec<String> = services.iter().map(service_linked).collect();
    format!("{none}, only service-linked ones, which queries do not show: {}", named.join(", "))
}

fn service_linked(recorder: &ServiceRecorder) -> String {
    let service = &recorder.service;
    match recorder.scope {
        RecordingScope::Internal => format!("{service} (INTERNAL: nothing is delivered)"),
        RecordingScope::Paid => format!("{service} (PAID: items are delivered)"),
        RecordingScope::NotReported => format!("{service} (of an unknown scope)"),
    }
}

/// What can be done about it.
#[must_use]
pub fn remedy(services: &[ServiceRecorder]) -> &'static str {
    if services.iter().any(|recorder| recorder.scope == RecordingScope::Paid) {
        return "create a customer managed recorder with a delivery channel, or read the snapshots that \
                AWS Config delivers (source.snapshot)";
    }
    "create a customer managed recorder with a delivery channel"
}

/// The region's recorder, which runs.
///
/// # Errors
///
/// When it does not, when there is none, or when AWS does not say.
pub async fn running(
    service: &ConfigClient,
    region: &Region,
    oldest: Timestamp,
) -> Result<Recorder, Unread> {
    let recorder = match service.recorder().await? {
        RegionRecorder::Customer(recorder) => recorder,
        RegionRecorder::None { services } => {
            let (what, remedy) = (missing(&services), remedy(&services));
            return Err(Unread::not_recorded(format!("{region} has {what}; {remedy}")));
        }
    };
    match stopped(&recorder, region, oldest) {
        Some(stopped) => Err(stopped),
        None => Ok(recorder),
    }
}

/// Whether the recorder records a type.
pub fn records(recorder: &Recorder, resource_type: &ResourceType) -> bool {
    let name = resource_type.as_str();
    match &recorder.records {
        Recording::All { with_iam } => *with_iam || !IAM_TYPES.contains(&name),
        Recording::AllBut(excluded) => !excluded.iter().any(|excluded| excluded == name),
        Recording::These(types) => types.iter().any(|recorded| recorded == name),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use engine::drift::fixture::at;

    fn names(recorder: &Recorder) -> Vec<&'static str> {
        ["AWS::S3::Bucket", "AWS::IAM::Role", "AWS::KMS::Key"]
            .into_iter()
            .filter(|name| records(recorder, &name.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_recorder_records_what_its_group_says() {
        let (bucket, role, key) = ("AWS::S3::Bucket", "AWS::IAM::Role", "AWS::KMS::Key");
        assert_eq!(names(&Recorder::running(Recording::All { with_iam: false })), [bucket, key]);
        assert_eq!(
            names(&Recorder::running(Recording::All { with_iam: true })),
            [bucket, role, key]
        );
        assert_eq!(
            names(&Recorder::running(Recording::AllBut(vec![key.to_owned()]))),
            [bucket, role]
        );
        assert_eq!(names(&Recorder::running(Recording::These(vec![key.to_owned()]))), [key]);
    }

    #[test]
    fn what_a_region_has_instead_of_a_recorder_decides_what_helps() {
        let of = |service: &str, scope| ServiceRecorder { service: service.to_owned(), scope };
        let internal = of("securityhubv2.amazonaws.com", RecordingScope::Internal);
        let paid = of("securityhub.amazonaws.com", RecordingScope::Paid);
        let strange = of("other.amazonaws.com", RecordingScope::NotReported);
        assert_eq!(missing(&[]), "no customer managed configuration recorder");
        let named = missing(&[internal.clone(), strange.clone()]);
        assert!(named.contains("securityhubv2.amazonaws.com (INTERNAL: nothing is delivered)"));
        assert!(named.ends_with("other.amazonaws.com (of an unknown scope)"), "{named}");
        for services in [Vec::new(), vec![internal.clone()], vec![strange]] {
            assert!(!remedy(&services).contains("snapshot"), "nothing of them is delivered");
        }
        let delivered = [internal, paid];
        assert!(
            missing(&delivered).ends_with("securityhub.amazonaws.com (PAID: items are delivered)")
        );
        assert!(remedy(&delivered).ends_with("(source.snapshot)"));
    }

    #[test]
    fn a_recorder_that_is_off_or_fails_is_not_believed() {
        let region = "eu-west-1".parse().unwrap();
        let runs = Recorder::running(Recording::All { with_iam: true });
        assert_eq!(stopped(&runs, &region, at(0)), None);
        let off = Recorder { recording: false, ..runs.clone() };
        let last = LastRecording::Failed("NoSuchBucket: gone".to_owned());
        let failing = Recorder { last, ..runs.clone() };
        let strange = LastRecording::NotReported(Some("DEGRADED".to_owned()));
        let strange = Recorder { last: strange, ..runs.clone() };
        let silent = Recorder { last: LastRecording::NotReported(None), ..runs };
        for recorder in [off, failing, strange, silent] {
            let stopped = stopped(&recorder, &region, at(0)).unwrap();
            assert_eq!(stopped.reason, UnknownReason::RecorderStopped);
        }
    }

    #[test]
    fn what_is_to_be_delivered_for_too_long_is_stale() {
        let region = "eu-west-1".parse().unwrap();
        let runs = Recorder::running(Recording::All { with_iam: true });
        let unsaid = Recorder { last: LastRecording::Pending(None), ..runs.clone() };
        assert_eq!(stopped(&unsaid, &region, at(0)).unwrap().reason, UnknownReason::Stale);
        let pending = Recorder { last: LastRecording::Pending(Some(at(0))), ..runs };
        let oldest = |now| at(now).second_before(Duration::from_hours(24));
        assert_eq!(stopped(&pending, &region, oldest(86_400)), None);
        let stale = stopped(&pending, &region, oldest(86_401)).unwrap();
        assert_eq!(stale.reason, UnknownReason::Stale);
        assert!(stale.detail.ends_with("not delivered since 2026-11-22T00:00:00Z"), "{stale:?}");
    }
}
