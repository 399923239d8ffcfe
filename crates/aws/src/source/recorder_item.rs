//! What a configuration recorder records, as its own configuration item says it.
//!
//! The fields are those of AWS Config's `RecordingGroup`, whose names begin with a capital or a
//! small letter by encoding.

use std::collections::HashSet;

use cel::Value;
use model::means;

/// The resource type of configuration recorders.
pub const RECORDER: &str = "AWS::Config::ConfigurationRecorder";

/// The types that `IncludeGlobalResourceTypes` speaks of ("Recording global resource types", AWS
/// Config developer guide).
pub(super) const IAM_TYPES: [&str; 4] =
    ["AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"];

/// The strategies that there are (`RecordingStrategy`, AWS Config API Reference).
const STRATEGIES: [&str; 3] =
    ["ALL_SUPPORTED_RESOURCE_TYPES", "INCLUSION_BY_RESOURCE_TYPES", EXCLUSION];
const EXCLUSION: &str = "EXCLUSION_BY_RESOURCE_TYPES";

/// What a configuration recorder records.
#[derive(Debug, PartialEq, Eq)]
pub struct RecorderItem {
    recording: Option<bool>,
    all: bool,
    with_iam: bool,
    types: HashSet<Box<str>>,
    excluded: HashSet<Box<str>>,
    /// Whether types are recorded once a day, but for the exceptions.
    daily: (bool, HashSet<Box<str>>),
}

impl RecorderItem {
    /// The recorder that `resource` is; nothing where that cannot be understood.
    pub fn of(resource: Value<'_>) -> Option<Self> {
        let configuration = given(resource.get("configuration"), map)?;
        let of_recorder = |name: &str| configuration.and_then(|it| field(it, name));
        let group = given(of_recorder("RecordingGroup"), map)?;
        let of_group = |name: &str| group.and_then(|group| field(group, name));
        let strategy = given(of_group("RecordingStrategy"), map)?;
        let strategy = given(strategy.and_then(|it| field(it, "UseOnly")), |it| it.as_str())?;
        let is_strategy = |name: &str| strategy.is_some_and(|strategy| means(strategy, name));
        let is_known = strategy.is_none() || STRATEGIES.into_iter().any(is_strategy);
        let all_but = is_strategy(EXCLUSION);
        let exclusion = given(of_group("ExclusionByResourceTypes"), map)?;
        let excluded = given(exclusion.and_then(|it| field(it, "ResourceTypes")), names)?;
        let types = given(of_group("ResourceTypes"), names)?;
        let all_supported = given(of_group("AllSupported"), bool)?;
        let with_global = given(of_group("IncludeGlobalResourceTypes"), bool)?;
        Some(Self {
            recording: given(of_recorder("Recording"), bool)?,
            all: is_known && (all_supported == Some(true) || all_but),
            with_iam: with_global == Some(true) || all_but,
            types: types.filter(|_| is_known).unwrap_or_default(),
            excluded: excluded.unwrap_or_default(),
            daily: of_recorder("RecordingMode").and_then(daily).unwrap_or_default(),
        })
    }

    /// Whether it records a type once a day, as far as it says so in a way that is understood.
    pub fn records_daily(&self, resource_type: &str) -> bool {
        let (usually, exceptions) = &self.daily;
        *usually != exceptions.contains(&*folded(resource_type))
    }

    /// Whether it says that it is off.
    pub const fn is_stopped(&self) -> bool {
        matches!(self.recording, Some(false))
    }

    /// Whether it says that it is on. Older items say neither.
    pub const fn is_running(&self) -> bool {
        matches!(self.recording, Some(true))
    }

    /// Whether it records a type.
    pub fn records(&self, resource_type: &str) -> bool {
        if self.all {
            let of_iam = IAM_TYPES.contains(&resource_type);
            !self.excluded.contains(&*folded(resource_type)) && (self.with_iam || !of_iam)
        } else {
            self.types.contains(&*folded(resource_type))
        }
    }
}

/// Whether types are recorded once a day, and which are not as the others (`RecordingMode`, AWS Config
/// API Reference).
fn daily(mode: Value<'_>) -> Option<(bool, HashSet<Box<str>>)> {
    let is_daily = |of: Value<'_>| {
        field(of, "RecordingFrequency")?.as_str().map(|frequency| means(frequency, "DAILY"))
    };
    let usually = is_daily(mode)?;
    let mut exceptions = HashSet::new();
    if let Some(Value::List(overrides)) = field(mode, "RecordingModeOverrides") {
        for other in overrides.iter().copied() {
            if is_daily(other)? != usually {
                exceptions.extend(field(other, "ResourceTypes").and_then(names)?);
            }
        }
    }
    Some((usually, exceptions))
}

/// A field by its name, which may begin with a small letter.
fn field<'a>(value: Value<'a>, name: &str) -> Option<Value<'a>> {
    value.get(name).or_else(|| {
        let first = name.get(..1)?.to_ascii_lowercase();
        value.get(&(first + name.get(1..)?))
    })
}

/// What `read` makes of a value, where there is one; nothing where that is of another type.
#[allow(clippy::option_option)] // absent is something else than wrong
fn given<'v, T>(
    value: Option<Value<'v>>,
    read: impl FnOnce(Value<'v>) -> Option<T>,
) -> Option<Option<T>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => read(value).map(Some),
    }
}

fn map(value: Value<'_>) -> Option<Value<'_>> {
    matches!(value, Value::Map(_)).then_some(value)
}

const fn bool(value: Value<'_>) -> Option<bool> {
    if let Value::Bool(value) = value { Some(value) } else { None }
}

/// The types that a list names.
fn names(list: Value<'_>) -> Option<HashSet<Box<str>>> {
    let Value::List(names) = list else { return None };
    names.iter().map(|name| name.as_str().map(folded)).collect()
}

/// A type's name without regard to case.
fn folded(name: &str) -> Box<str> {
    name.to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde_json::json;

    use super::*;
    use cel::from_json;

    fn recorder(group: &serde_json::Value) -> RecorderItem {
        let resource = json!({"configuration": {"name": "default", "recordingGroup": group}});
        RecorderItem::of(from_json(&resource, &Bump::new())).unwrap()
    }

    #[test]
    fn a_recorder_of_another_shape_is_not_understood() {
        let exclusion = |types: serde_json::Value| {
            json!({"recordingGroup": {
                "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                "exclusionByResourceTypes": types,
            }})
        };
        for configuration in [
            exclusion(json!({"resourceTypes": "AWS::S3::Bucket"})),
            exclusion(json!({"resourceTypes": [null, 5]})),
            exclusion(json!(["AWS::S3::Bucket"])),
            json!({"recording": "false"}),
            json!({"recording": 0}),
            json!({"recordingGroup": {"allSupported": "true"}}),
            json!({"recordingGroup": {"allSupported": true, "recordingStrategy": {"useOnly": 5}}}),
            json!({"recordingGroup": {"allSupported": true, "recordingStrategy": "ALL"}}),
            json!({"recordingGroup": []}),
            json!("recording"),
        ] {
            let resource = json!({"configuration": configuration});
            assert_eq!(RecorderItem::of(from_json(&resource, &Bump::new())), None, "{resource}");
        }
        let mixed =
            json!({"configuration": exclusion(json!({"resourceTypes": ["aws::s3::bucket"]}))});
        let mixed = RecorderItem::of(from_json(&mixed, &Bump::new())).unwrap();
        assert!(!mixed.records("AWS::S3::Bucket") && mixed.records("AWS::KMS::Key"));
    }

    #[test]
    fn all_supported_types_are_recorded_and_those_of_iam_only_if_asked_for() {
        let without = recorder(&json!({"allSupported": true}));
        assert!(without.records("AWS::S3::Bucket") && !without.records("AWS::IAM::Role"));
        let with = recorder(&json!({"AllSupported": true, "IncludeGlobalResourceTypes": true}));
        assert!(with.records("AWS::IAM::Role"));
    }

    #[test]
    fn a_list_of_types_records_these_alone() {
        let some = recorder(&json!({"allSupported": false, "resourceTypes": ["AWS::S3::Bucket"]}));
        assert!(some.records("AWS::S3::Bucket") && !some.records("AWS::KMS::Key"));
    }

    #[test]
    fn excluded_types_are_not_recorded() {
        let rest = recorder(&json!({
            "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
            "exclusionByResourceTypes": {"resourceTypes": ["AWS::KMS::Key"]},
        }));
        assert!(rest.records("AWS::S3::Bucket") && !rest.records("AWS::KMS::Key"));
        assert!(rest.records("AWS::IAM::Role"));
    }

    #[test]
    fn a_strategy_is_known_however_it_is_spelt_and_else_records_nothing() {
        let by = |strategy: &str| {
            recorder(&json!({
                "allSupported": true,
                "recordingStrategy": {"useOnly": strategy},
                "exclusionByResourceTypes": {"resourceTypes": ["AWS::KMS::Key"]},
            }))
        };
        assert!(by("Exclusion_By_Resource_Types").records("AWS::IAM::Role"));
        assert!(!by("MOST_RESOURCE_TYPES").records("AWS::S3::Bucket"));
    }

    #[test]
    fn types_are_recorded_daily_by_mode_and_overrides() {
        let of = |mode: serde_json::Value| {
            let resource = json!({"configuration": {"recordingMode": mode}});
            RecorderItem::of(from_json(&resource, &Bump::new())).unwrap()
        };
        let (bucket, key) = ("AWS::S3::Bucket", "AWS::KMS::Key");
        let overrides = |frequency: &str| json!([{"recordingFrequency": frequency, "resourceTypes": ["aws::s3::bucket"]}]);
        let continuous = of(json!({
            "recordingFrequency": "CONTINUOUS", "recordingModeOverrides": overrides("DAILY"),
        }));
        assert!(continuous.records_daily(bucket) && !continuous.records_daily(key));
        let daily = of(json!({
            "recordingFrequency": "Daily", "recordingModeOverrides": overrides("CONTINUOUS"),
        }));
        assert!(!daily.records_daily(bucket) && daily.records_daily(key));
        for strange in [json!({"recordingFrequency": 5}), json!([]), json!(null)] {
            assert!(!of(strange).records_daily(bucket), "and it is understood for the rest");
        }
    }

    #[test]
    fn a_recorder_that_says_nothing_records_nothing() {
        assert!(!recorder(&json!({})).records("AWS::S3::Bucket"));
    }
}
