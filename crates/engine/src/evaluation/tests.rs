//! What controls make of items.

mod owners;
mod selection;
mod standing;

use serde_json::json;

use super::fixture::{
    NOW, account, bucket, complete, control, evaluate, evaluate_on, explanations, item, plan,
    planned, without,
};
use super::{Coverage, Evaluation};
use cel::Projection;
use model::UnknownReason;

const VERSIONED: &str = "expression: {resourceTypes: ['AWS::S3::Bucket'],
    compliant: resource.configuration.status == 'Enabled',
    message: '\"versioning is \" + resource.configuration.status'}";
const ROLES: &str = "expression: {resourceTypes: ['AWS::IAM::Role'],
    compliant: resource.configuration.strict}";
const LOGGED: &str = "expression: {resourceTypes: ['AWS::EC2::VPC'],
    related: [{name: logs, resourceType: 'AWS::EC2::FlowLog', key: resource.id,
        relatedKey: resource.configuration.vpc}],
    compliant: 'related.logs.exists(log, log.configuration.active)'}";
const TRAIL: &str = "expression: {resourceTypes: ['AWS::CloudTrail::Trail'], scope: Account,
    compliant: 'resources.exists(trail, trail.configuration.multi)'}";
const RECORDER: &str = "expression: {resourceTypes: ['AWS::EC2::VPC'], scope: Region,
    compliant: size(resources) == 1}";

fn vpc(id: &str) -> serde_json::Value {
    item("AWS::EC2::VPC", id, json!({"configuration": {}}))
}

fn flow_log(id: &str, vpc: &str, active: bool) -> serde_json::Value {
    let configuration = json!({"vpc": vpc, "active": active});
    item("AWS::EC2::FlowLog", id, json!({"configuration": configuration}))
}

fn role(region: &str, captured: &str, strict: bool) -> serde_json::Value {
    item(
        "AWS::IAM::Role",
        "AROA1",
        json!({"awsRegion": region, "configurationItemCaptureTime": captured,
            "configuration": {"strict": strict}}),
    )
}

#[test]
fn each_resource_has_a_verdict_and_drift_a_message() {
    let items = [bucket("data", "Enabled"), bucket("logs", "Off")];
    assert_eq!(
        evaluate(&[plan(&[VERSIONED])], &items, &complete()),
        ["c1 eu-west-1 data: Compliant", "c1 eu-west-1 logs: NonCompliant versioning is Off"]
    );
}

#[test]
fn a_missing_field_is_insufficient_data_and_any_other_failure_an_error() {
    let items = [
        item("AWS::S3::Bucket", "bare", json!({"configuration": {}})),
        item("AWS::S3::Bucket", "odd", json!({"configuration": {"status": ["Enabled"]}})),
    ];
    let broken = "expression: {resourceTypes: ['AWS::S3::Bucket'],
        compliant: resource.configuration.status + 1 == 2}";
    let lines = evaluate(&[plan(&[VERSIONED, broken])], &items, &complete());
    assert!(lines[0].starts_with("c1 eu-west-1 bare: Unknown(InsufficientData) control c1"));
    assert!(lines[0].contains("`status`"), "{}", lines[0]);
    assert!(lines[3].starts_with("c2 eu-west-1 odd: Unknown(InsufficientData)"), "{}", lines[3]);
}

#[test]
fn a_message_that_fails_gives_way_to_the_title_and_the_verdict_stands() {
    let check = "expression: {resourceTypes: ['AWS::S3::Bucket'], compliant: 'false',
        message: resource.configuration.reason}";
    let lines = evaluate(&[plan(&[check])], &[bucket("logs", "Off")], &complete());
    assert_eq!(lines, ["c1 eu-west-1 logs: NonCompliant As it should be"]);
}

#[test]
fn a_control_that_does_not_apply_says_so() {
    let check = "expression: {resourceTypes: ['AWS::S3::Bucket'],
        appliesTo: resource.configuration.status != 'Off', compliant: 'false'}";
    let items = [bucket("data", "Enabled"), bucket("logs", "Off")];
    let lines = evaluate(&[plan(&[check])], &items, &complete());
    assert_eq!(lines[1], "c1 eu-west-1 logs: NotApplicable");
}

#[test]
fn a_field_of_another_type_than_the_control_takes_it_for_is_unknown() {
    let control = |compliant: &str| {
        format!(
            "expression: {{resourceTypes: ['AWS::EC2::SecurityGroup'], compliant: '{compliant}'}}"
        )
    };
    let controls = [
        control("!resource.configuration.rules.exists(rule, rule.port == 22)"),
        control("resource.configuration.rules.size() == 0"),
        control("resource.configuration.public != true"),
        control("!(\"0.0.0.0/0\" in resource.configuration.sources)"),
        control("!(resource.configuration.public in [true])"),
    ];
    let checks: Vec<&str> = controls.iter().map(String::as_str).collect();
    let configuration = json!({"rules": {}, "public": "true", "sources": {"0": "0.0.0.0/0"}});
    let fields = json!({"configuration": configuration});
    let lines =
        evaluate(&[plan(&checks)], &[item("AWS::EC2::SecurityGroup", "sg", fields)], &complete());
    assert_eq!(lines.len(), checks.len());
    for line in lines {
        assert!(line.contains("sg: Unknown(InsufficientData)"), "{line}");
    }
}

#[test]
fn an_item_that_was_not_recorded_is_unknown_and_one_that_was_deleted_is_nothing() {
    let status = |id, status: &str| {
        let mut bucket = bucket(id, "Enabled");
        bucket["configurationItemStatus"] = status.into();
        bucket
    };
    let items = [status("gone", "ResourceDeleted"), status("quiet", "ResourceNotRecorded")];
    let lines = evaluate(&[plan(&[VERSIONED])], &items, &complete());
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("c1 eu-west-1 quiet: Unknown(NotRecorded)"), "{lines:?}");
}

#[test]
fn items_of_other_accounts_and_regions_have_no_verdict() {
    let mut elsewhere = bucket("far", "Off");
    elsewhere["awsRegion"] = "ap-south-1".into();
    let mut foreign = bucket("foreign", "Off");
    foreign["awsAccountId"] = "999999999999".into();
    assert_eq!(evaluate(&[plan(&[VERSIONED])], &[elsewhere, foreign], &complete()), [""; 0]);
}

#[test]
fn a_type_that_was_not_read_is_unknown_once_for_each_target() {
    let coverage = without("AWS::S3::Bucket", None);
    let (lines, outcome) = evaluate_on(1, &[plan(&[VERSIONED])], &[], &coverage);
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("c1 eu-west-1 unread AWS::S3::Bucket: Unknown(NotRecorded)"));
    assert!(!outcome.plans[0].is_complete());
}

#[test]
fn a_refused_control_is_unknown_once_for_each_target_and_nothing_of_it_is_complete() {
    let mut plan = plan(&[VERSIONED, VERSIONED]);
    let refused = plan.controls[0].control.refused("a typo".to_owned());
    plan.controls[0].control = std::sync::Arc::new(refused);
    let (lines, outcome) = evaluate_on(1, &[plan], &[bucket("data", "Off")], &complete());
    let why = "unread AWS::S3::Bucket: Unknown(InvalidControl) control c1 is not evaluated: a typo";
    assert_eq!(
        lines,
        [
            format!("c1 eu-west-1 {why}"),
            format!("c1 us-east-1 {why}"),
            "c2 eu-west-1 data: NonCompliant versioning is Off".to_owned(),
        ]
    );
    let of = |control| outcome.control(0, 0, control).unwrap();
    assert!(!of(0).complete && of(1).complete);
    assert_eq!(outcome.counts().unknown_for(UnknownReason::InvalidControl), 2);
    assert_eq!(outcome.counts().compliance_ratio(), Some(0.0), "it counts against the ratio");
}

#[test]
fn what_was_read_of_a_type_in_part_has_verdicts_beside_the_unknown() {
    let coverage = without("AWS::S3::Bucket", Some("eu-west-1"));
    let items = [bucket("data", "Enabled")];
    let (lines, outcome) = evaluate_on(1, &[plan(&[VERSIONED])], &items, &coverage);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "c1 eu-west-1 data: Compliant");
    assert!(lines[1].starts_with("c1 eu-west-1 unread"));
    let [ireland, virginia] = &outcome.plans[0].targets[..] else { panic!("two targets") };
    assert!(!ireland.is_complete() && virginia.is_complete());
    assert_eq!(outcome.counts().unknown_for(UnknownReason::NotRecorded), 1);
}

#[test]
fn nothing_is_read_unless_somebody_says_so() {
    let lines = evaluate(&[plan(&[VERSIONED, TRAIL])], &[], &Coverage::new());
    assert!(lines.iter().all(|line| line.contains("Unknown(NotDelivered)")), "{lines:?}");
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_global_resource_counts_once_in_the_home_region_by_its_latest_copy() {
    let copies = [
        role("us-east-1", "2026-01-03T00:00:00Z", true),
        role("eu-west-1", "2026-01-02T00:00:00Z", false),
        role("global", "2026-01-01T00:00:00Z", false),
        role("ap-south-1", "2026-01-01T00:00:00Z", false),
    ];
    for rotation in 0..copies.len() {
        let mut items = copies.clone();
        items.rotate_left(rotation);
        for workers in 1..=3 {
            let (lines, outcome) = evaluate_on(workers, &[plan(&[ROLES])], &items, &complete());
            assert_eq!(lines, ["c1 eu-west-1 AROA1: Compliant"]);
            assert_eq!(outcome.plans[0].targets[0].items, 1);
        }
    }
}

#[test]
fn a_baseline_without_the_home_region_has_its_global_controls_in_its_first() {
    let mut plan = plan(&[ROLES]);
    plan.targets.remove(0);
    let items = [role("global", "2026-01-01T00:00:00Z", true)];
    assert_eq!(evaluate(&[plan], &items, &complete()), ["c1 us-east-1 AROA1: Compliant"]);
}

#[test]
fn resources_are_judged_with_those_that_join_them_from_all_regions() {
    let mut far = flow_log("fl-2", "vpc-2", true);
    far["awsRegion"] = "ap-south-1".into();
    let items = [flow_log("fl-1", "vpc-1", false), far, vpc("vpc-1"), vpc("vpc-2"), vpc("vpc-3")];
    for workers in 1..=3 {
        let (lines, _) = evaluate_on(workers, &[plan(&[LOGGED])], &items, &complete());
        assert_eq!(
            lines,
            [
                "c1 eu-west-1 vpc-1: NonCompliant As it should be",
                "c1 eu-west-1 vpc-2: Compliant",
                "c1 eu-west-1 vpc-3: NonCompliant As it should be",
            ]
        );
    }
}

#[test]
fn a_join_with_what_was_not_read_is_unknown() {
    for coverage in
        [without("AWS::EC2::FlowLog", None), without("AWS::EC2::FlowLog", Some("ap-south-1"))]
    {
        let items = [vpc("vpc-1"), flow_log("fl-1", "vpc-1", true)];
        let (lines, outcome) = evaluate_on(1, &[plan(&[LOGGED])], &items, &coverage);
        assert!(lines[0].starts_with("c1 eu-west-1 vpc-1: Unknown(NotRecorded)"), "{lines:?}");
        assert!(!outcome.plans[0].targets[0].is_complete());
    }
}

#[test]
fn a_key_that_cannot_be_made_is_unknown_and_never_a_missing_join() {
    let keyless = item("AWS::EC2::FlowLog", "fl-1", json!({"configuration": {}}));
    let lines = evaluate(&[plan(&[LOGGED])], &[vpc("vpc-1"), keyless], &complete());
    assert!(lines[0].starts_with("c1 eu-west-1 vpc-1: Unknown(InsufficientData)"), "{lines:?}");
    let check = LOGGED.replace("key: resource.id", "key: resource.configuration.id");
    let items = [vpc("vpc-1"), flow_log("fl-1", "vpc-1", true)];
    let lines = evaluate(&[plan(&[&check])], &items, &complete());
    assert!(lines[0].starts_with("c1 eu-west-1 vpc-1: Unknown(InsufficientData)"), "{lines:?}");
}

#[test]
fn a_region_and_an_account_have_one_verdict_over_all_their_resources() {
    let trail = |region: &str, multi: bool| {
        let fields = json!({"awsRegion": region, "configuration": {"multi": multi}});
        item("AWS::CloudTrail::Trail", region, fields)
    };
    let mut virginia = vpc("vpc-2");
    virginia["awsRegion"] = "us-east-1".into();
    let items =
        [trail("eu-west-1", false), trail("ap-south-1", true), vpc("vpc-1"), virginia, vpc("v3")];
    assert_eq!(
        evaluate(&[plan(&[TRAIL, RECORDER])], &items, &complete()),
        [
            "c1 eu-west-1 account: Compliant",
            "c2 eu-west-1 region: NonCompliant As it should be",
            "c2 us-east-1 region: Compliant",
        ]
    );
}

#[test]
fn a_region_or_account_that_was_not_read_whole_is_unknown() {
    let coverage = without("AWS::EC2::VPC", Some("eu-west-1"));
    let lines = evaluate(&[plan(&[RECORDER])], &[vpc("vpc-1")], &coverage);
    assert!(lines[0].starts_with("c1 eu-west-1 region: Unknown(NotRecorded)"), "{lines:?}");
    let coverage = without("AWS::CloudTrail::Trail", Some("ap-south-1"));
    let lines = evaluate(&[plan(&[TRAIL])], &[], &coverage);
    assert!(lines[0].starts_with("c1 eu-west-1 account: Unknown(NotRecorded)"), "{lines:?}");
}

#[test]
fn an_account_without_evidence_drifts() {
    let mut plan = plan(&[]);
    plan.controls.push(planned(control("reviewed", "attestation: {}")));
    assert_eq!(
        evaluate(&[plan], &[], &Coverage::new()),
        ["reviewed eu-west-1 account: NonCompliant nobody has attested that this was done"]
    );
}

#[test]
fn an_item_that_says_no_region_leaves_its_type_incomplete() {
    let mut nowhere = bucket("lost", "Enabled");
    nowhere["awsRegion"] = json!(null);
    let lines = evaluate(&[plan(&[VERSIONED])], &[nowhere], &complete());
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("Unknown(NotDelivered)"), "{lines:?}");
}

#[test]
fn a_drift_is_explained_by_what_was_read() {
    let check = "expression: {resourceTypes: ['AWS::S3::Bucket'],
        compliant: 'has(resource.name) && resource.configuration.status == \"Enabled\" && now > now'}";
    let lines = explanations(&[plan(&[check])], &[bucket("logs", "Off")]);
    assert_eq!(lines, ["resource.name = absent", "resource.configuration.status = \"Off\""]);
}

#[test]
fn a_join_is_explained_by_the_ids_of_what_joined() {
    let items = [vpc("vpc-1"), flow_log("fl-1", "vpc-1", false), flow_log("fl-2", "vpc-1", false)];
    let lines = explanations(&[plan(&[LOGGED])], &items);
    assert_eq!(lines, ["related.logs = [\"fl-1\",\"fl-2\"]"]);
}

#[test]
fn a_suspended_plan_is_not_evaluated() {
    let mut plan = plan(&[VERSIONED, TRAIL]);
    plan.suspended = true;
    assert_eq!(evaluate(&[plan], &[bucket("logs", "Off")], &complete()), [""; 0]);
}

#[test]
fn only_what_some_control_reads_is_read() {
    let (plans, arena) = ([plan(&[VERSIONED, LOGGED])], bumpalo::Bump::new());
    let reading = Evaluation::new(&plans, NOW, &arena).reading();
    let of = |name| &reading.iter().find(|(it, _)| it.as_str() == name).unwrap().1;
    let configuration = of("AWS::S3::Bucket").field("configuration").unwrap();
    assert!(configuration.field("status").is_some() && configuration.field("x").is_none());
    let log = of("AWS::EC2::FlowLog").field("configuration").unwrap();
    assert!(log.field("vpc").is_some() && log.field("active").is_some());
    assert_eq!(log.field("x"), None::<&Projection>);
    assert_eq!(account().as_str(), "111122223333");
}
