//! From a finding in the AWS Security Finding Format to the SDK's type.

use aws_sdk_securityhub::types::{
    AwsSecurityFinding, Compliance, ComplianceStatus, FindingProviderFields,
    FindingProviderSeverity, Partition, Recommendation, RecordState, Remediation, Resource,
    Severity, SeverityLabel, Workflow, WorkflowStatus,
};

use engine::drift;
use engine::drift::FindingStatus;
use engine::drift::asff::{Document, document};

/// The finding as the SDK takes it. Every field is named, so that none is forgotten.
pub(super) fn encode(document: Document) -> AwsSecurityFinding {
    let Document {
        schema_version,
        id,
        product_arn,
        product_name,
        company_name,
        region,
        generator_id,
        aws_account_id,
        types,
        first_observed_at,
        last_observed_at,
        created_at,
        updated_at,
        severity,
        title,
        description,
        remediation,
        product_fields,
        user_defined_fields,
        resources,
        compliance,
        workflow,
        record_state,
        finding_provider_fields,
    } = document;
    let user_defined_fields =
        (!user_defined_fields.is_empty()).then(|| user_defined_fields.into_iter().collect());
    AwsSecurityFinding::builder()
        .schema_version(schema_version)
        .id(id)
        .product_arn(product_arn)
        .product_name(product_name)
        .company_name(company_name)
        .region(region)
        .generator_id(generator_id)
        .aws_account_id(aws_account_id)
        .set_types(Some(types))
        .first_observed_at(first_observed_at)
        .last_observed_at(last_observed_at)
        .created_at(created_at)
        .updated_at(updated_at)
        .severity(
            Severity::builder()
                .label(SeverityLabel::from(severity.label.as_str()))
                .original(severity.original)
                .build(),
        )
        .title(title)
        .description(description)
        .remediation(encode_remediation(remediation))
        .set_product_fields(Some(product_fields.into_iter().collect()))
        .set_user_defined_fields(user_defined_fields)
        .set_resources(Some(resources.into_iter().map(encode_resource).collect()))
        .compliance(encode_compliance(compliance))
        .workflow(Workflow::builder().status(encode_workflow(workflow.status)).build())
        .record_state(match record_state {
            document::RecordState::Active => RecordState::Active,
            document::RecordState::Archived => RecordState::Archived,
        })
        .finding_provider_fields(encode_provider_fields(finding_provider_fields))
        .build()
}

/// A workflow status as the SDK names it.
pub(super) const fn encode_workflow(workflow: drift::Workflow) -> WorkflowStatus {
    match workflow {
        drift::Workflow::New => WorkflowStatus::New,
        drift::Workflow::Notified => WorkflowStatus::Notified,
        drift::Workflow::Suppressed => WorkflowStatus::Suppressed,
        drift::Workflow::Resolved => WorkflowStatus::Resolved,
    }
}

fn encode_remediation(remediation: document::Remediation) -> Remediation {
    let document::Remediation { recommendation: document::Recommendation { text, url } } =
        remediation;
    let recommendation = Recommendation::builder().text(text).set_url(url).build();
    Remediation::builder().recommendation(recommendation).build()
}

fn encode_resource(resource: document::Resource) -> Resource {
    let document::Resource { kind, id, partition, region, tags } = resource;
    Resource::builder()
        .r#type(kind)
        .id(id)
        .partition(Partition::from(partition.as_str()))
        .region(region)
        .set_tags((!tags.is_empty()).then(|| tags.into_iter().collect()))
        .build()
}

fn encode_compliance(compliance: document::Compliance) -> Compliance {
    let document::Compliance { status, security_control_id, related_requirements } = compliance;
    Compliance::builder()
        .status(match status {
            FindingStatus::Passed => ComplianceStatus::Passed,
            FindingStatus::Failed => ComplianceStatus::Failed,
        })
        .security_control_id(security_control_id)
        .set_related_requirements(
            (!related_requirements.is_empty()).then_some(related_requirements),
        )
        .build()
}

fn encode_provider_fields(fields: document::FindingProviderFields) -> FindingProviderFields {
    let document::FindingProviderFields { severity, types } = fields;
    FindingProviderFields::builder()
        .severity(
            FindingProviderSeverity::builder()
                .label(SeverityLabel::from(severity.label.as_str()))
                .original(severity.original)
                .build(),
        )
        .set_types(Some(types))
        .build()
}
