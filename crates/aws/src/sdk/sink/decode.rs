//! From the SDK's type back to a finding.
//!
//! What people may change of a finding is read where it matters (workflow, user-defined fields) and
//! otherwise not at all: severity and types come from the fields that only providers write.

use aws_sdk_securityhub::types::{
    AwsSecurityFinding, ComplianceStatus, RecordState, Resource, WorkflowStatus,
};

use crate::publish::Place;
use engine::drift::asff::{Document, NotAFinding, document};
use engine::drift::{Finding, FindingStatus, Workflow};
use model::value_of;

/// Values of the ASFF (`Compliance.Status`, `Workflow.Status` and `RecordState`, "Required attributes"
/// and "Optional top-level attributes", AWS Security Hub User Guide).
const STATUSES: [(&str, FindingStatus); 2] =
    [("PASSED", FindingStatus::Passed), ("FAILED", FindingStatus::Failed)];
const WORKFLOWS: [(&str, Workflow); 4] = [
    ("NEW", Workflow::New),
    ("NOTIFIED", Workflow::Notified),
    ("SUPPRESSED", Workflow::Suppressed),
    ("RESOLVED", Workflow::Resolved),
];
/// Each with whether it is archived.
const STATES: [(&str, bool); 2] = [("ACTIVE", false), ("ARCHIVED", true)];

/// The finding that Security Hub gave in a place.
///
/// # Errors
///
/// When it is none that Plumbline published.
pub(super) fn decode(given: AwsSecurityFinding, place: &Place) -> Result<Finding, NotAFinding> {
    Finding::try_from(document(given, place)?)
}

/// The finding in the AWS Security Finding Format, as Plumbline wrote it.
pub(super) fn document(given: AwsSecurityFinding, place: &Place) -> Result<Document, NotAFinding> {
    let id = given.id.unwrap_or_default();
    let invalid = |what, value: &str| NotAFinding::InvalidValue {
        id: id.clone(),
        what,
        value: value.to_owned(),
    };
    let provided = given
        .finding_provider_fields
        .unwrap_or_else(|| aws_sdk_securityhub::types::FindingProviderFields::builder().build());
    let severity = provided.severity.map(|severity| document::Severity {
        label: severity.label.map(|label| label.as_str().to_owned()).unwrap_or_default(),
        original: severity.original.unwrap_or_default(),
    });
    let severity = severity.ok_or_else(|| invalid("severity", ""))?;
    let types = provided.types.unwrap_or_default();
    let compliance = given.compliance;
    let (status, security_control_id, related_requirements) = match compliance {
        Some(it) => (it.status, it.security_control_id, it.related_requirements),
        None => (None, None, None),
    };
    let status = status.as_ref().map_or("", ComplianceStatus::as_str);
    let status = value_of(status, &STATUSES).ok_or_else(|| invalid("compliance status", status))?;
    let workflow = given.workflow.and_then(|workflow| workflow.status);
    let workflow = workflow.as_ref().map_or("NEW", WorkflowStatus::as_str);
    let workflow =
        value_of(workflow, &WORKFLOWS).ok_or_else(|| invalid("workflow status", workflow))?;
    let state = given.record_state.as_ref().map_or("ACTIVE", RecordState::as_str);
    let archived = value_of(state, &STATES).ok_or_else(|| invalid("record state", state))?;
    let recommendation = given.remediation.and_then(|remediation| remediation.recommendation);
    let (text, url) =
        recommendation.map(|it| (it.text.unwrap_or_default(), it.url)).unwrap_or_default();
    let resources = given.resources.unwrap_or_default();
    Ok(Document {
        schema_version: given.schema_version.unwrap_or_default(),
        product_arn: given.product_arn.unwrap_or_default(),
        product_name: given.product_name.unwrap_or_default(),
        company_name: given.company_name.unwrap_or_default(),
        // Findings of long ago have no region of their own.
        region: given.region.unwrap_or_else(|| place.region.to_string()),
        generator_id: given.generator_id.unwrap_or_default(),
        aws_account_id: given.aws_account_id.unwrap_or_default(),
        types: types.clone(),
        first_observed_at: given.first_observed_at.unwrap_or_default(),
        last_observed_at: given.last_observed_at.unwrap_or_default(),
        created_at: given.created_at.unwrap_or_default(),
        updated_at: given.updated_at.unwrap_or_default(),
        severity: severity.clone(),
        title: given.title.unwrap_or_default(),
        description: given.description.unwrap_or_default(),
        remediation: document::Remediation {
            recommendation: document::Recommendation { text, url },
        },
        product_fields: given.product_fields.unwrap_or_default().into_iter().collect(),
        user_defined_fields: given.user_defined_fields.unwrap_or_default().into_iter().collect(),
        resources: resources.into_iter().map(|given| resource_of(given, place)).collect(),
        compliance: document::Compliance {
            status,
            security_control_id: security_control_id.unwrap_or_default(),
            related_requirements: related_requirements.unwrap_or_default(),
        },
        workflow: document::WorkflowObject { status: workflow },
        record_state: if archived {
            document::RecordState::Archived
        } else {
            document::RecordState::Active
        },
        finding_provider_fields: document::FindingProviderFields { severity, types },
        id,
    })
}

fn resource_of(given: Resource, place: &Place) -> document::Resource {
    let named = given.partition.as_ref();
    let known = named.and_then(|partition| model::Partition::from_name(partition.as_str()));
    document::Resource {
        kind: given.r#type.unwrap_or_default(),
        id: given.id.unwrap_or_default(),
        partition: known.unwrap_or(place.partition),
        region: given.region.unwrap_or_else(|| place.region.to_string()),
        tags: given.tags.unwrap_or_default().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sdk::sink::encode::encode;
    use aws_sdk_securityhub::types::{Severity, SeverityLabel};
    use engine::drift::fixture::{at, finding};
    use engine::drift::{FindingResource, FindingStatus, Workflow};
    use engine::evaluation::{FieldReading, Ownership};

    fn place() -> Place {
        Place {
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            partition: model::Partition::Aws,
        }
    }

    /// Findings in every state, with everything that a finding may have.
    fn findings() -> Vec<Finding> {
        let new = finding("logs", at(0));
        let arn = Some("arn:aws:s3:::logs".to_owned());
        let name = Some("logs".to_owned());
        let resource = Arc::new(FindingResource { arn, name, ..(*new.resource).clone() });
        let named = Finding { updated_at: at(60), resource, ..new.clone() };
        let reading = |path: &str| FieldReading { path: path.into(), value: "\"Off\"".into() };
        let readings = vec![reading("resource.a"), reading("resource.b = c")];
        let exemption = Some("platform/legacy".to_owned());
        let owner = model::Owner::new("payments@example.com").unwrap();
        let tagged = Some(Ownership { owner, tag_key: Some("team".to_owned()) });
        vec![
            Finding { ownership: tagged.map(Arc::new), ..new.clone() },
            Finding { ownership: None, ..new.clone() },
            named,
            Finding { readings: readings.into(), workflow: Workflow::Notified, ..new.clone() },
            Finding { workflow: Workflow::Suppressed, exemption, ..new.clone() },
            Finding { status: FindingStatus::Passed, workflow: Workflow::Resolved, ..new.clone() },
            Finding { archived: true, ..new },
        ]
    }

    #[test]
    fn what_the_sdk_carries_is_the_document() {
        for finding in findings() {
            let written = finding.to_asff();
            assert_eq!(document(encode(written.clone()), &place()), Ok(written));
        }
    }

    #[test]
    fn a_finding_is_read_back_as_it_was_written() {
        for finding in findings() {
            let read = decode(encode(finding.to_asff()), &place()).unwrap();
            assert_eq!(read.to_asff(), finding.to_asff());
            assert_eq!((&read.id, read.fingerprint), (&finding.id, finding.fingerprint));
        }
    }

    #[test]
    fn a_severity_that_a_person_set_is_not_the_provider_s() {
        let written = finding("logs", at(0)).to_asff();
        let mut given = encode(written.clone());
        given.severity = Some(Severity::builder().label(SeverityLabel::Low).normalized(1).build());
        given.types = None;
        assert_eq!(document(given, &place()), Ok(written));
    }

    #[test]
    fn a_state_is_known_however_it_is_spelt() {
        for finding in findings() {
            let mut given = encode(finding.to_asff());
            let spelt = |value: &str| value[..1].to_owned() + &value[1..].to_lowercase();
            given.record_state = given.record_state.map(|it| spelt(it.as_str()).as_str().into());
            let read = decode(given, &place()).unwrap();
            assert_eq!(read.archived, finding.archived);
        }
    }

    #[test]
    fn a_state_that_is_not_known_is_not_taken_for_another() {
        let mut given = encode(finding("logs", at(0)).to_asff());
        given.record_state = Some("DELETED".into());
        decode(given, &place()).unwrap_err();
    }

    #[test]
    fn what_plumbline_did_not_write_is_no_finding() {
        let strange: [fn(&mut AwsSecurityFinding); 4] = [
            |given| given.product_fields = None,
            |given| given.compliance = None,
            |given| given.finding_provider_fields = None,
            |given| given.updated_at = Some("yesterday".to_owned()),
        ];
        for strange in strange {
            let mut given = encode(finding("logs", at(0)).to_asff());
            strange(&mut given);
            decode(given, &place()).unwrap_err();
        }
    }
}
