//! Items as the SDK gives them, back as JSON text in the API's encoding.

use std::collections::HashMap;

use aws_sdk_config::types::{BaseConfigurationItem, ConfigurationItem, ResourceType};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value, json};

/// An item of a batch, with the id of its resource; nothing for one that does not say whose it is.
pub(super) fn of_batch(item: BaseConfigurationItem) -> Option<(String, String)> {
    let id = item.resource_id.clone()?;
    let fields = [
        ("resourceType", item.resource_type.map(|name| json!(name.as_str()))),
        ("resourceId", item.resource_id.map(Value::String)),
        ("resourceName", item.resource_name.map(Value::String)),
        ("arn", item.arn.map(Value::String)),
        ("accountId", item.account_id.map(Value::String)),
        ("awsRegion", item.aws_region.map(Value::String)),
        ("availabilityZone", item.availability_zone.map(Value::String)),
        (
            "configurationItemStatus",
            item.configuration_item_status.map(|status| json!(status.as_str())),
        ),
        ("configurationItemCaptureTime", item.configuration_item_capture_time.and_then(time)),
        ("resourceCreationTime", item.resource_creation_time.and_then(time)),
        ("configuration", item.configuration.map(Value::String)),
        ("supplementaryConfiguration", item.supplementary_configuration.map(texts)),
    ];
    Some((id, text(fields)))
}

/// An item of a resource's history.
pub(super) fn of_history(item: &ConfigurationItem) -> String {
    let relationships = item.relationships().iter().map(|related| {
        json!({
            "resourceType": related.resource_type().map(ResourceType::as_str),
            "resourceId": related.resource_id(),
            "resourceName": related.resource_name(),
            "relationshipName": related.relationship_name(),
        })
    });
    let string = |value: &Option<String>| value.clone().map(Value::String);
    let status = item.configuration_item_status.as_ref();
    text([
        ("resourceType", item.resource_type.as_ref().map(|name| json!(name.as_str()))),
        ("resourceId", string(&item.resource_id)),
        ("resourceName", string(&item.resource_name)),
        ("arn", string(&item.arn)),
        ("accountId", string(&item.account_id)),
        ("awsRegion", string(&item.aws_region)),
        ("availabilityZone", string(&item.availability_zone)),
        ("configurationItemStatus", status.map(|status| json!(status.as_str()))),
        ("configurationItemCaptureTime", item.configuration_item_capture_time.and_then(time)),
        ("resourceCreationTime", item.resource_creation_time.and_then(time)),
        ("tags", item.tags.clone().map(texts)),
        ("relationships", Some(Value::Array(relationships.collect()))),
        ("configuration", string(&item.configuration)),
        ("supplementaryConfiguration", item.supplementary_configuration.clone().map(texts)),
    ])
}

fn text<const FIELDS: usize>(fields: [(&str, Option<Value>); FIELDS]) -> String {
    let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<String, Value>>()).to_string()
}

fn texts(values: HashMap<String, String>) -> Value {
    values.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

fn time(time: DateTime) -> Option<Value> {
    time.fmt(Format::DateTime).ok().map(Value::String)
}
