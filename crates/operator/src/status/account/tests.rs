use super::*;
use crate::time::time_of;
use engine::drift::fixture::at;

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

fn reported(observed: &AccountObservation) -> AwsAccountStatus {
    let sink = SinkChoice::File("state".into());
    let seen = Seen { observed: Some(observed), ..Seen::default() };
    of(&account(), &seen, &sink, &time_of(at(0)))
}

#[test]
fn a_stopped_recorder_is_reported_of_its_region_and_over_all() {
    let mut observed = AccountObservation::default();
    observed.recorders.insert("eu-west-1".parse().unwrap(), RecorderState::Stopped);
    observed.recorders.insert("us-east-1".parse().unwrap(), RecorderState::NotReported);
    let status = reported(&observed);
    let recorder = ConditionType::RecorderRunning.among(&status.conditions).unwrap();
    assert_eq!((&*recorder.status, &*recorder.reason), ("False", "RecorderStopped"));
    let of_regions: Vec<&str> =
        status.regions.iter().map(|it| it.conditions[0].status.as_str()).collect();
    assert_eq!(of_regions, ["False", "Unknown"]);
}

#[test]
fn a_region_without_a_recorder_of_the_customer_is_reported_with_what_helps() {
    let mut observed = AccountObservation::default();
    let what = "us-east-1 has no customer managed configuration recorder; create one";
    observed.recorders.insert("eu-west-1".parse().unwrap(), RecorderState::Running);
    let missing = RecorderState::Missing(what.to_owned());
    observed.recorders.insert("us-east-1".parse().unwrap(), missing);
    let status = reported(&observed);
    let recorder = ConditionType::RecorderRunning.among(&status.conditions).unwrap();
    assert_eq!((&*recorder.status, &*recorder.reason), ("False", "RecorderMissing"));
    assert_eq!(recorder.message, what);
    let of_regions: Vec<&str> =
        status.regions.iter().map(|it| it.conditions[0].status.as_str()).collect();
    assert_eq!(of_regions, ["True", "False"]);
}

#[test]
fn findings_that_could_not_be_archived_are_reported() {
    let status = reported(&AccountObservation { left_open: 2, ..AccountObservation::default() });
    let left = ConditionType::FindingsArchived.among(&status.conditions).unwrap();
    assert!(left.message.starts_with("2 findings"), "{}", left.message);
}

#[test]
fn what_was_left_open_is_reported_until_it_is_known_to_be_archived() {
    let unread = PlaceState::Unread("denied".to_owned());
    let unread = AccountObservation {
        hubs: [("eu-west-1".parse().unwrap(), unread)].into(),
        ..AccountObservation::default()
    };
    let archived = |status: &AwsAccountStatus| {
        let condition = ConditionType::FindingsArchived.among(&status.conditions)?;
        Some((condition.status.clone(), condition.reason.clone()))
    };
    let of = |account: &AwsAccount, observed: Option<&AccountObservation>| {
        let seen = Seen { observed, ..Seen::default() };
        of(account, &seen, &SinkChoice::SecurityHub, &time_of(at(0)))
    };
    assert_eq!(archived(&of(&account(), Some(&unread))), None);
    let hiding = AccountObservation { may_hide: true, ..unread.clone() };
    let may_be_open = ("Unknown".to_owned(), "Unread".to_owned());
    assert_eq!(archived(&of(&account(), Some(&hiding))), Some(may_be_open));
    let mut account = account();
    account.status =
        Some(reported(&AccountObservation { left_open: 2, ..AccountObservation::default() }));
    let unknown = |reason: &str| Some(("Unknown".to_owned(), reason.to_owned()));
    assert_eq!(archived(&of(&account, None)), unknown("Pending"));
    assert_eq!(archived(&of(&account, Some(&unread))), unknown("Unread"));
    assert_eq!(archived(&of(&account, Some(&AccountObservation::default()))), None);
    let failure = Some("the file cannot be opened".to_owned());
    let failed = AccountObservation { failure, ..AccountObservation::default() };
    assert_eq!(archived(&of(&account, Some(&failed))), unknown("Pending"));
}

#[test]
fn a_status_that_cannot_be_read_may_have_said_that_findings_were_left_open() {
    let said = |observed: Option<&AccountObservation>| {
        let seen = Seen { observed, has_unread_status: true, ..Seen::default() };
        let status = of(&account(), &seen, &SinkChoice::SecurityHub, &time_of(at(0)));
        of_type(&status, "FindingsArchived").map(|(status, _)| status)
    };
    assert_eq!(said(None).as_deref(), Some("Unknown"));
    assert_eq!(said(Some(&AccountObservation::default())), None, "all was read back");
}

#[test]
fn the_younger_of_two_objects_for_one_account_is_reported_of_the_other() {
    let sink = SinkChoice::File("state".into());
    let seen = Seen { rival: Some("old"), ..Seen::default() };
    let status = of(&account(), &seen, &sink, &time_of(at(0)));
    assert_eq!(status.conditions[0].reason, "SameAccount");
}

fn of_type(status: &AwsAccountStatus, type_: &str) -> Option<(String, String)> {
    let condition = status.conditions.iter().find(|it| it.type_ == type_)?;
    Some((condition.status.clone(), condition.reason.clone()))
}

#[test]
fn an_account_that_is_not_ready_is_reconciling_unless_its_author_has_to_change_it() {
    let sink = SinkChoice::File("state".into());
    let is = |status: &str, reason: &str| Some((status.to_owned(), reason.to_owned()));
    let status = reported(&AccountObservation::default());
    assert_eq!(of_type(&status, "Ready"), is("True", "Evaluated"));
    assert_eq!(of_type(&status, "Reconciling"), None);
    assert_eq!(of_type(&status, "Stalled"), None);
    let refused = Some(Credentials::Refused("denied".to_owned()));
    let status =
        reported(&AccountObservation { credentials: refused, ..AccountObservation::default() });
    assert_eq!(of_type(&status, "Ready"), is("False", "CredentialsRefused"));
    assert_eq!(of_type(&status, "Reconciling"), is("True", "CredentialsRefused"));
    let seen = Seen { rival: Some("old"), ..Seen::default() };
    let status = of(&account(), &seen, &sink, &time_of(at(0)));
    assert_eq!(of_type(&status, "Stalled"), is("True", "SameAccount"));
    assert_eq!(of_type(&status, "Reconciling"), None);
}
#[test]
fn an_evaluation_that_does_not_end_is_reported_whatever_came_of_the_last_one() {
    let (observed, since) = (AccountObservation::default(), time_of(at(0)));
    let seen = Seen { observed: Some(&observed), overdue: Some(&since), ..Seen::default() };
    let status = of(&account(), &seen, &SinkChoice::SecurityHub, &time_of(at(9000)));
    let overdue = Some(("False".to_owned(), "Overdue".to_owned()));
    assert_eq!(of_type(&status, "Ready"), overdue);
    assert_eq!(of_type(&status, "Evaluated"), overdue);
}

#[test]
fn requests_for_snapshots_have_a_condition_where_they_are_declared() {
    let requested = |observed: Option<&AccountObservation>, declared: bool| {
        let mut account = account();
        if declared {
            let snapshot = serde_json::json!({"url": "s3://logs", "deliver": {"every": "20h"}});
            account.spec.source.snapshot = Some(serde_json::from_value(snapshot).unwrap());
        }
        let seen = Seen { observed, ..Seen::default() };
        let status = of(&account, &seen, &SinkChoice::SecurityHub, &time_of(at(0)));
        if observed.is_some() {
            let credentials = ConditionType::CredentialsValid.among(&status.conditions).unwrap();
            assert_eq!(credentials.reason, "NotNeeded");
            assert_eq!(credentials.message.contains("SnapshotsRequested"), declared);
        }
        let said = ConditionType::SnapshotsRequested.among(&status.conditions)?.clone();
        Some((said.status, said.reason, said.message))
    };
    let of = |requests| AccountObservation { requests, ..AccountObservation::default() };
    let quiet = of(Some(DeliveryRequests::default()));
    assert_eq!(requested(Some(&quiet), false), None);
    let (status, reason, _) = requested(None, true).unwrap();
    assert_eq!((&*status, &*reason), ("Unknown", "Pending"));
    let (status, reason, _) = requested(Some(&quiet), true).unwrap();
    assert_eq!((&*status, &*reason), ("True", "Requested"));
    let underway = ["eu-west-1".parse().unwrap()].into();
    let underway = DeliveryRequests { underway, ..DeliveryRequests::default() };
    let (_, _, message) = requested(Some(&of(Some(underway.clone()))), true).unwrap();
    assert!(message.starts_with("requested in eu-west-1"), "{message}");
    let unsearched = ["us-east-1".parse().unwrap()].into();
    let unsearched = DeliveryRequests { unsearched, ..underway.clone() };
    let (status, reason, message) = requested(Some(&of(Some(unsearched.clone()))), true).unwrap();
    assert_eq!((&*status, &*reason), ("Unknown", "NotDelivered"));
    assert!(message.contains("us-east-1 is unknown"), "{message}");
    let overdue = DeliveryRequests { overdue: vec!["it is late".to_owned()], ..unsearched };
    let (status, reason, _) = requested(Some(&of(Some(overdue.clone()))), true).unwrap();
    assert_eq!((&*status, &*reason), ("False", "NotDelivered"));
    let refused = DeliveryRequests { refused: vec!["it is denied".to_owned()], ..overdue };
    let (status, reason, message) = requested(Some(&of(Some(refused))), true).unwrap();
    assert_eq!((&*status, &*reason), ("False", "Refused"));
    assert_eq!(message, "it is denied; it is late; will retry");
}
