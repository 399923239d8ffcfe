//! Findings with texts that nobody should write, and where their documented limits are.

use std::sync::Arc;

use engine::drift::asff::limits;
use engine::drift::{Finding, FindingStatus, Generator, Installation, SharedParts, Workflow};
use engine::evaluation::{EvaluationResult, FieldReading, OwnerTag, OwnerTagPlace, Subject};
use model::Verdict;
use serde_json::Value;

use super::world;

/// Findings whose texts are too long, cut at every byte of a character, blank, or full of what
/// JSON has to escape.
pub(crate) fn findings() -> Vec<Finding> {
    let mut texts: Vec<String> =
        (0..4).map(|shift| format!("{}{}", "x".repeat(shift), "🪣".repeat(2500))).collect();
    texts.push("\"\\".repeat(5000));
    texts.push("\u{1}\n\t".repeat(3000));
    texts.push(String::new());
    texts.push(" \n ".to_owned());
    texts.push("ä".repeat(600));
    // What stands between the place of a reading and what was read, once control characters are blanks.
    texts.push(format!("tags[\"a\u{1}=\u{1}{}  = = c =", "b".repeat(5000)));
    texts.push("c =".to_owned());
    texts.iter().map(|text| finding(text)).collect()
}

/// A finding with `text` wherever a text comes from outside.
fn finding(text: &str) -> Finding {
    let plan = world::plan();
    let control = &plan.controls[0].control;
    let generator = Generator {
        title: text.to_owned(),
        types: vec![text.to_owned(); 80],
        remediation_text: text.to_owned(),
        remediation_url: Some(text.to_owned()),
        requirements: vec![text.to_owned(); 80],
        ..Generator::new(&Installation::default(), &plan.baseline, control, FindingStatus::Failed)
    };
    let reading = FieldReading { path: text.to_owned(), value: text.to_owned() };
    let result = EvaluationResult {
        plan: 0,
        target: 0,
        control: 0,
        subject: Subject::Resource {
            resource_type: "AWS::S3::Bucket",
            id: text,
            arn: Some(text),
            name: Some(text),
            region: "eu-west-1",
        },
        verdict: Verdict::NonCompliant,
        message: text,
        explanation: &vec![reading; 80],
        exemption: None,
        owner_tag: OwnerTagPlace::found(Some(OwnerTag { key: text, value: text })),
    };
    let (generator, shared) = (Arc::new(generator), &mut SharedParts::default());
    let finding = Finding::new(&generator, &plan, &result, world::day(0), shared).unwrap();
    Finding { workflow: Workflow::Suppressed, exemption: Some(text.to_owned()), ..finding }
}

/// Each text of a finding that has a documented length, with its place and that length.
pub(crate) fn texts(asff: &Value) -> Vec<(String, String, usize)> {
    let mut texts = Vec::new();
    let mut add = |place: &str, value: &Value, limit: usize| match value {
        Value::String(text) => texts.push((place.to_owned(), text.clone(), limit)),
        Value::Array(items) => texts.extend(
            items.iter().map(|item| (place.to_owned(), item.as_str().unwrap().to_owned(), limit)),
        ),
        Value::Null if place.ends_with("Url") => {}
        other => panic!("{place}: {other}"),
    };
    for (place, limit) in [
        ("/Id", limits::ID),
        ("/GeneratorId", limits::GENERATOR_ID),
        ("/ProductArn", limits::PRODUCT_ARN),
        ("/ProductName", limits::PRODUCT_NAME),
        ("/CompanyName", limits::PRODUCT_NAME),
        ("/Region", limits::REGION),
        ("/Title", limits::TITLE),
        ("/Description", limits::DESCRIPTION),
        ("/Remediation/Recommendation/Text", limits::REMEDIATION_TEXT),
        ("/Remediation/Recommendation/Url", limits::REMEDIATION_URL),
        ("/Severity/Original", limits::SEVERITY_ORIGINAL),
        ("/FindingProviderFields/Severity/Original", limits::SEVERITY_ORIGINAL),
        ("/Types", limits::ENTRY),
        ("/Compliance/RelatedRequirements", limits::ENTRY),
        ("/Resources/0/Type", limits::RESOURCE_TYPE),
        ("/Resources/0/Id", limits::RESOURCE_ID),
        ("/Resources/0/Region", limits::REGION),
    ] {
        add(place, asff.pointer(place).unwrap_or(&Value::Null), limit);
    }
    for (map, limit) in [
        ("ProductFields", limits::PRODUCT_FIELD_VALUE),
        ("UserDefinedFields", limits::USER_DEFINED_FIELD_VALUE),
    ] {
        for (key, value) in asff[map].as_object().unwrap() {
            add(map, &key.as_str().into(), limits::FIELD_KEY);
            add(&format!("{map}.{key}"), value, limit);
        }
    }
    texts
}

/// Each list and map of a finding that has a documented count, with its place and that count.
pub(crate) fn counts(asff: &Value) -> Vec<(&'static str, usize, usize)> {
    let length = |place: &str| match asff.pointer(place) {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Object(fields)) => fields.len(),
        other => panic!("{place}: {other:?}"),
    };
    [
        ("/Types", limits::TYPES),
        ("/FindingProviderFields/Types", limits::TYPES),
        ("/Resources", limits::RESOURCES),
        ("/Compliance/RelatedRequirements", limits::RELATED_REQUIREMENTS),
        ("/ProductFields", limits::FIELDS),
        ("/UserDefinedFields", limits::FIELDS),
    ]
    .into_iter()
    .map(|(place, limit)| (place, length(place), limit))
    .collect()
}
