//! Findings as Security Hub takes them: checked against AWS's own service model, and against the
//! lengths and counts that AWS documents.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod hostile;
mod service_model;
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use engine::drift::asff;
use engine::drift::asff::limits;
use serde_json::{Value, json};

use service_model::ServiceModel;

const FINDING: &str = "AwsSecurityFinding";

fn faults(finding: &Value) -> Vec<String> {
    ServiceModel::security_hub().faults(FINDING, finding)
}

#[test]
fn findings_of_every_kind_are_as_the_service_model_says() {
    let findings = world::published();
    let kinds: BTreeSet<&str> = findings.iter().map(|(kind, _)| *kind).collect();
    let every = [
        "archived",
        "heartbeat",
        "opened",
        "passed",
        "resolved",
        "suppressed",
        "unsuppressed",
        "updated",
    ];
    assert_eq!(kinds, BTreeSet::from(every));
    for (kind, finding) in findings {
        assert_eq!(faults(&finding), [""; 0], "{kind}: {finding:#}");
    }
}

#[test]
fn a_finding_says_what_is_wrong_where_and_what_to_do() {
    let findings = world::published().into_iter().map(|(_, finding)| finding);
    let is_bucket = |finding: &Value| finding["Resources"][0]["Id"] == "arn:aws:s3:::logs";
    let finding = findings.into_iter().find(is_bucket).unwrap();
    let expected = json!({
        "ProductArn":
            "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default",
        "GeneratorId": "plumbline/default/platform/production/s3-bucket-versioning",
        "AwsAccountId": "111122223333",
        "Region": "eu-west-1",
        "Severity": {"Label": "CRITICAL", "Original": "Critical"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(finding[name], *value, "{name}");
    }
    assert_eq!(finding["Resources"][0]["Type"], "AwsS3Bucket");
    assert_eq!(finding["Resources"][0]["Id"], "arn:aws:s3:::logs");
    assert_eq!(finding["Compliance"]["Status"], "FAILED");
    assert_eq!(finding["FindingProviderFields"]["Severity"], finding["Severity"]);
    assert_eq!(finding["FindingProviderFields"]["Types"], finding["Types"]);
    let reading = finding["ProductFields"]["plumbline/reading-01"].as_str().unwrap();
    assert!(reading.ends_with(".status = \"Suspended\""), "{reading}");
}

#[test]
fn a_finding_of_an_account_names_the_account() {
    let findings = world::published();
    let of_account = |finding: &&Value| finding["Resources"][0]["Type"] == "AwsAccount";
    let finding = findings.iter().map(|(_, finding)| finding).find(of_account).unwrap();
    assert_eq!(finding["Resources"][0]["Id"], "AWS::::Account:111122223333");
}

#[test]
fn hostile_findings_are_cut_to_the_documented_lengths_and_nothing_is_dropped() {
    for finding in hostile::findings() {
        let asff = serde_json::to_value(finding.to_asff()).unwrap();
        assert_eq!(faults(&asff), [""; 0], "{asff:#}");
        for (place, text, limit) in hostile::texts(&asff) {
            assert!(!text.trim().is_empty(), "{place}");
            assert!(text.len() <= limit, "{place}: {} > {limit}", text.len());
        }
        for (place, count, limit) in hostile::counts(&asff) {
            assert!((1..=limit).contains(&count), "{place}: {count}");
        }
        let bytes = serde_json::to_vec(&asff).unwrap().len();
        assert!(bytes <= limits::FINDING, "{bytes}");
    }
}

#[test]
fn what_was_cut_ends_with_an_ellipsis() {
    let finding = hostile::findings().into_iter().next().unwrap();
    let asff = serde_json::to_value(finding.to_asff()).unwrap();
    for pointer in ["/Title", "/Description", "/Remediation/Recommendation/Text", "/Types/0"] {
        assert!(asff.pointer(pointer).unwrap().as_str().unwrap().ends_with('…'), "{pointer}");
    }
}

#[test]
fn a_finding_is_read_back_as_it_was_written() {
    for (_, finding) in world::published() {
        let document: asff::Document = serde_json::from_value(finding.clone()).unwrap();
        let read = engine::drift::Finding::try_from(document).unwrap();
        assert_eq!(serde_json::to_value(read.to_asff()).unwrap(), finding);
    }
    for finding in hostile::findings() {
        let read = engine::drift::Finding::try_from(finding.to_asff()).unwrap();
        assert_eq!((&read.id, read.fingerprint), (&finding.id, finding.fingerprint));
        assert_eq!(read.to_asff(), finding.to_asff());
    }
    // What somebody else wrote is written the same from then on.
    let mut strange = hostile::findings().into_iter().next().unwrap();
    for resource_type in ["", " ", "AWS::\u{202e}Evil"] {
        let resource = Arc::make_mut(&mut strange.resource);
        resource.resource_type = resource_type.to_owned();
        resource.arn = None;
        let written = strange.to_asff();
        let read = engine::drift::Finding::try_from(written.clone()).unwrap();
        assert_eq!(read.to_asff(), written, "{resource_type:?}");
    }
}

#[test]
fn a_finding_whose_baseline_security_hub_would_not_keep_is_not_ours() {
    let document = hostile::findings().into_iter().next().unwrap().to_asff();
    for key in [asff::document::field::BASELINE, asff::document::field::NAMESPACE] {
        for name in ["", " ", "a\u{7}b"] {
            let mut document = document.clone();
            document.product_fields.insert(key.to_owned(), name.to_owned());
            let error = engine::drift::Finding::try_from(document).unwrap_err();
            assert!(error.to_string().contains(&format!("{name:?} cannot be its")), "{error}");
        }
    }
}

#[test]
fn the_limits_are_those_that_aws_documents() {
    let model = ServiceModel::security_hub();
    for (shape, member, phrase) in [
        (FINDING, "Id", format!("Maximum length of {}", limits::ID)),
        (FINDING, "GeneratorId", format!("Maximum length of {}", limits::GENERATOR_ID)),
        (FINDING, "ProductArn", format!("Maximum length of {}", limits::PRODUCT_ARN)),
        (FINDING, "Title", format!("Maximum length of {}", limits::TITLE)),
        (FINDING, "Description", format!("Maximum length of {}", limits::DESCRIPTION)),
        (FINDING, "CompanyName", format!("Maximum length of {}", limits::PRODUCT_NAME)),
        (FINDING, "ProductName", format!("Maximum length of {}", limits::PRODUCT_NAME)),
        (FINDING, "Region", format!("Maximum length of {}", limits::REGION)),
        (FINDING, "Types", format!("Maximum number of {} items", limits::TYPES)),
        (FINDING, "Resources", format!("Maximum number of {} items", limits::RESOURCES)),
        (FINDING, "ProductFields", format!("up to {} key-value pairs", limits::FIELDS)),
        (FINDING, "ProductFields", format!("key can contain up to {} char", limits::FIELD_KEY)),
        (FINDING, "ProductFields", format!("up to {} char", limits::PRODUCT_FIELD_VALUE)),
        (FINDING, "UserDefinedFields", format!("up to {} key-value pairs", limits::FIELDS)),
        (FINDING, "UserDefinedFields", format!("{} char", limits::USER_DEFINED_FIELD_VALUE)),
        ("Recommendation", "Text", format!("Maximum of {} length", limits::REMEDIATION_TEXT)),
        (
            "Compliance",
            "RelatedRequirements",
            format!("Maximum number of {} items", limits::RELATED_REQUIREMENTS),
        ),
        (
            "FindingProviderSeverity",
            "Original",
            format!("Maximum length of {}", limits::SEVERITY_ORIGINAL),
        ),
        ("Resource", "Type", format!("Maximum length of {}", limits::RESOURCE_TYPE)),
        ("Resource", "Region", format!("Maximum length of {}", limits::REGION)),
    ] {
        let text = model.documentation(shape, member);
        assert!(text.contains(&phrase), "{shape}.{member}: {phrase:?} is not in {text:?}");
    }
}

#[test]
fn every_resource_type_is_one_of_the_format() {
    let known = ServiceModel::security_hub().members("ResourceDetails");
    for (config_type, name) in asff::RESOURCE_TYPES {
        assert!(known.contains(&name), "{config_type}: {name}");
        assert!(config_type.parse::<model::ResourceType>().is_ok(), "{config_type}");
    }
    assert!(known.contains(&asff::resource_type("AWS::Unheard::Of")));
}

#[test]
fn the_checker_takes_findings_that_security_hub_gave() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/asff-findings");
    let Ok(files) = fs::read_dir(&folder) else {
        support::skipped::skip(
            "there is no ../shared/data/asff-findings, which is not in the repository",
        );
        return;
    };
    let mut checked = 0;
    for path in files.map(|file| file.unwrap().path()) {
        let text = fs::read_to_string(&path).unwrap();
        for finding in sample(&serde_json::from_str(&text).unwrap()) {
            assert_eq!(faults(finding), [""; 0], "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 20, "{checked}");
}

/// The findings of a sample file: an event with a list of them, or one alone.
fn sample(json: &Value) -> Vec<&Value> {
    match json.pointer("/detail/findings") {
        Some(Value::Array(findings)) => findings.iter().collect(),
        _ => vec![json],
    }
}

/// Damages a finding.
type Break = fn(&mut Value);

#[test]
fn the_checker_refuses_what_security_hub_would() {
    let (_, good) = world::published().swap_remove(0);
    let breaks: [(&str, Break); 6] = [
        ("Title\" is missing", |it| drop(it.as_object_mut().unwrap().remove("Title"))),
        ("is none of its values", |it| it["Severity"]["Label"] = "Medium".into()),
        ("there is no member Titel", |it| it["Titel"] = "x".into()),
        ("does not match", |it| it["Description"] = "  ".into()),
        ("is no list", |it| it["Types"] = "x".into()),
        ("is no string", |it| it["ProductFields"]["x"] = 1.into()),
    ];
    for (fault, break_it) in breaks {
        let mut finding = good.clone();
        break_it(&mut finding);
        let found = faults(&finding);
        assert!(found.iter().any(|it| it.contains(fault)), "{fault}: {found:?}");
    }
}
