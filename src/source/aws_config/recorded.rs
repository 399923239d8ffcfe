//! What a region's recorder records, and whether it can be believed.

use super::unread::Unread;
use crate::aws::{Recorder, Recording};
use crate::resource::{Region, ResourceType, UnknownReason};

/// The types that a recorder includes only when asked for ("Recording global resource types", AWS
/// Config Developer Guide).
const IAM_TYPES: [&str; 4] =
    ["AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"];

/// Why nothing that this recorder recorded says anything of now; nothing where it runs.
pub(super) fn stopped(recorder: &Recorder, region: &Region) -> Option<Unread> {
    let name = &recorder.name;
    let detail = if !recorder.recording {
        format!("the configuration recorder {name} of {region} is off; start it")
    } else if let Some(failure) = &recorder.failure {
        format!("the configuration recorder {name} of {region} fails: {failure}")
    } else {
        return None;
    };
    Some(Unread { reason: UnknownReason::RecorderStopped, detail })
}

/// Whether the recorder records a type.
pub(super) fn records(recorder: &Recorder, resource_type: &ResourceType) -> bool {
    let name = resource_type.as_str();
    match &recorder.records {
        Recording::All { with_iam } => *with_iam || !IAM_TYPES.contains(&name),
        Recording::AllBut(excluded) => !excluded.iter().any(|excluded| excluded == name),
        Recording::These(types) => types.iter().any(|recorded| recorded == name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Daily;

    fn recorder(records: Recording) -> Recorder {
        let name = "default".to_owned();
        Recorder { name, recording: true, failure: None, records, daily: Daily::default() }
    }

    fn names(recorder: &Recorder) -> Vec<&'static str> {
        ["AWS::S3::Bucket", "AWS::IAM::Role", "AWS::KMS::Key"]
            .into_iter()
            .filter(|name| records(recorder, &name.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_recorder_records_what_its_group_says() {
        let (bucket, role, key) = ("AWS::S3::Bucket", "AWS::IAM::Role", "AWS::KMS::Key");
        assert_eq!(names(&recorder(Recording::All { with_iam: false })), [bucket, key]);
        assert_eq!(names(&recorder(Recording::All { with_iam: true })), [bucket, role, key]);
        assert_eq!(names(&recorder(Recording::AllBut(vec![key.to_owned()]))), [bucket, role]);
        assert_eq!(names(&recorder(Recording::These(vec![key.to_owned()]))), [key]);
    }

    #[test]
    fn a_recorder_that_is_off_or_fails_is_not_believed() {
        let region = "eu-west-1".parse().unwrap();
        let runs = recorder(Recording::All { with_iam: true });
        assert_eq!(stopped(&runs, &region), None);
        let off = Recorder { recording: false, ..runs.clone() };
        let failing = Recorder { failure: Some("NoSuchBucket: gone".to_owned()), ..runs };
        for recorder in [off, failing] {
            let stopped = stopped(&recorder, &region).unwrap();
            assert_eq!(stopped.reason, UnknownReason::RecorderStopped);
        }
    }
}
