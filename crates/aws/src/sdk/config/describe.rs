//! What AWS Config says of its own set-up.

use std::time::Duration;

use aws_sdk_config::Client;
use aws_sdk_config::types::{
    AggregatedSourceStatus, AggregatedSourceStatusType, ConfigurationRecorder,
    ConfigurationRecorderStatus, ConfigurationRecorderSummary, RecorderStatus, RecordingFrequency,
    RecordingGroup, RecordingMode, ResourceType as SdkType,
};
use aws_smithy_types::DateTime;

use super::PAGE;
use crate::config::{
    AggregatedSource, Daily, LastRecording, Recorder, Recording, RecordingScope, RegionRecorder,
    ServiceRecorder,
};
use crate::error::AwsError;
use crate::operations::{
    DESCRIBE_AGGREGATED, DESCRIBE_RECORDER_STATUS, DESCRIBE_RECORDERS, LIST_RECORDERS,
};
use crate::sdk::call::Caller;
use crate::sdk::message::shown;
use crate::sdk::pages::AnswerPage;
use cel::Timestamp;
use model::{means, value_of};

/// The customer's recorder: there is at most one in a region, beside those that AWS services keep
/// for themselves, which have a service principal.
pub(super) async fn recorder(client: &Client, caller: &Caller) -> Result<RegionRecorder, AwsError> {
    let ask = client.describe_configuration_recorders();
    let described = caller.call(DESCRIBE_RECORDERS, || ask.clone().send()).await?;
    let mut recorders = described.configuration_recorders.into_iter().flatten();
    let Some(recorder) = recorders.find(|recorder| recorder.service_principal.is_none()) else {
        // Who may not list them is answered as where there are none: nothing is recorded either way.
        let services = service_recorders(client, caller).await.unwrap_or_default();
        return Ok(RegionRecorder::None { services });
    };
    let ask = client.describe_configuration_recorder_status();
    let statuses = caller.call(DESCRIBE_RECORDER_STATUS, || ask.clone().send()).await?;
    let mut statuses = statuses.configuration_recorders_status.into_iter().flatten();
    let status = statuses.find(|status| status.name == recorder.name);
    Ok(RegionRecorder::Customer(recorder_of(recorder, status)))
}

/// The recorders of services. A call that names no recorder describes the customer's alone. What only
/// explains is not waited for.
async fn service_recorders(
    client: &Client,
    caller: &Caller,
) -> Result<Vec<ServiceRecorder>, AwsError> {
    let caller = &caller.within(Duration::from_secs(2));
    let page = move |token| async move {
        let ask = client.list_configuration_recorders().set_next_token(token);
        let page = caller.call(LIST_RECORDERS, || ask.clone().send()).await?;
        let found = page.configuration_recorder_summaries.into_iter();
        Ok::<_, AwsError>(AnswerPage {
            entries: found.filter_map(service_recorder).collect(),
            next: page.next_token,
        })
    };
    caller.pages(LIST_RECORDERS, page).await
}

/// A recorder without a service principal is the customer's.
fn service_recorder(summary: ConfigurationRecorderSummary) -> Option<ServiceRecorder> {
    const VALUES: [(&str, RecordingScope); 2] =
        [("INTERNAL", RecordingScope::Internal), ("PAID", RecordingScope::Paid)];
    let scope = value_of(summary.recording_scope.as_str(), &VALUES);
    Some(ServiceRecorder {
        service: summary.service_principal?,
        scope: scope.unwrap_or(RecordingScope::NotReported),
    })
}

fn recorder_of(
    recorder: ConfigurationRecorder,
    status: Option<ConfigurationRecorderStatus>,
) -> Recorder {
    Recorder {
        name: recorder.name.unwrap_or_default(),
        recording: status.as_ref().is_some_and(|status| status.recording),
        last: status.map_or(LastRecording::NotReported(None), last),
        records: recorder.recording_group.map_or(Recording::These(Vec::new()), recording),
        daily: recorder.recording_mode.map(daily).unwrap_or_default(),
    }
}

/// The values of `lastStatus`, as the examples of the AWS CLI Command Reference and of the AWS
/// Config Developer Guide ("Checking the configuration recorder") have them.
fn last(status: ConfigurationRecorderStatus) -> LastRecording {
    #[derive(Clone, Copy)]
    enum StatusWord {
        Success,
        Pending,
        Failure,
    }
    const VALUES: [(&str, StatusWord); 3] = [
        ("SUCCESS", StatusWord::Success),
        ("PENDING", StatusWord::Pending),
        ("FAILURE", StatusWord::Failure),
    ];
    let said = status.last_status.as_ref().map(RecorderStatus::as_str);
    match said.and_then(|said| value_of(said, &VALUES)) {
        Some(StatusWord::Success) => LastRecording::Delivered,
        Some(StatusWord::Pending) => {
            let since = status.last_status_change_time.or(status.last_start_time);
            LastRecording::Pending(since.map(timestamp))
        }
        Some(StatusWord::Failure) => {
            LastRecording::Failed(failure(status.last_error_code, status.last_error_message))
        }
        None => LastRecording::NotReported(said.map(str::to_owned)),
    }
}

fn failure(code: Option<String>, message: Option<String>) -> String {
    let code = code.unwrap_or_else(|| "no code".to_owned());
    let failure = format!("{code}: {}", shown(&message.unwrap_or_default()));
    failure.trim_end_matches([':', ' ']).to_owned()
}

/// What a group records; nothing where its strategy is none that is known.
fn recording(group: RecordingGroup) -> Recording {
    const EXCLUSION: &str = "EXCLUSION_BY_RESOURCE_TYPES";
    const ALL: &str = "ALL_SUPPORTED_RESOURCE_TYPES";
    const INCLUSION: &str = "INCLUSION_BY_RESOURCE_TYPES";
    let strategy = group.recording_strategy.and_then(|strategy| strategy.use_only);
    let default = if group.all_supported { ALL } else { INCLUSION };
    let strategy = strategy.as_ref().map_or(default, |strategy| strategy.as_str());
    let excluded = group.exclusion_by_resource_types.and_then(|by| by.resource_types);
    if means(strategy, EXCLUSION) {
        Recording::AllBut(names(excluded))
    } else if means(strategy, ALL) {
        Recording::All { with_iam: group.include_global_resource_types }
    } else if means(strategy, INCLUSION) {
        Recording::These(names(group.resource_types))
    } else {
        Recording::These(Vec::new())
    }
}

/// A frequency that is not known counts as daily: more is read than needs to be.
fn daily(mode: RecordingMode) -> Daily {
    let is_daily = |frequency: &RecordingFrequency| !means(frequency.as_str(), "CONTINUOUS");
    let usually = is_daily(&mode.recording_frequency);
    let overrides = mode.recording_mode_overrides.into_iter().flatten();
    let exceptions = overrides
        .filter(|other| is_daily(&other.recording_frequency) != usually)
        .flat_map(|other| names(Some(other.resource_types)))
        .collect();
    Daily { usually, exceptions }
}

fn names(types: Option<Vec<SdkType>>) -> Vec<String> {
    types.into_iter().flatten().map(|name| name.as_str().to_owned()).collect()
}

/// How fresh an aggregator's sources are.
pub(super) async fn aggregated(
    client: &Client,
    caller: &Caller,
    aggregator: &str,
) -> Result<Vec<AggregatedSource>, AwsError> {
    let page = move |token| async move {
        let ask = client
            .describe_configuration_aggregator_sources_status()
            .configuration_aggregator_name(aggregator)
            .limit(PAGE)
            .set_next_token(token);
        let page = caller.call(DESCRIBE_AGGREGATED, || ask.clone().send()).await?;
        let found = page.aggregated_source_status_list.into_iter().flatten();
        Ok::<_, AwsError>(AnswerPage {
            entries: found.filter_map(source).collect(),
            next: page.next_token,
        })
    };
    caller.pages(DESCRIBE_AGGREGATED, page).await
}

/// A source that is an account in a region; an organization as a whole is passed over.
///
/// `OUTDATED` says that the data are not the most recent (`AggregatedSourceStatus`, AWS Config API
/// Reference).
fn source(status: AggregatedSourceStatus) -> Option<AggregatedSource> {
    let said = status.last_update_status.as_ref().map(AggregatedSourceStatusType::as_str);
    let failure = match said {
        Some(said) if means(said, "SUCCEEDED") => None,
        Some(said) if means(said, "FAILED") => {
            Some(failure(status.last_error_code, status.last_error_message))
        }
        Some(said) if means(said, "OUTDATED") => {
            Some("its data of the region are outdated".to_owned())
        }
        Some(said) => Some(format!(
            "AWS Config reports {said}, which Plumbline does not \
            recognize"
        )),
        None => Some("AWS Config does not report whether its last update succeeded".to_owned()),
    };
    Some(AggregatedSource {
        account: status.source_id?.parse().ok()?,
        region: status.aws_region?.parse().ok()?,
        updated: status.last_update_time.map(timestamp),
        failure,
    })
}

pub(super) fn timestamp(time: DateTime) -> Timestamp {
    Timestamp { seconds: time.secs(), nanoseconds: time.subsec_nanos() }
}

#[cfg(test)]
mod tests {
    use aws_sdk_config::types::RecordingStrategy;

    use super::*;

    fn last_of(last_status: Option<&str>) -> LastRecording {
        last(
            ConfigurationRecorderStatus::builder()
                .set_last_status(last_status.map(RecorderStatus::from))
                .last_error_code("NoSuchBucket")
                .last_status_change_time(DateTime::from_secs(7))
                .build(),
        )
    }

    #[test]
    fn a_recorder_is_believed_only_where_aws_says_that_it_delivered() {
        let since = Timestamp { seconds: 7, nanoseconds: 0 };
        for said in ["SUCCESS", "Success"] {
            assert_eq!(last_of(Some(said)), LastRecording::Delivered);
        }
        for said in ["FAILURE", "Failure", "failure"] {
            assert_eq!(last_of(Some(said)), LastRecording::Failed("NoSuchBucket".to_owned()));
        }
        for said in ["PENDING", "Pending"] {
            assert_eq!(last_of(Some(said)), LastRecording::Pending(Some(since)));
        }
        for said in ["NOT_APPLICABLE", "NotApplicable", "DEGRADED", ""] {
            assert_eq!(last_of(Some(said)), LastRecording::NotReported(Some(said.to_owned())));
        }
        assert_eq!(last_of(None), LastRecording::NotReported(None));
    }

    #[test]
    fn recorders_of_services_have_a_principal_and_a_scope() {
        let of = |service: Option<&str>, scope: &str| {
            let summary = ConfigurationRecorderSummary::builder()
                .arn("arn:aws:config:eu-west-1:111122223333:configuration-recorder/it/1")
                .name("it")
                .set_service_principal(service.map(str::to_owned))
                .recording_scope(scope.into());
            service_recorder(summary.build().unwrap())
        };
        assert_eq!(of(None, "PAID"), None);
        for (said, scope) in [
            ("INTERNAL", RecordingScope::Internal),
            ("PAID", RecordingScope::Paid),
            ("SHARED", RecordingScope::NotReported),
        ] {
            let service = "securityhub.amazonaws.com";
            let found = ServiceRecorder { service: service.to_owned(), scope };
            assert_eq!(of(Some(service), said), Some(found));
        }
    }

    #[test]
    fn a_source_of_an_aggregator_is_believed_only_where_its_update_succeeded() {
        let failure = |said: Option<&str>| {
            let status = AggregatedSourceStatus::builder()
                .source_id("111122223333")
                .aws_region("eu-west-1")
                .set_last_update_status(said.map(AggregatedSourceStatusType::from))
                .build();
            source(status).unwrap().failure
        };
        for said in ["SUCCEEDED", "Succeeded"] {
            assert_eq!(failure(Some(said)), None, "{said}");
        }
        for said in ["FAILED", "Failed", "OUTDATED", "Outdated", "PARTIAL"] {
            assert!(failure(Some(said)).is_some(), "{said}");
        }
        assert!(failure(None).is_some());
    }

    #[test]
    fn what_a_strategy_that_is_not_known_records_is_not_believed() {
        let records = |said: &str| {
            let strategy = RecordingStrategy::builder().use_only(said.into()).build();
            let group = RecordingGroup::builder().all_supported(true).recording_strategy(strategy);
            recording(group.build())
        };
        let all = Recording::All { with_iam: false };
        assert_eq!(records("ALL_SUPPORTED_RESOURCE_TYPES"), all);
        assert_eq!(records("all_supported_resource_types"), all);
        assert_eq!(records("Exclusion_By_Resource_Types"), Recording::AllBut(Vec::new()));
        assert_eq!(records("MOST_RESOURCE_TYPES"), Recording::These(Vec::new()));
    }

    #[test]
    fn a_type_is_recorded_at_once_only_where_aws_says_so() {
        let usually = |said: &str| {
            let mode = RecordingMode::builder().recording_frequency(said.into());
            daily(mode.build().unwrap()).usually
        };
        assert!(!usually("CONTINUOUS") && !usually("Continuous"));
        assert!(usually("DAILY") && usually("daily") && usually("WEEKLY"));
    }
}
