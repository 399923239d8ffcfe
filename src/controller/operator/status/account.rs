//! The status of an `AwsAccount`: what its worker learned, region by region and over all.

use super::condition::Said;
use crate::api::{AccountRegionStatus, AwsAccount, AwsAccountStatus, Condition, Time};
use crate::controller::SinkChoice;
use crate::controller::operator::account::{Credentials, Learned, RecorderState, TOO_OLD};
use crate::publish::PlaceState;
use crate::resource::Region;

/// The condition that is told only where findings of what is gone may stand open.
pub(super) const ARCHIVED: &str = "FindingsArchived";

/// What is seen of an account.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen<'s> {
    /// What its worker learned.
    pub(super) learned: Option<&'s Learned>,
    /// The `AwsAccount` of the same AWS account that counts.
    pub(super) rival: Option<&'s str>,
    /// What its deletion waits for.
    pub(super) wait: Option<&'s str>,
    /// That another operator works on it, too.
    pub(super) others: Option<&'s str>,
}

/// What is told of an account.
pub(super) fn of(
    account: &AwsAccount,
    seen: &Seen<'_>,
    sink: &SinkChoice,
    now: &Time,
) -> AwsAccountStatus {
    let Seen { learned, rival, wait, others } = *seen;
    let generation = account.metadata.generation;
    let before = account.status.as_ref();
    let stood = before.map(|it| it.conditions.as_slice()).unwrap_or_default();
    let mut said = vec![
        ("Accepted", accepted(rival)),
        ("Ready", ready(learned, rival)),
        ("CredentialsValid", credentials(learned, rival)),
        ("RecorderRunning", recorder(learned, None)),
        ("SecurityHubEnabled", security_hub(learned, sink, None)),
    ];
    said.extend(others.map(|note| ("SoleOperator", Said::no("OtherOperator", note))));
    let waits = wait.map(|wait| Said::no("Archiving", wait));
    said.extend(waits.or_else(|| archived(learned, stood)).map(|said| (ARCHIVED, said)));
    said.extend(evaluated(learned).map(|said| ("Evaluated", said)));
    let conditions =
        said.into_iter().map(|(type_, said)| said.condition(type_, generation, stood, now));
    let regions = account.spec.regions.iter().map(|region| AccountRegionStatus {
        region: region.clone(),
        conditions: region_conditions(region, learned, (sink, before), generation, now),
    });
    AwsAccountStatus {
        observed_generation: generation,
        conditions: conditions.collect(),
        regions: regions.collect(),
    }
}

fn region_conditions(
    region: &Region,
    learned: Option<&Learned>,
    (sink, before): (&SinkChoice, Option<&AwsAccountStatus>),
    generation: Option<i64>,
    now: &Time,
) -> Vec<Condition> {
    let stood = before.and_then(|it| it.regions.iter().find(|it| it.region == *region));
    let stood = stood.map(|it| it.conditions.as_slice()).unwrap_or_default();
    let said = [
        ("RecorderRunning", recorder(learned, Some(region))),
        ("SecurityHubEnabled", security_hub(learned, sink, Some(region))),
    ];
    said.map(|(type_, said)| said.condition(type_, generation, stood, now)).into()
}

fn accepted(rival: Option<&str>) -> Said {
    rival.map_or_else(
        || Said::yes("Accepted", "valid; baselines of the allowed namespaces may use it"),
        same_account,
    )
}

fn same_account(rival: &str) -> Said {
    let message = format!(
        "AwsAccount `{rival}` is the same AWS account and older, so this one is not used; keep one \
         of the two"
    );
    Said::no("SameAccount", message)
}

/// Whether the last evaluation of the account came about and read what there is.
fn ready(learned: Option<&Learned>, rival: Option<&str>) -> Said {
    if let Some(rival) = rival {
        return same_account(rival);
    }
    let Some(learned) = learned else { return pending() };
    if let Some(failure) = &learned.failure {
        return Said::no("Failed", format!("the account could not be evaluated: {failure}"));
    }
    match &learned.credentials {
        Some(Credentials::Refused(why)) => return Said::no("CredentialsRefused", why.clone()),
        Some(Credentials::Unreached(why)) => return Said::no("Unreachable", why.clone()),
        Some(Credentials::Verified) | None => {}
    }
    match &learned.unreadable {
        Some(why) => Said::no("NotDelivered", why.clone()),
        None => Said::yes("Evaluated", "the account was evaluated"),
    }
}

fn credentials(learned: Option<&Learned>, rival: Option<&str>) -> Said {
    if let Some(rival) = rival {
        return same_account(rival);
    }
    let Some(learned) = learned else { return pending() };
    match &learned.credentials {
        None => Said::unknown("NotNeeded", "AWS is not called for this account"),
        Some(Credentials::Verified) => Said::yes("Verified", "the caller's account is this one"),
        Some(Credentials::Refused(why)) => Said::no("Refused", format!("{why}; it is tried again")),
        Some(Credentials::Unreached(why)) => {
            Said::unknown("Unreachable", format!("{why}; it is tried again"))
        }
    }
}

fn pending() -> Said {
    Said::unknown("Pending", "nothing was evaluated for the account yet")
}

/// Over all regions, or of one.
fn recorder(learned: Option<&Learned>, region: Option<&Region>) -> Said {
    let Some(learned) = learned else { return pending() };
    let here = || learned.recorders.iter().filter(|(it, _)| region.is_none_or(|this| this == *it));
    let stopped: Vec<&str> = here()
        .filter(|(_, state)| **state == RecorderState::Stopped)
        .map(|(region, _)| region.as_str())
        .collect();
    if !stopped.is_empty() {
        let message = format!("the configuration recorder is off in {}", stopped.join(", "));
        return Said::no("RecorderStopped", message);
    }
    let unread = here().find_map(|(_, state)| match state {
        RecorderState::Unread(why) => Some(why),
        _ => None,
    });
    if let Some(why) = unread.or(learned.unreadable.as_ref()) {
        return Said::unknown("NotDelivered", why.clone());
    }
    if here().any(|(_, state)| *state == RecorderState::Stale) {
        return Said::unknown("Stale", TOO_OLD);
    }
    let is_told = here().all(|(_, state)| *state == RecorderState::Running);
    match here().count() {
        0 => Said::unknown("NotAsked", "no baseline needed the recorder"),
        _ if is_told => Said::yes("Recording", "the configuration recorder is on"),
        _ => Said::unknown("NotSaid", "the source does not say that the recorder is off"),
    }
}

/// Over all regions, or of one.
fn security_hub(learned: Option<&Learned>, sink: &SinkChoice, region: Option<&Region>) -> Said {
    if let SinkChoice::File(_) = sink {
        return Said::unknown("NotNeeded", "findings go to a file");
    }
    let Some(learned) = learned else { return pending() };
    if let Some(why) = learned.credentials.as_ref().and_then(Credentials::trouble) {
        return Said::unknown("Unread", format!("the account cannot be reached: {why}"));
    }
    let here = || learned.hubs.iter().filter(|(it, _)| region.is_none_or(|this| this == *it));
    for (region, state) in here() {
        if let PlaceState::NotEnabled(why) = state {
            return Said::no("NotEnabled", format!("{region}: {why}"));
        }
    }
    for (region, state) in here() {
        if let PlaceState::Unread(why) = state {
            return Said::unknown("Unread", format!("{region}: {why}"));
        }
    }
    if here().next().is_none() {
        return Said::unknown("NotAsked", "nothing was to be published there");
    }
    Said::yes("Enabled", "findings are read and published")
}

/// Told only while findings of baselines that are gone stand open, or did and nobody can tell
/// whether they still do.
fn archived(learned: Option<&Learned>, stood: &[Condition]) -> Option<Said> {
    let was_told = stood.iter().any(|condition| condition.type_ == ARCHIVED);
    let Some(learned) = learned else { return was_told.then(pending) };
    let left = learned.left_open;
    if left > 0 {
        let message =
            format!("{left} findings of baselines that are gone are not archived yet; will retry");
        return Some(Said::no("LeftOpen", message));
    }
    let mut unread = learned.hubs.iter().filter_map(|(region, state)| match state {
        PlaceState::Unread(why) => Some((region, why)),
        _ => None,
    });
    let (region, why) = unread.next().filter(|_| was_told || learned.may_hide)?;
    let message = format!(
        "findings of baselines that are gone may be open: {region} could not be read: {why}; will \
         retry"
    );
    Some(Said::unknown("Unread", message))
}

/// Told only while evaluating fails.
fn evaluated(learned: Option<&Learned>) -> Option<Said> {
    let failure = learned?.failure.as_ref()?;
    Some(Said::no("Failed", format!("{failure}; it is tried again")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::operator::time::time_of;
    use crate::drift::fixture::at;

    fn account() -> AwsAccount {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": {"name": "payments", "generation": 2},
            "spec": {
                "accountId": "111122223333",
                "regions": ["eu-west-1", "us-east-1"],
                "source": {"snapshot": {"url": "snapshot.json"}},
            },
        }))
        .unwrap()
    }

    fn told(learned: &Learned) -> AwsAccountStatus {
        let sink = SinkChoice::File("state".into());
        let seen = Seen { learned: Some(learned), ..Seen::default() };
        of(&account(), &seen, &sink, &time_of(at(0)))
    }

    #[test]
    fn a_stopped_recorder_is_told_of_its_region_and_over_all() {
        let mut learned = Learned::default();
        learned.recorders.insert("eu-west-1".parse().unwrap(), RecorderState::Stopped);
        learned.recorders.insert("us-east-1".parse().unwrap(), RecorderState::NotSaid);
        let status = told(&learned);
        let recorder = status.conditions.iter().find(|it| it.type_ == "RecorderRunning").unwrap();
        assert_eq!((&*recorder.status, &*recorder.reason), ("False", "RecorderStopped"));
        let of_regions: Vec<&str> =
            status.regions.iter().map(|it| it.conditions[0].status.as_str()).collect();
        assert_eq!(of_regions, ["False", "Unknown"]);
    }

    #[test]
    fn findings_that_could_not_be_archived_are_told() {
        let status = told(&Learned { left_open: 2, ..Learned::default() });
        let left = status.conditions.iter().find(|it| it.type_ == ARCHIVED).unwrap();
        assert!(left.message.starts_with("2 findings"), "{}", left.message);
    }

    #[test]
    fn what_was_left_open_is_told_until_it_is_known_to_be_archived() {
        let unread = PlaceState::Unread("denied".to_owned());
        let unread =
            Learned { hubs: [("eu-west-1".parse().unwrap(), unread)].into(), ..Learned::default() };
        let archived = |status: &AwsAccountStatus| {
            let condition = status.conditions.iter().find(|it| it.type_ == ARCHIVED)?;
            Some((condition.status.clone(), condition.reason.clone()))
        };
        let of = |account: &AwsAccount, learned: Option<&Learned>| {
            let seen = Seen { learned, ..Seen::default() };
            of(account, &seen, &SinkChoice::SecurityHub, &time_of(at(0)))
        };
        assert_eq!(archived(&of(&account(), Some(&unread))), None);
        let hiding = Learned { may_hide: true, ..unread.clone() };
        let may_be_open = ("Unknown".to_owned(), "Unread".to_owned());
        assert_eq!(archived(&of(&account(), Some(&hiding))), Some(may_be_open));
        let mut account = account();
        account.status = Some(told(&Learned { left_open: 2, ..Learned::default() }));
        let unknown = |reason: &str| Some(("Unknown".to_owned(), reason.to_owned()));
        assert_eq!(archived(&of(&account, None)), unknown("Pending"));
        assert_eq!(archived(&of(&account, Some(&unread))), unknown("Unread"));
        assert_eq!(archived(&of(&account, Some(&Learned::default()))), None);
    }

    #[test]
    fn the_younger_of_two_objects_for_one_account_is_told_of_the_other() {
        let sink = SinkChoice::File("state".into());
        let seen = Seen { rival: Some("old"), ..Seen::default() };
        let status = of(&account(), &seen, &sink, &time_of(at(0)));
        assert_eq!(status.conditions[0].reason, "SameAccount");
    }
}
