//! From a finding to the format.

use std::collections::BTreeMap;

use super::document::{
    Compliance, Document, FindingProviderFields, Recommendation, RecordState, Remediation,
    Resource, Severity, WorkflowObject, field,
};
use super::resource_types::{ACCOUNT, resource_type};
use super::{limits, text::fit};
use crate::drift::finding::{Finding, FindingResource, Generator};
use cel::format_timestamp;

const SCHEMA_VERSION: &str = "2018-10-08";
const PRODUCT: &str = "Plumbline";
/// What stands where nothing visible can.
const NOTHING: &str = "-";

impl Finding {
    /// The finding in the AWS Security Finding Format.
    #[must_use]
    pub fn to_asff(&self) -> Document {
        let generator = self.generator.as_ref();
        let types = list(&generator.types, limits::TYPES);
        Document {
            schema_version: SCHEMA_VERSION.to_owned(),
            id: self.id.as_str().to_owned(),
            product_arn: self.product_arn(),
            product_name: PRODUCT.to_owned(),
            company_name: PRODUCT.to_owned(),
            region: self.region.to_string(),
            generator_id: fit(&generator.id(), limits::GENERATOR_ID, NOTHING).into_owned(),
            aws_account_id: self.account.to_string(),
            types: types.clone(),
            first_observed_at: format_timestamp(self.first_observed_at),
            last_observed_at: format_timestamp(self.last_observed_at),
            created_at: format_timestamp(self.created_at),
            updated_at: format_timestamp(self.updated_at),
            severity: severity(self.severity),
            title: fit(&generator.title, limits::TITLE, generator.control.as_str()).into_owned(),
            description: fit(&self.description, limits::DESCRIPTION, generator.control.as_str())
                .into_owned(),
            remediation: remediation(generator),
            product_fields: self.product_fields(),
            user_defined_fields: self.user_defined_fields(),
            resources: vec![self.resource()],
            compliance: Compliance {
                status: self.status,
                security_control_id: generator.control.to_string(),
                related_requirements: list(&generator.requirements, limits::RELATED_REQUIREMENTS),
            },
            workflow: WorkflowObject { status: self.workflow },
            record_state: if self.archived { RecordState::Archived } else { RecordState::Active },
            finding_provider_fields: FindingProviderFields {
                severity: severity(self.severity),
                types,
            },
        }
    }

    /// The product that every account has for findings of its own making.
    fn product_arn(&self) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
    }

    fn resource(&self) -> Resource {
        let (kind, id) = match self.resource.resource_type.as_str() {
            "Account" | "Region" => (ACCOUNT, format!("AWS::::Account:{}", self.account)),
            config_type => (resource_type(config_type), resource_id(&self.resource)),
        };
        Resource {
            kind: kind.to_owned(),
            id: fit(&id, limits::RESOURCE_ID, NOTHING).into_owned(),
            partition: self.partition,
            region: self.region.to_string(),
            tags: self.owner_tag().into_iter().collect(),
        }
    }

    /// The tag that says whom the resource belongs to, where Security Hub takes it. The product
    /// field says so in any case.
    fn owner_tag(&self) -> Option<(String, String)> {
        let ownership = self.ownership.as_ref()?;
        let (key, value) = (ownership.tag_key.as_deref()?, ownership.owner.as_str());
        let is_taken = is_tag(key, limits::TAG_KEY) && is_tag(value, limits::TAG_VALUE);
        is_taken.then(|| (key.to_owned(), value.to_owned()))
    }

    fn product_fields(&self) -> BTreeMap<String, String> {
        let generator = self.generator.as_ref();
        let fingerprint = self.fingerprint.to_string();
        let mut fields: BTreeMap<String, String> = [
            (field::INSTALLATION, generator.installation.as_str()),
            (field::NAMESPACE, &generator.baseline.namespace),
            (field::BASELINE, &generator.baseline.name),
            (field::CONTROL, generator.control.as_str()),
            (field::RESOURCE_TYPE, &self.resource.resource_type),
            (field::RESOURCE_ID, &self.resource.id),
            (field::FINGERPRINT, &fingerprint),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), product_field(value)))
        .collect();
        if let Some(publisher) = &self.publisher {
            fields.insert(field::PUBLISHER.to_owned(), publisher.as_str().to_owned());
        }
        if let Some(owner) = self.owner() {
            fields.insert(field::OWNER.to_owned(), product_field(owner.as_str()));
        }
        if let Some(name) = &self.resource.name {
            fields.insert(field::RESOURCE_NAME.to_owned(), product_field(name));
        }
        fields.extend(self.reading_fields());
        fields
    }

    /// One field for each reading.
    fn reading_fields(&self) -> impl Iterator<Item = (String, String)> {
        self.readings.iter().take(limits::READINGS).enumerate().map(|(at, reading)| {
            let path = reading_path(&reading.path);
            let value = reading_value(&reading.value);
            (format!("{}{:02}", field::READING, at + 1), format!("{path}{}{value}", field::READS))
        })
    }

    fn user_defined_fields(&self) -> BTreeMap<String, String> {
        let exemption = self.exemption.iter().map(|name| {
            let name = fit(name, limits::USER_DEFINED_FIELD_VALUE, NOTHING).into_owned();
            (field::EXEMPTION.to_owned(), name)
        });
        exemption.collect()
    }
}

/// The path of a reading as it is written. By a key of a map it may have what separates it from what stood there.
pub(super) fn reading_path(path: &str) -> String {
    let mut path = fit(path, limits::READING_PATH, NOTHING).into_owned();
    while path.contains(" =") {
        path = path.replace(" =", "=");
    }
    path
}

/// What stood there, as it is written.
pub(super) fn reading_value(value: &str) -> String {
    fit(value, limits::READING_VALUE, NOTHING).into_owned()
}

fn resource_id(resource: &FindingResource) -> String {
    let FindingResource { resource_type, id, arn, .. } = resource;
    let (resource_type, id) = (product_field(resource_type), product_field(id));
    arn.clone().unwrap_or_else(|| format!("{resource_type}/{id}"))
}

/// Whether a text is one that a tag may have as key or value.
fn is_tag(text: &str, limit: usize) -> bool {
    let is_allowed = |it: char| {
        it.is_alphanumeric() || matches!(it, ' ' | '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
    };
    let is_reserved = text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("aws:"));
    text.len() <= limit && !text.trim().is_empty() && !is_reserved && text.chars().all(is_allowed)
}

pub(super) fn product_field(value: &str) -> String {
    fit(value, limits::PRODUCT_FIELD_VALUE, NOTHING).into_owned()
}

fn list(entries: &[String], count: usize) -> Vec<String> {
    entries
        .iter()
        .take(count)
        .map(|entry| fit(entry, limits::ENTRY, NOTHING).into_owned())
        .collect()
}

fn severity(severity: model::Severity) -> Severity {
    let original = severity.as_str();
    Severity { label: original.to_uppercase(), original: original.to_owned() }
}

fn remediation(generator: &Generator) -> Remediation {
    let visible = |url: &&String| url.len() <= limits::REMEDIATION_URL && !url.trim().is_empty();
    Remediation {
        recommendation: Recommendation {
            text: fit(&generator.remediation_text, limits::REMEDIATION_TEXT, NOTHING).into_owned(),
            url: generator.remediation_url.as_ref().filter(visible).cloned(),
        },
    }
}
