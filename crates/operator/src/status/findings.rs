//! What the status of an `AwsAccount` says of its findings: whose they are, and what is left open.

use kube::ResourceExt;

use super::account::pending;
use super::condition::{ConditionValue, join_first};
use crate::account::{AccountObservation, of_account};
use api::{AwsAccount, Condition, ConditionReason, ConditionType};
use aws::publish::PlaceState;
use model::Region;

/// So many regions are named.
pub(super) const SHOWN: usize = 3;

/// Reported only while findings of baselines that are gone stand open, or did and nobody can tell
/// whether they still do. A status that cannot be read may have said that they did.
pub(super) fn archived(
    observed: Option<&AccountObservation>,
    stood: &[Condition],
    has_unread_status: bool,
) -> Option<ConditionValue> {
    let was_reported = has_unread_status || ConditionType::FindingsArchived.among(stood).is_some();
    let Some(observed) = observed else { return was_reported.then(pending) };
    let left = observed.left_open;
    if left > 0 {
        let message =
            format!("{left} findings of deleted baselines are not archived yet; will retry");
        return Some(ConditionValue::no(ConditionReason::LeftOpen, message));
    }
    let unread = |(region, state): (&Region, &PlaceState)| {
        Some((region.clone(), state.unread()?.to_owned()))
    };
    let mut unread = observed.hubs.iter().filter_map(unread);
    let Some((region, why)) = unread.next() else {
        // An evaluation that failed says nothing of what stands.
        return observed.failure.as_ref().filter(|_| was_reported).map(|_| pending());
    };
    if !was_reported && !observed.may_hide {
        return None;
    }
    let message = format!(
        "findings of deleted baselines may be open: {region} could not be read: {why}; will retry"
    );
    Some(ConditionValue::unknown(ConditionReason::Unread, message))
}

/// Reported only while findings of baselines that are gone wait for a confirmation.
pub(super) fn held(
    account: &AwsAccount,
    observed: Option<&AccountObservation>,
) -> Option<ConditionValue> {
    let held = &observed?.held;
    let message = of_account(held, &account.name_any());
    (!held.is_empty()).then(|| ConditionValue::no(ConditionReason::ArchivalHeld, message))
}

/// Reported only while another Plumbline of the installation has findings in the account.
pub(super) fn sole_publisher(observed: Option<&AccountObservation>) -> Option<ConditionValue> {
    let notes: Vec<String> = observed?.others.values().map(|(_, note)| note.clone()).collect();
    let is_alone = notes.is_empty();
    let said = ConditionValue::no(ConditionReason::OtherPublisher, join_first(&notes, SHOWN));
    (!is_alone).then_some(said)
}
