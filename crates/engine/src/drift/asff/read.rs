//! From the format back to a finding.

use std::sync::Arc;

use thiserror::Error;

use super::document::{Document, RecordState, field};
use super::write::{product_field, reading_path, reading_value};
use crate::drift::finding::{Finding, FindingResource, Generator};
use crate::drift::id::FindingId;
use crate::drift::publisher::PublisherId;
use crate::evaluation::{FieldReading, Ownership, masked_reading};
use crate::plan::BaselineKey;
use cel::Timestamp;
use cel::parse_timestamp;
use model::{Owner, Partition, Severity};

/// Why a document is not a finding of Plumbline's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotAFinding {
    /// A product field is missing that Plumbline always writes.
    #[error("finding {id}: there is no product field {key}; Plumbline did not write it")]
    MissingField {
        /// The finding's id.
        id: String,
        /// The field's key.
        key: &'static str,
    },
    /// A value is none that Plumbline writes.
    #[error("finding {id}: {value:?} cannot be its {what}")]
    InvalidValue {
        /// The finding's id.
        id: String,
        /// What the value should be.
        what: &'static str,
        /// The value.
        value: String,
    },
}

impl TryFrom<Document> for Finding {
    type Error = NotAFinding;

    fn try_from(document: Document) -> Result<Self, NotAFinding> {
        let document = &document;
        Ok(Self {
            id: FindingId::published(&document.id),
            generator: Arc::new(generator(document)?),
            publisher: publisher(document)?,
            severity: severity(document)?,
            account: parsed(document, "account", &document.aws_account_id)?,
            partition: document.resources.first().map_or(Partition::default(), |it| it.partition),
            region: parsed(document, "region", &document.region)?,
            resource: Arc::new(resource(document)?),
            ownership: ownership(document).map(Arc::new),
            description: document.description.as_str().into(),
            readings: readings(document),
            fingerprint: parsed(document, "fingerprint", product(document, field::FINGERPRINT)?)?,
            status: document.compliance.status,
            archived: document.record_state == RecordState::Archived,
            workflow: document.workflow.status,
            exemption: document.user_defined_fields.get(field::EXEMPTION).cloned(),
            created_at: time(document, &document.created_at)?,
            first_observed_at: time(document, &document.first_observed_at)?,
            last_observed_at: time(document, &document.last_observed_at)?,
            updated_at: time(document, &document.updated_at)?,
        })
    }
}

fn generator(document: &Document) -> Result<Generator, NotAFinding> {
    let recommendation = &document.remediation.recommendation;
    Ok(Generator {
        installation: parsed(document, "installation", product(document, field::INSTALLATION)?)?,
        baseline: BaselineKey {
            namespace: object_name(document, "namespace", field::NAMESPACE)?,
            name: object_name(document, "baseline", field::BASELINE)?,
        },
        control: parsed(document, "control", product(document, field::CONTROL)?)?,
        title: document.title.clone(),
        types: document.finding_provider_fields.types.clone(),
        remediation_text: recommendation.text.clone(),
        remediation_url: recommendation.url.clone(),
        requirements: document.compliance.related_requirements.clone(),
    })
}

/// Nothing where an earlier version published the finding.
fn publisher(document: &Document) -> Result<Option<PublisherId>, NotAFinding> {
    let id = document.product_fields.get(field::PUBLISHER);
    id.map(|id| parsed(document, "publisher", id)).transpose()
}

fn resource(document: &Document) -> Result<FindingResource, NotAFinding> {
    let id = document.resources.first().map(|resource| resource.id.as_str());
    Ok(FindingResource {
        resource_type: product(document, field::RESOURCE_TYPE)?.to_owned(),
        id: product(document, field::RESOURCE_ID)?.to_owned(),
        arn: id.filter(|id| id.starts_with("arn:")).map(str::to_owned),
        name: document.product_fields.get(field::RESOURCE_NAME).cloned(),
    })
}

/// Nothing where an earlier version published the finding.
fn ownership(document: &Document) -> Option<Ownership> {
    let owner = Owner::new(document.product_fields.get(field::OWNER)?)?;
    let mut tags = document.resources.first().into_iter().flat_map(|resource| &resource.tags);
    let tag = tags.find(|(_, value)| value.as_str() == owner.as_str());
    Some(Ownership { tag_key: tag.map(|(key, _)| key.clone()), owner })
}

/// An earlier version published secrets among them: what is sent again holds none.
fn readings(document: &Document) -> Arc<[FieldReading]> {
    let fields = document.product_fields.iter();
    let readings = fields.filter(|(key, _)| key.starts_with(field::READING));
    readings
        .filter_map(|(_, reading)| reading.split_once(field::READS))
        // As both are written again: by that it is judged whether they are secret.
        .map(|(path, value)| FieldReading { path: reading_path(path), value: reading_value(value) })
        .map(masked_reading)
        .collect()
}

/// People may change `Severity`; the provider's own word stands in `FindingProviderFields`.
fn severity(document: &Document) -> Result<Severity, NotAFinding> {
    let original = &document.finding_provider_fields.severity.original;
    Severity::ALL
        .into_iter()
        .find(|severity| severity.as_str() == original)
        .ok_or_else(|| invalid(document, "severity", original))
}

/// A name as Kubernetes gives it. What Security Hub would not keep as it is was never ours, and would stand
/// for another object once written.
fn object_name(
    document: &Document,
    what: &'static str,
    key: &'static str,
) -> Result<String, NotAFinding> {
    let name = product(document, key)?;
    if product_field(name) == name {
        Ok(name.to_owned())
    } else {
        Err(invalid(document, what, name))
    }
}

fn product<'d>(document: &'d Document, key: &'static str) -> Result<&'d str, NotAFinding> {
    document
        .product_fields
        .get(key)
        .map(String::as_str)
        .ok_or_else(|| NotAFinding::MissingField { id: document.id.clone(), key })
}

fn parsed<T: std::str::FromStr>(
    document: &Document,
    what: &'static str,
    value: &str,
) -> Result<T, NotAFinding> {
    value.parse().map_err(|_| invalid(document, what, value))
}

fn time(document: &Document, value: &str) -> Result<Timestamp, NotAFinding> {
    parse_timestamp(value).ok_or_else(|| invalid(document, "time", value))
}

fn invalid(document: &Document, what: &'static str, value: &str) -> NotAFinding {
    NotAFinding::InvalidValue { id: document.id.clone(), what, value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::{at, finding};

    #[test]
    fn a_secret_that_was_published_is_masked_as_it_would_be_written_again() {
        for value in ["\"hunter2\"", "\"hunter2\n\"", "\n\"hunter2\"", "\"\u{202e}hunter2\""] {
            let mut document = finding("logs", at(0)).to_asff();
            let reading = format!("resource.masterUserPassword{}{value}", field::READS);
            document.product_fields.insert(format!("{}01", field::READING), reading);
            let read = Finding::try_from(document).unwrap();
            let [reading] = &read.readings[..] else { panic!("{:?}", read.readings) };
            assert!(!reading.value.contains("hunter2"), "{reading:?}");
            assert_eq!(Finding::try_from(read.to_asff()).unwrap(), read);
        }
    }
}
