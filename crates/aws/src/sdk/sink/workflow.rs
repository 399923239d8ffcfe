//! The workflow of findings, which only `BatchUpdateFindings` changes once they are there.
//!
//! `UserDefinedFields` are replaced as a whole. Before Plumbline's own field is set or removed, the
//! finding is read again, and what other people's fields say is kept.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_securityhub::types::AwsSecurityFindingFilters;

use super::deliver::{Bulk, Delivered, EntryFailure, Failed, deliver};
use super::encode::encode_workflow;
use super::read_back::{FILTERED_AT_ONCE, equals, product_arn, repeated_in};
use crate::paging::PageCursor;
use crate::publish::Place;
use crate::{AwsError, FindingKey, SecurityHubService, WorkflowUpdate};
use engine::drift::asff::document::field::EXEMPTION;
use engine::drift::{Finding, FindingStatus, Workflow};

/// Findings of one `BatchUpdateFindings` (Security Hub API Reference).
const UPDATED_AT_ONCE: usize = 100;

/// User-defined fields, in the order of their keys.
pub(super) type Fields = Vec<(String, String)>;

/// What one change may say of many findings: the status by name, and the fields.
type Alike = (&'static str, Option<Fields>);

/// What is to become of a finding's workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) id: String,
    pub(super) workflow: Workflow,
    /// All user-defined fields from now on; nothing leaves them as they are.
    pub(super) fields: Option<Fields>,
}

/// What of a finding's workflow differs from what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Difference {
    /// The status or the exemption: to be changed before the finding itself.
    pub(super) first: bool,
    /// The exemption.
    pub(super) exemption: bool,
    /// Security Hub sets the workflow back when the finding itself changes: to be changed after it.
    pub(super) last: bool,
}

impl Difference {
    /// What is to be changed of a known finding so that it is as wanted.
    pub(super) fn between(known: &Finding, wanted: &Finding) -> Self {
        let exemption = known.exemption != wanted.exemption;
        let set_back = matches!(wanted.workflow, Workflow::Resolved | Workflow::Notified);
        Self {
            first: exemption || known.workflow != wanted.workflow,
            exemption,
            last: set_back && reopens(known, wanted),
        }
    }
}

/// Whether an import sets `NOTIFIED` and `RESOLVED` back to `NEW` ("Setting the workflow status of
/// findings", Security Hub User Guide).
fn reopens(known: &Finding, wanted: &Finding) -> bool {
    let revived = known.archived && !wanted.archived;
    let failed_again =
        known.status == FindingStatus::Passed && wanted.status == FindingStatus::Failed;
    revived || failed_again
}

/// The fields that other people set of findings, by id; those that are not there have none.
///
/// # Errors
///
/// When they cannot be read: nothing must be replaced then.
pub(super) async fn others_fields(
    hub: &impl SecurityHubService,
    place: &Place,
    ids: &[&str],
) -> Result<HashMap<String, Fields>, AwsError> {
    let mut found = HashMap::new();
    for ids in ids.chunks(FILTERED_AT_ONCE) {
        let ids = ids.iter().map(|id| equals(id)).collect();
        let filters = AwsSecurityFindingFilters::builder()
            .product_arn(equals(&product_arn(place)))
            .set_id(Some(ids))
            .build();
        let mut cursor = PageCursor::default();
        loop {
            let page = hub.findings(&filters, cursor.token()).await?;
            for finding in page.findings {
                let fields = finding.user_defined_fields.unwrap_or_default();
                let mut others: Fields =
                    fields.into_iter().filter(|(key, _)| key != EXEMPTION).collect();
                others.sort_unstable();
                found.insert(finding.id.unwrap_or_default(), others);
            }
            if !cursor.follow(page.next).map_err(|repeated| repeated_in(place, repeated))? {
                break;
            }
        }
    }
    Ok(found)
}

/// Other people's fields with the exemption's own, if there is one.
pub(super) fn with_exemption(others: Option<&Fields>, exemption: Option<&str>) -> Fields {
    let mut fields = others.cloned().unwrap_or_default();
    fields.extend(exemption.map(|name| (EXEMPTION.to_owned(), name.to_owned())));
    fields.sort_unstable();
    fields
}

/// Changes workflows, alike ones together.
pub(super) async fn change(
    hub: &impl SecurityHubService,
    place: &Place,
    wishes: Vec<Wish>,
    pause: Duration,
) -> Delivered {
    let mut alike: BTreeMap<Alike, (Workflow, Vec<String>)> = BTreeMap::new();
    for Wish { id, workflow, fields } in wishes {
        let group = alike.entry((name(workflow), fields)).or_insert((workflow, Vec::new()));
        group.1.push(id);
    }
    let product_arn = product_arn(place);
    let mut delivered = Delivered::default();
    for ((_, fields), (workflow, ids)) in alike {
        let update = Update { hub, product_arn: &product_arn, workflow, fields };
        for ids in ids.chunks(UPDATED_AT_ONCE) {
            if let Some(error) = &delivered.stopped {
                let failed = Failed { class: error.class, message: error.to_string() };
                let unsent = ids.iter().map(|id| (id.clone(), failed.clone()));
                delivered.failed.extend(unsent);
                continue;
            }
            let part = deliver(&update, ids.to_vec(), pause).await;
            delivered.failed.extend(part.failed);
            delivered.stopped = part.stopped;
        }
    }
    delivered
}

const fn name(workflow: Workflow) -> &'static str {
    match workflow {
        Workflow::New => "NEW",
        Workflow::Notified => "NOTIFIED",
        Workflow::Suppressed => "SUPPRESSED",
        Workflow::Resolved => "RESOLVED",
    }
}

/// One change of many findings.
struct Update<'u, H> {
    hub: &'u H,
    product_arn: &'u str,
    workflow: Workflow,
    fields: Option<Fields>,
}

impl<H: SecurityHubService> Bulk for Update<'_, H> {
    type Entry = String;

    fn id(entry: &String) -> &str {
        entry
    }

    async fn send(&self, ids: &[String]) -> Result<Vec<EntryFailure>, AwsError> {
        let key =
            |id: &String| FindingKey { id: id.clone(), product_arn: self.product_arn.to_owned() };
        let update = WorkflowUpdate {
            findings: ids.iter().map(key).collect(),
            status: encode_workflow(self.workflow),
            user_defined_fields: self.fields.clone(),
        };
        let failed = self.hub.update(&update).await?;
        let failures = failed.into_iter().map(|failed| EntryFailure {
            id: failed.id,
            code: failed.code,
            message: failed.message,
        });
        Ok(failures.collect())
    }
}
