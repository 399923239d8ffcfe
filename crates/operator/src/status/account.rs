//! The status of an `AwsAccount`: what its worker observed, region by region and over all.

use std::collections::BTreeSet;

use super::condition::{ConditionValue, join_first};
use super::findings::{SHOWN, archived, held, sole_publisher};
use super::outlook::Outlook;
use crate::account::{AccountObservation, Credentials, RecorderState, TOO_OLD};
use api::{
    AccountRegionStatus, AwsAccount, AwsAccountStatus, Condition, ConditionReason, ConditionType,
    Time,
};
use assess::{DeliveryRequests, QueueState, SinkChoice};
use aws::publish::PlaceState;
use model::Region;

/// What is seen of an account.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen<'s> {
    /// What its worker observed.
    pub(super) observed: Option<&'s AccountObservation>,
    /// When an evaluation began that does not end.
    pub(super) overdue: Option<&'s Time>,
    /// The `AwsAccount` of the same AWS account that counts.
    pub(super) rival: Option<&'s str>,
    /// What its deletion waits for.
    pub(super) wait: Option<&'s str>,
    /// That another operator works on it, too.
    pub(super) others: Option<&'s str>,
    /// Whether the status that stands does not parse.
    pub(super) has_unread_status: bool,
}

/// What is reported of an account.
pub(super) fn of(
    account: &AwsAccount,
    seen: &Seen<'_>,
    sink: &SinkChoice,
    now: &Time,
) -> AwsAccountStatus {
    let Seen { observed, overdue, rival, wait, others, has_unread_status } = *seen;
    let generation = account.metadata.generation;
    let before = account.status.as_ref();
    let stood = before.map(|it| it.conditions.as_slice()).unwrap_or_default();
    let (ready, outlook) = ready(observed, overdue, rival);
    let progress = outlook.condition(
        &ready.clone().condition(ConditionType::Ready, generation, stood, now),
        stood,
        now,
    );
    let mut said = vec![
        (ConditionType::Accepted, accepted(rival)),
        (ConditionType::Ready, ready),
        (ConditionType::CredentialsValid, credentials(account, observed, rival)),
        (ConditionType::RecorderRunning, recorder(observed, None)),
        (ConditionType::SecurityHubEnabled, security_hub(observed, sink, None)),
    ];
    said.extend(
        account.spec.source.changes().map(|_| (ConditionType::ChangesReceived, changes(observed))),
    );
    let snapshot = account.spec.source.snapshot.as_ref();
    said.extend(
        snapshot
            .and_then(|snapshot| snapshot.deliver.as_ref())
            .map(|_| (ConditionType::SnapshotsRequested, snapshots(observed))),
    );
    said.extend(others.map(|note| {
        (ConditionType::SoleOperator, ConditionValue::no(ConditionReason::OtherOperator, note))
    }));
    said.extend(sole_publisher(observed).map(|said| (ConditionType::SolePublisher, said)));
    let waits = wait.map(|wait| ConditionValue::no(ConditionReason::Archiving, wait));
    said.extend(
        waits
            .or_else(|| held(account, observed))
            .or_else(|| archived(observed, stood, has_unread_status))
            .map(|said| (ConditionType::FindingsArchived, said)),
    );
    said.extend(
        overdue
            .map(late)
            .or_else(|| evaluated(observed))
            .map(|said| (ConditionType::Evaluated, said)),
    );
    let conditions =
        said.into_iter().map(|(type_, said)| said.condition(type_, generation, stood, now));
    let conditions = conditions.chain(progress);
    let regions = account.spec.regions.iter().map(|region| AccountRegionStatus {
        region: region.clone(),
        conditions: region_conditions(region, observed, (sink, before), generation, now),
    });
    AwsAccountStatus {
        observed_generation: generation,
        conditions: conditions.collect(),
        regions: regions.collect(),
    }
}

fn region_conditions(
    region: &Region,
    observed: Option<&AccountObservation>,
    (sink, before): (&SinkChoice, Option<&AwsAccountStatus>),
    generation: Option<i64>,
    now: &Time,
) -> Vec<Condition> {
    let stood = before.and_then(|it| it.regions.iter().find(|it| it.region == *region));
    let stood = stood.map(|it| it.conditions.as_slice()).unwrap_or_default();
    let said = [
        (ConditionType::RecorderRunning, recorder(observed, Some(region))),
        (ConditionType::SecurityHubEnabled, security_hub(observed, sink, Some(region))),
    ];
    said.map(|(type_, said)| said.condition(type_, generation, stood, now)).into()
}

fn accepted(rival: Option<&str>) -> ConditionValue {
    rival.map_or_else(
        || {
            ConditionValue::yes(
                ConditionReason::Accepted,
                "valid; baselines of the allowed namespaces may use it",
            )
        },
        same_account,
    )
}

fn same_account(rival: &str) -> ConditionValue {
    let message = format!(
        "AwsAccount `{rival}` has the same account id and is older, so this one is not used; \
         delete one of the two"
    );
    ConditionValue::no(ConditionReason::SameAccount, message)
}

/// Whether the last evaluation of the account came about and read what there is, and who brings it
/// about otherwise. The operator tries again whatever AWS refuses: what is missing there may come.
fn ready(
    observed: Option<&AccountObservation>,
    overdue: Option<&Time>,
    rival: Option<&str>,
) -> (ConditionValue, Outlook) {
    if let Some(rival) = rival {
        return (same_account(rival), Outlook::Author);
    }
    if let Some(since) = overdue {
        return (late(since), Outlook::Operator);
    }
    match trouble(observed) {
        Some(said) => (said, Outlook::Operator),
        None => (
            ConditionValue::yes(ConditionReason::Evaluated, "the account was evaluated"),
            Outlook::Ready,
        ),
    }
}

fn late(since: &Time) -> ConditionValue {
    let since = since.0;
    let message = format!(
        "the evaluation that began at {since} did not end within three intervals; what is published is older"
    );
    ConditionValue::no(ConditionReason::Overdue, message)
}

fn trouble(observed: Option<&AccountObservation>) -> Option<ConditionValue> {
    let Some(observed) = observed else { return Some(pending()) };
    if let Some(failure) = &observed.failure {
        let message = format!("the account could not be evaluated: {failure}");
        return Some(ConditionValue::no(ConditionReason::Failed, message));
    }
    match &observed.credentials {
        Some(Credentials::Refused(why)) => {
            Some(ConditionValue::no(ConditionReason::CredentialsRefused, why.clone()))
        }
        Some(Credentials::Unreached(why)) => {
            Some(ConditionValue::no(ConditionReason::Unreachable, why.clone()))
        }
        Some(Credentials::Verified) | None => observed
            .unreadable
            .as_ref()
            .map(|why| ConditionValue::no(ConditionReason::NotDelivered, why.clone())),
    }
}

fn credentials(
    account: &AwsAccount,
    observed: Option<&AccountObservation>,
    rival: Option<&str>,
) -> ConditionValue {
    if let Some(rival) = rival {
        return same_account(rival);
    }
    let Some(observed) = observed else { return pending() };
    match &observed.credentials {
        None => {
            let requests = account.spec.source.snapshot.as_ref().and_then(|it| it.deliver.as_ref());
            let message = match requests {
                Some(_) => {
                    "AWS is called for this account only to request snapshots: see SnapshotsRequested"
                }
                None => "AWS is not called for this account",
            };
            ConditionValue::unknown(ConditionReason::NotNeeded, message)
        }
        Some(Credentials::Verified) => {
            ConditionValue::yes(ConditionReason::Verified, "the credentials belong to this account")
        }
        Some(Credentials::Refused(why)) => {
            ConditionValue::no(ConditionReason::Refused, format!("{why}; will retry"))
        }
        Some(Credentials::Unreached(why)) => {
            ConditionValue::unknown(ConditionReason::Unreachable, format!("{why}; will retry"))
        }
    }
}

pub(super) fn pending() -> ConditionValue {
    ConditionValue::unknown(ConditionReason::Pending, "the account has not been evaluated yet")
}

/// Over all regions, or of one.
fn recorder(observed: Option<&AccountObservation>, region: Option<&Region>) -> ConditionValue {
    let Some(observed) = observed else { return pending() };
    let here = || observed.recorders.iter().filter(|(it, _)| region.is_none_or(|this| this == *it));
    let stopped: Vec<&str> = here()
        .filter(|(_, state)| **state == RecorderState::Stopped)
        .map(|(region, _)| region.as_str())
        .collect();
    if !stopped.is_empty() {
        let message = format!("the configuration recorder is off in {}", stopped.join(", "));
        return ConditionValue::no(ConditionReason::RecorderStopped, message);
    }
    if let Some(what) = here().find_map(|(_, state)| state.missing()) {
        return ConditionValue::no(ConditionReason::RecorderMissing, what);
    }
    let unread = here().find_map(|(_, state)| match state {
        RecorderState::Unread(why) => Some(why),
        _ => None,
    });
    if let Some(why) = unread.or(observed.unreadable.as_ref()) {
        return ConditionValue::unknown(ConditionReason::NotDelivered, why.clone());
    }
    if here().any(|(_, state)| *state == RecorderState::Stale) {
        return ConditionValue::unknown(ConditionReason::Stale, TOO_OLD);
    }
    let is_reported = here().all(|(_, state)| *state == RecorderState::Running);
    match here().count() {
        0 => ConditionValue::unknown(
            ConditionReason::NotAsked,
            "no baseline reads this account, so the recorder is not checked",
        ),
        _ if is_reported => {
            ConditionValue::yes(ConditionReason::Recording, "the configuration recorder is on")
        }
        _ => ConditionValue::unknown(
            ConditionReason::NotReported,
            "the source does not report whether the recorder is on",
        ),
    }
}

/// Over all regions, or of one.
fn security_hub(
    observed: Option<&AccountObservation>,
    sink: &SinkChoice,
    region: Option<&Region>,
) -> ConditionValue {
    if let SinkChoice::File(_) = sink {
        return ConditionValue::unknown(ConditionReason::NotNeeded, "findings go to a file");
    }
    let Some(observed) = observed else { return pending() };
    if let Some(why) = observed.credentials.as_ref().and_then(Credentials::trouble) {
        return ConditionValue::unknown(
            ConditionReason::Unread,
            format!("the account cannot be reached: {why}"),
        );
    }
    let here = || observed.hubs.iter().filter(|(it, _)| region.is_none_or(|this| this == *it));
    for (region, state) in here() {
        if let PlaceState::NotEnabled(why) = state {
            return ConditionValue::no(ConditionReason::NotEnabled, format!("{region}: {why}"));
        }
    }
    for (region, state) in here() {
        if let Some(why) = state.unread() {
            return ConditionValue::unknown(ConditionReason::Unread, format!("{region}: {why}"));
        }
    }
    if here().next().is_none() {
        return ConditionValue::unknown(
            ConditionReason::NotAsked,
            "no baseline publishes findings of this account",
        );
    }
    ConditionValue::yes(ConditionReason::Enabled, "findings are read and published")
}

/// How reading the change queue goes. The account is read as without one meanwhile.
fn changes(observed: Option<&AccountObservation>) -> ConditionValue {
    let state = observed.and_then(|observed| observed.changes.as_ref());
    let still =
        |why: &str| format!("{why}; will retry. Until then changes are found by `interval`");
    match state {
        None | Some(QueueState::Pending) => ConditionValue::unknown(
            ConditionReason::Pending,
            "no message has been received from the change queue yet",
        ),
        Some(QueueState::Receiving(None)) => ConditionValue::yes(
            ConditionReason::Receiving,
            "messages are received from the change queue",
        ),
        Some(QueueState::Receiving(Some(why))) => {
            ConditionValue::yes(ConditionReason::UnreadMessages, why.clone())
        }
        Some(QueueState::Missing(why)) => {
            ConditionValue::no(ConditionReason::QueueMissing, still(why))
        }
        Some(QueueState::Refused(why)) => ConditionValue::no(ConditionReason::Refused, still(why)),
        Some(QueueState::Unreachable(why)) => {
            ConditionValue::unknown(ConditionReason::Unreachable, still(why))
        }
    }
}

/// How requesting snapshots goes. The account is read as without requests meanwhile.
fn snapshots(observed: Option<&AccountObservation>) -> ConditionValue {
    let Some(requests) = observed.and_then(|observed| observed.requests.as_ref()) else {
        return ConditionValue::unknown(
            ConditionReason::Pending,
            "the bucket has not been searched for snapshots yet",
        );
    };
    let DeliveryRequests { unsearched, underway, refused, overdue } = requests;
    let reason =
        if refused.is_empty() { ConditionReason::NotDelivered } else { ConditionReason::Refused };
    let troubles: Vec<String> = requests.troubles().cloned().collect();
    if !(refused.is_empty() && overdue.is_empty()) {
        return ConditionValue::no(reason, format!("{}; will retry", join_first(&troubles, SHOWN)));
    }
    let named = |regions: &BTreeSet<Region>| {
        regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
    };
    if !unsearched.is_empty() {
        let message = format!(
            "whether a snapshot has to be requested in {} is unknown, because the bucket could not be \
             searched",
            named(unsearched),
        );
        return ConditionValue::unknown(ConditionReason::NotDelivered, message);
    }
    let message = if underway.is_empty() {
        "no snapshot has to be requested at the moment".to_owned()
    } else {
        format!("requested in {}; read at the next interval after it arrives", named(underway))
    };
    ConditionValue::yes(ConditionReason::Requested, message)
}

/// Reported only while evaluating fails.
fn evaluated(observed: Option<&AccountObservation>) -> Option<ConditionValue> {
    let failure = observed?.failure.as_ref()?;
    Some(ConditionValue::no(ConditionReason::Failed, format!("{failure}; will retry")))
}

#[cfg(test)]
mod tests;
