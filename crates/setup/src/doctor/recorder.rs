//! Configuration recorders: whether they run, and whether they record what controls read.

use std::collections::BTreeMap;

use super::check::{Check, CheckResult, Place};
use super::needs::Needs;
use aws::source::aws_config::recorded::{self, records, stopped};
use aws::{AwsError, Recorder, RegionRecorder};
use cel::Timestamp;
use model::{AccountId, Region, ResourceType, is_global};

/// What each region's recorder says.
pub(super) type Recorders = BTreeMap<Region, Result<RegionRecorder, AwsError>>;

/// Looks at the recorder of one region. `first` is the region that speaks for global types, which
/// any region may record. What a recorder has to deliver since before `oldest` is stale.
pub(super) fn examine(
    account: &AccountId,
    region: &Region,
    recorders: &Recorders,
    first: &Region,
    needs: &Needs,
    oldest: Timestamp,
) -> Vec<CheckResult> {
    let place = Place::region(account, region);
    let Some(found) = recorders.get(region) else { return Vec::new() };
    let mut results = vec![runs(place, region, found, oldest)];
    match found {
        Ok(RegionRecorder::Customer(recorder)) => {
            let missing = missing(region == first, recorder, recorders, needs);
            results.push(recorded_types(place, region, &missing, needs));
            results.push(frequency(place, recorder, needs));
        }
        _ => {
            results.push(place.not_tried(Check::RecordedTypes, "there is no recorder to check"));
        }
    }
    results
}

/// Whether the recorder of a region runs.
pub(super) fn runs(
    place: Place<'_>,
    region: &Region,
    found: &Result<RegionRecorder, AwsError>,
    oldest: Timestamp,
) -> CheckResult {
    match found {
        Err(error) => place.refused(Check::Recorder, error),
        Ok(RegionRecorder::None { services }) => place.failed(
            Check::Recorder,
            format!("there is {}: every control is Unknown here", recorded::missing(services)),
            recorded::remedy(services),
        ),
        Ok(RegionRecorder::Customer(recorder)) => match stopped(recorder, region, oldest) {
            None => place.ok(Check::Recorder, format!("{} runs", recorder.name)),
            Some(_) if !recorder.recording => place.failed(
                Check::Recorder,
                format!("{} is off: every control is Unknown here", recorder.name),
                format!(
                    "aws configservice start-configuration-recorder --region {region} \
                     --configuration-recorder-name {}",
                    recorder.name
                ),
            ),
            Some(stopped) => place.failed(
                Check::Recorder,
                stopped.detail,
                "fix the recorder's role, its bucket and its delivery channel",
            ),
        },
    }
}

/// The types that controls read and that are not recorded.
fn missing<'n>(
    speaks_for_global: bool,
    recorder: &Recorder,
    recorders: &Recorders,
    needs: &'n Needs,
) -> Vec<&'n ResourceType> {
    let anywhere = |name: &ResourceType| {
        let mut recorders = recorders.values().flatten().filter_map(RegionRecorder::customer);
        recorders.any(|recorder| records(recorder, name))
    };
    let is_missing = |name: &&ResourceType| {
        if is_global(name.as_str()) {
            speaks_for_global && !anywhere(name)
        } else {
            !records(recorder, name)
        }
    };
    let is_recorded_only = |name: &&ResourceType| !needs.substitutes.contains(*name);
    needs.reads.keys().filter(is_recorded_only).filter(is_missing).collect()
}

fn recorded_types(
    place: Place<'_>,
    region: &Region,
    missing: &[&ResourceType],
    needs: &Needs,
) -> CheckResult {
    if missing.is_empty() {
        return place.ok(Check::RecordedTypes, "all types that controls read are recorded");
    }
    let named = needs.with_controls(missing.iter().copied());
    let remediation = format!("have the recorder of {region} record them, or disable the controls");
    let message = format!("not recorded, so their controls are Unknown: {named}");
    place.failed(Check::RecordedTypes, message, remediation)
}

fn frequency(place: Place<'_>, recorder: &Recorder, needs: &Needs) -> CheckResult {
    let recorded = needs.reads.keys().filter(|name| records(recorder, name));
    let daily: Vec<&str> =
        recorded.map(ResourceType::as_str).filter(|name| recorder.daily.includes(name)).collect();
    if daily.is_empty() {
        return place.ok(Check::Frequency, "changes are recorded as they happen");
    }
    place.warning(
        Check::Frequency,
        format!("recorded once a day, so drift shows up to a day late: {}", daily.join(", ")),
        "record them continuously if a day is too late",
    )
}

#[cfg(test)]
mod tests {
    use super::super::check::CheckState;
    use super::*;
    use aws::{Daily, Recording};
    use cel::Projection;
    use engine::drift::fixture::at;

    fn recorder(types: &[&str]) -> Recorder {
        Recorder::running(Recording::These(types.iter().map(|name| (*name).to_owned()).collect()))
    }

    fn needs(types: &[&str]) -> Needs {
        let reads = types.iter().map(|name| (name.parse().unwrap(), Projection::NOTHING));
        Needs { reads: reads.collect(), ..Needs::default() }
    }

    fn states(recorders: &Recorders, region: &str, needs: &Needs) -> Vec<CheckState> {
        let (account, first) = ("111122223333".parse().unwrap(), "us-east-1".parse().unwrap());
        let results = examine(&account, &region.parse().unwrap(), recorders, &first, needs, at(0));
        results.iter().map(|result| result.state).collect()
    }

    #[test]
    fn a_global_type_may_be_recorded_in_any_region() {
        let recorders = |elsewhere: &[&str]| {
            Recorders::from([
                ("eu-west-1".parse().unwrap(), Ok(RegionRecorder::Customer(recorder(elsewhere)))),
                ("us-east-1".parse().unwrap(), Ok(RegionRecorder::Customer(recorder(&[])))),
            ])
        };
        let needs = needs(&["AWS::IAM::Role"]);
        let role = recorders(&["AWS::IAM::Role"]);
        assert_eq!(states(&role, "us-east-1", &needs), [CheckState::Ok; 3]);
        assert_eq!(states(&role, "eu-west-1", &needs), [CheckState::Ok; 3]);
        let missing = states(&recorders(&[]), "us-east-1", &needs);
        assert_eq!(missing, [CheckState::Ok, CheckState::Failed, CheckState::Ok]);
        assert_eq!(states(&recorders(&[]), "eu-west-1", &needs), [CheckState::Ok; 3]);
    }

    #[test]
    fn a_regional_type_has_to_be_recorded_in_its_region() {
        let region: Region = "eu-west-1".parse().unwrap();
        let recorders = Recorders::from([(
            region,
            Ok(RegionRecorder::Customer(recorder(&["AWS::S3::Bucket"]))),
        )]);
        let needs = needs(&["AWS::KMS::Key", "AWS::S3::Bucket"]);
        let states = states(&recorders, "eu-west-1", &needs);
        assert_eq!(states, [CheckState::Ok, CheckState::Failed, CheckState::Ok]);
    }

    #[test]
    fn what_is_recorded_daily_is_a_warning_only_where_a_control_reads_it() {
        let daily = Recorder {
            daily: Daily { usually: false, exceptions: vec!["AWS::S3::Bucket".to_owned()] },
            ..recorder(&["AWS::KMS::Key", "AWS::S3::Bucket"])
        };
        let state = |types: &[&str]| {
            let recorders = Recorders::from([(
                "eu-west-1".parse().unwrap(),
                Ok(RegionRecorder::Customer(daily.clone())),
            )]);
            states(&recorders, "eu-west-1", &needs(types))[2]
        };
        assert_eq!(state(&["AWS::S3::Bucket"]), CheckState::Warning);
        assert_eq!(state(&["AWS::KMS::Key"]), CheckState::Ok);
    }

    #[test]
    fn no_recorder_and_one_that_is_off_fail() {
        let off = Recorder { recording: false, ..recorder(&[]) };
        for (found, expected) in [
            (
                RegionRecorder::None { services: Vec::new() },
                vec![CheckState::Failed, CheckState::NotTried],
            ),
            (
                RegionRecorder::Customer(off),
                vec![CheckState::Failed, CheckState::Ok, CheckState::Ok],
            ),
        ] {
            let recorders = Recorders::from([("eu-west-1".parse().unwrap(), Ok(found))]);
            assert_eq!(states(&recorders, "eu-west-1", &needs(&[])), expected);
        }
    }
}
