//! What is kept of a finding that is archived: enough for its drift to come back, and no more, for
//! Security Hub keeps them for 90 days, and short-lived resources leave many.

use std::sync::Arc;

use super::finding::{Finding, FindingResource, FindingStatus, Generator, Workflow};
use super::fingerprint::Fingerprint;
use super::id::FindingId;
use super::publisher::PublisherId;
use cel::Timestamp;
use model::{AccountId, Partition, Region, Severity};

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FindingPlace {
    pub(super) account: AccountId,
    pub(super) region: Region,
    partition: Partition,
}

/// An archived finding without its words.
#[derive(Debug, Clone)]
pub(super) struct ArchivedFinding {
    pub(super) generator: Arc<Generator>,
    publisher: Option<PublisherId>,
    pub(super) place: Arc<FindingPlace>,
    status: FindingStatus,
    workflow: Workflow,
    exemption: Option<Box<str>>,
    created_at: Timestamp,
    first_observed_at: Timestamp,
    last_observed_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl FindingPlace {
    pub(super) fn of(finding: &Finding) -> Self {
        let Finding { account, region, partition, .. } = finding;
        Self { account: account.clone(), region: region.clone(), partition: *partition }
    }
}

impl ArchivedFinding {
    pub(super) fn of(
        finding: &Finding,
        generator: Arc<Generator>,
        place: Arc<FindingPlace>,
    ) -> Self {
        Self {
            generator,
            publisher: finding.publisher.clone(),
            place,
            status: finding.status,
            workflow: finding.workflow,
            exemption: finding.exemption.as_deref().map(Box::from),
            created_at: finding.created_at,
            first_observed_at: finding.first_observed_at,
            last_observed_at: finding.last_observed_at,
            updated_at: finding.updated_at,
        }
    }

    /// The finding, which says nothing of what was wrong.
    pub(super) fn finding(&self, id: &FindingId) -> Finding {
        let place = &self.place;
        let resource = FindingResource {
            resource_type: String::new(),
            id: String::new(),
            arn: None,
            name: None,
        };
        Finding {
            id: id.clone(),
            generator: Arc::clone(&self.generator),
            publisher: self.publisher.clone(),
            severity: Severity::Informational,
            account: place.account.clone(),
            partition: place.partition,
            region: place.region.clone(),
            resource: Arc::new(resource),
            ownership: None,
            description: Arc::default(),
            readings: Arc::default(),
            fingerprint: Fingerprint::of([]),
            status: self.status,
            archived: true,
            workflow: self.workflow,
            exemption: self.exemption.as_deref().map(str::to_owned),
            created_at: self.created_at,
            first_observed_at: self.first_observed_at,
            last_observed_at: self.last_observed_at,
            updated_at: self.updated_at,
        }
    }
}
