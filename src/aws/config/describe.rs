//! What AWS Config says of its own set-up.

use aws_sdk_config::Client;
use aws_sdk_config::types::{
    AggregatedSourceStatus, AggregatedSourceStatusType, ConfigurationRecorder,
    ConfigurationRecorderStatus, RecorderStatus, RecordingFrequency, RecordingGroup, RecordingMode,
    RecordingStrategyType, ResourceType as SdkType,
};
use aws_smithy_types::DateTime;

use super::{AggregatedSource, Daily, PAGE, Recorder, Recording};
use crate::aws::call::Caller;
use crate::aws::error::AwsError;
use crate::aws::operations::{DESCRIBE_AGGREGATED, DESCRIBE_RECORDER_STATUS, DESCRIBE_RECORDERS};
use crate::resource::Timestamp;

/// The customer's recorder: there is at most one in a region, beside those that AWS services keep
/// for themselves, which have a service principal.
pub(super) async fn recorder(
    client: &Client,
    caller: &Caller,
) -> Result<Option<Recorder>, AwsError> {
    let ask = client.describe_configuration_recorders();
    let described = caller.call(DESCRIBE_RECORDERS, || ask.clone().send()).await?;
    let mut recorders = described.configuration_recorders.into_iter().flatten();
    let Some(recorder) = recorders.find(|recorder| recorder.service_principal.is_none()) else {
        return Ok(None);
    };
    let ask = client.describe_configuration_recorder_status();
    let statuses = caller.call(DESCRIBE_RECORDER_STATUS, || ask.clone().send()).await?;
    let mut statuses = statuses.configuration_recorders_status.into_iter().flatten();
    let status = statuses.find(|status| status.name == recorder.name);
    Ok(Some(recorder_of(recorder, status)))
}

fn recorder_of(
    recorder: ConfigurationRecorder,
    status: Option<ConfigurationRecorderStatus>,
) -> Recorder {
    Recorder {
        name: recorder.name.unwrap_or_default(),
        recording: status.as_ref().is_some_and(|status| status.recording),
        pending_since: status.as_ref().and_then(pending_since),
        failure: status.and_then(failure),
        records: recorder.recording_group.map_or(Recording::These(Vec::new()), recording),
        daily: recorder.recording_mode.map(daily).unwrap_or_default(),
    }
}

fn pending_since(status: &ConfigurationRecorderStatus) -> Option<Timestamp> {
    let changed = status.last_status_change_time.or(status.last_start_time);
    changed.filter(|_| status.last_status == Some(RecorderStatus::Pending)).map(timestamp)
}

fn failure(status: ConfigurationRecorderStatus) -> Option<String> {
    if status.last_status != Some(RecorderStatus::Failure) {
        return None;
    }
    let code = status.last_error_code.unwrap_or_else(|| "no code".to_owned());
    let message = status.last_error_message.unwrap_or_default();
    Some(format!("{code}: {message}").trim_end_matches([':', ' ']).to_owned())
}

fn recording(group: RecordingGroup) -> Recording {
    let strategy = group.recording_strategy.and_then(|strategy| strategy.use_only);
    let excluded = group.exclusion_by_resource_types.and_then(|by| by.resource_types);
    let all = Recording::All { with_iam: group.include_global_resource_types };
    match strategy {
        Some(RecordingStrategyType::ExclusionByResourceTypes) => Recording::AllBut(names(excluded)),
        Some(RecordingStrategyType::AllSupportedResourceTypes) => all,
        _ if group.all_supported => all,
        _ => Recording::These(names(group.resource_types)),
    }
}

fn daily(mode: RecordingMode) -> Daily {
    let usually = mode.recording_frequency == RecordingFrequency::Daily;
    let overrides = mode.recording_mode_overrides.into_iter().flatten();
    let exceptions = overrides
        .filter(|other| (other.recording_frequency == RecordingFrequency::Daily) != usually)
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
    let mut sources = Vec::new();
    let mut token = None;
    loop {
        let ask = client
            .describe_configuration_aggregator_sources_status()
            .configuration_aggregator_name(aggregator)
            .limit(PAGE)
            .set_next_token(token);
        let page = caller.call(DESCRIBE_AGGREGATED, || ask.clone().send()).await?;
        sources.extend(page.aggregated_source_status_list.into_iter().flatten().filter_map(source));
        token = page.next_token;
        if token.is_none() {
            return Ok(sources);
        }
    }
}

/// A source that is an account in a region; an organization as a whole is passed over.
fn source(status: AggregatedSourceStatus) -> Option<AggregatedSource> {
    let failed = status.last_update_status == Some(AggregatedSourceStatusType::Failed);
    let failure = failed.then(|| {
        let code = status.last_error_code.unwrap_or_else(|| "no code".to_owned());
        format!("{code}: {}", status.last_error_message.unwrap_or_default())
    });
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
