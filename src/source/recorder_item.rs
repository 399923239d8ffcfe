//! What a configuration recorder records, as its own configuration item says it.
//!
//! The fields are those of AWS Config's `RecordingGroup`, whose names begin with a capital or a
//! small letter by encoding.

use std::collections::HashSet;

use crate::resource::{Value, means};

/// The resource type of configuration recorders.
pub const RECORDER: &str = "AWS::Config::ConfigurationRecorder";

/// The types that `IncludeGlobalResourceTypes` speaks of ("Recording global resource types", AWS
/// Config developer guide).
const IAM_TYPES: [&str; 4] =
    ["AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"];

/// The strategies that there are (`RecordingStrategy`, AWS Config API Reference).
const STRATEGIES: [&str; 3] =
    ["ALL_SUPPORTED_RESOURCE_TYPES", "INCLUSION_BY_RESOURCE_TYPES", EXCLUSION];
const EXCLUSION: &str = "EXCLUSION_BY_RESOURCE_TYPES";

/// What a configuration recorder records.
#[derive(Debug, PartialEq, Eq)]
pub struct RecorderItem {
    is_stopped: bool,
    all: bool,
    with_iam: bool,
    types: HashSet<Box<str>>,
    excluded: HashSet<Box<str>>,
}

impl RecorderItem {
    /// The recorder that `resource` is.
    pub fn of(resource: Value<'_>) -> Self {
        let configuration = resource.get("configuration");
        let group = configuration.and_then(|value| field(value, "RecordingGroup"));
        let of_group = |name: &str| group.and_then(|group| field(group, name));
        let is = |name: &str| matches!(of_group(name), Some(Value::Bool(true)));
        let strategy = of_group("RecordingStrategy").and_then(|value| field(value, "UseOnly"));
        let strategy = strategy.and_then(|value| value.as_str());
        let is_strategy = |name: &str| strategy.is_some_and(|strategy| means(strategy, name));
        let is_known = strategy.is_none() || STRATEGIES.into_iter().any(is_strategy);
        let all_but = is_strategy(EXCLUSION);
        let exclusion = of_group("ExclusionByResourceTypes");
        let recording = configuration.and_then(|value| field(value, "Recording"));
        Self {
            is_stopped: matches!(recording, Some(Value::Bool(false))),
            all: is_known && (is("AllSupported") || all_but),
            with_iam: is("IncludeGlobalResourceTypes") || all_but,
            types: if is_known { names(of_group("ResourceTypes")) } else { HashSet::new() },
            excluded: names(exclusion.and_then(|value| field(value, "ResourceTypes"))),
        }
    }

    /// Whether it says that it is off.
    pub const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Whether it records a type.
    pub fn records(&self, resource_type: &str) -> bool {
        if self.all {
            let of_iam = IAM_TYPES.contains(&resource_type);
            !self.excluded.contains(resource_type) && (self.with_iam || !of_iam)
        } else {
            self.types.contains(resource_type)
        }
    }
}

/// A field by its name, which may begin with a small letter.
fn field<'a>(value: Value<'a>, name: &str) -> Option<Value<'a>> {
    value.get(name).or_else(|| {
        let first = name.get(..1)?.to_ascii_lowercase();
        value.get(&(first + name.get(1..)?))
    })
}

fn names(list: Option<Value<'_>>) -> HashSet<Box<str>> {
    let Some(Value::List(names)) = list else { return HashSet::new() };
    names.iter().filter_map(Value::as_str).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde_json::json;

    use super::*;
    use crate::expression::from_json;

    fn recorder(group: &serde_json::Value) -> RecorderItem {
        let resource = json!({"configuration": {"name": "default", "recordingGroup": group}});
        RecorderItem::of(from_json(&resource, &Bump::new()))
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
    fn a_recorder_that_says_nothing_records_nothing() {
        assert!(!recorder(&json!({})).records("AWS::S3::Bucket"));
    }
}
