//! What a configuration recorder records, as its own configuration item says it.
//!
//! The fields are those of AWS Config's `RecordingGroup`, whose names begin with a capital or a
//! small letter by encoding.

use std::collections::HashSet;

use crate::resource::Value;

/// The resource type of configuration recorders.
pub const RECORDER: &str = "AWS::Config::ConfigurationRecorder";

/// The types that `IncludeGlobalResourceTypes` speaks of ("Recording global resource types", AWS
/// Config developer guide).
const IAM_TYPES: [&str; 4] =
    ["AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"];

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
        let exclusion = of_group("ExclusionByResourceTypes");
        let recording = configuration.and_then(|value| field(value, "Recording"));
        Self {
            is_stopped: matches!(recording, Some(Value::Bool(false))),
            all: is("AllSupported") || strategy == Some("EXCLUSION_BY_RESOURCE_TYPES"),
            with_iam: is("IncludeGlobalResourceTypes")
                || strategy == Some("EXCLUSION_BY_RESOURCE_TYPES"),
            types: names(of_group("ResourceTypes")),
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
    fn a_recorder_that_says_nothing_records_nothing() {
        assert!(!recorder(&json!({})).records("AWS::S3::Bucket"));
    }
}
