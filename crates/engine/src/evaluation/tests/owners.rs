//! Whom the subjects of results belong to.

use bumpalo::Bump;
use serde_json::{Value as Json, json};

use super::super::fixture::{NOW, complete, item, plan};
use super::super::{Evaluation, EvaluationResult, Subject};
use crate::plan::Plan;
use model::{Parsed, Reading, parse_item};

const OFF: &str = "expression: {resourceTypes: ['AWS::S3::Bucket'], compliant: 'false'}";
const JOINED: &str = "expression: {resourceTypes: ['AWS::S3::Bucket'],
    compliant: related.logs.size() > 0, related: [{name: logs,
    resourceType: 'AWS::EC2::FlowLog', key: resource.id, relatedKey: resource.id}]}";
const GLOBAL: &str = "expression: {resourceTypes: ['AWS::IAM::Role'], compliant: 'false'}";
const ACCOUNT: &str =
    "expression: {resourceTypes: ['AWS::S3::Bucket'], scope: Account, compliant: 'false'}";
const REGION: &str =
    "expression: {resourceTypes: ['AWS::S3::Bucket'], scope: Region, compliant: 'false'}";

/// A plan whose owners these tags name.
fn owned(checks: &[&str], keys: &[&str]) -> Plan {
    let mut plan = plan(checks);
    plan.owner_keys.tags = keys.iter().map(ToString::to_string).collect();
    plan
}

fn tagged(resource_type: &str, tags: &Json) -> Json {
    item(resource_type, "logs", json!({"configuration": {}, "tags": tags}))
}

/// The owner of each subject, with the key of its tag: `control subject: owner (key)`.
fn owners(plan: &Plan, items: &[Json]) -> Vec<String> {
    let (plans, parameters, arena) = ([plan.clone()], Bump::new(), Bump::new());
    let evaluation = Evaluation::new(&plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut lines = Vec::new();
    let mut collect = |result: &EvaluationResult<'_>| {
        let subject = match result.subject {
            Subject::Resource { id, .. } => id,
            Subject::Region => "region",
            Subject::Account => "account",
            Subject::Unread { .. } => "unread",
        };
        let control = &plans[0].controls[result.control].control.name;
        let owner = result.ownership(&plans[0]).map_or("nobody".to_owned(), |it| {
            let key = it.tag_key.map(|key| format!(" ({key})")).unwrap_or_default();
            format!("{}{key}", it.owner)
        });
        lines.push(format!("{control} {subject}: {owner}"));
    };
    let mut evaluator = evaluation.worker();
    for item in items {
        let text = arena.alloc_str(&item.to_string());
        if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
            evaluator.item(&item, &mut collect);
        }
    }
    evaluation.finish(vec![evaluator], &complete(), &mut collect);
    lines.sort_unstable();
    lines
}

fn owner(plan: &Plan, tags: &Json) -> String {
    owners(plan, &[tagged("AWS::S3::Bucket", tags)]).remove(0)
}

#[test]
fn the_first_tag_with_a_value_names_the_owner() {
    let plan = owned(&[OFF], &["team", "owner"]);
    for (tags, expected) in [
        (json!({"team": "payments", "owner": "search"}), "payments (team)"),
        (json!({"owner": "search"}), "search (owner)"),
        (json!({"team": "  ", "owner": "search"}), "search (owner)"),
        (json!({"team": null, "owner": "search"}), "search (owner)"),
        (json!({"Team": "payments"}), "platform"),
        (json!({}), "platform"),
        (Json::Null, "platform"),
    ] {
        assert_eq!(owner(&plan, &tags), format!("c1 logs: {expected}"), "{tags}");
    }
}

#[test]
fn tags_name_the_same_owner_in_every_encoding() {
    let plan = owned(&[OFF], &["team"]);
    for tags in [
        json!({"team": "payments"}),
        json!([{"key": "team", "value": "payments", "tag": "team=payments"}]),
        json!([{"Key": "team", "Value": "payments"}]),
    ] {
        assert_eq!(owner(&plan, &tags), "c1 logs: payments (team)", "{tags}");
    }
}

#[test]
fn without_keys_no_tag_is_read() {
    let plan = owned(&[OFF], &[]);
    assert_eq!(owner(&plan, &json!({"team": "payments"})), "c1 logs: platform");
    let (plans, arena) = ([plan], Bump::new());
    let reading = Evaluation::new(&plans, NOW, &arena).reading();
    assert!(reading.iter().all(|(_, read)| read.field("tags").is_none()));
}

#[test]
fn of_all_tags_only_those_that_name_owners_are_read() {
    let (plans, arena) = ([owned(&[OFF, JOINED, GLOBAL], &["team"])], Bump::new());
    for (name, read) in Evaluation::new(&plans, NOW, &arena).reading() {
        let tags = read.field("tags");
        if name.as_str() == "AWS::EC2::FlowLog" {
            assert_eq!(tags, None, "it is judged by no control");
            continue;
        }
        let tags = tags.unwrap();
        assert!(tags.field("team").is_some() && tags.field("password").is_none(), "{name}");
    }
}

#[test]
fn what_waits_for_other_items_keeps_its_owner() {
    let plan = owned(&[JOINED, GLOBAL], &["team"]);
    let tags = json!({"team": "payments"});
    let items = [tagged("AWS::S3::Bucket", &tags), tagged("AWS::IAM::Role", &tags)];
    assert_eq!(owners(&plan, &items), ["c1 logs: payments (team)", "c2 logs: payments (team)"]);
}

#[test]
fn a_region_and_an_account_belong_to_whom_the_account_belongs() {
    let plan = owned(&[REGION, ACCOUNT], &["team"]);
    let items = [tagged("AWS::S3::Bucket", &json!({"team": "payments"}))];
    let expected = ["c1 region: platform", "c1 region: platform", "c2 account: platform"];
    assert_eq!(owners(&plan, &items), expected);
}

#[test]
fn of_what_is_unknown_nobody_says_whose_it_is() {
    let fails = "expression: {resourceTypes: ['AWS::S3::Bucket'],
        compliant: resource.configuration.x}";
    let plan = owned(&[fails], &["team"]);
    assert_eq!(owner(&plan, &json!({"team": "payments"})), "c1 logs: nobody");
}

#[test]
fn a_hostile_tag_is_short_on_one_line_and_without_secrets() {
    let plan = owned(&[OFF], &["team"]);
    for (value, expected) in [
        ("pay\u{1b}[2Jments\u{202e}".to_owned(), "pay [2Jments".to_owned()),
        ("x".repeat(100_000), format!("{}…", "x".repeat(125))),
        ("https://me:word@example.com".to_owned(), "https://(masked)@example.com".to_owned()),
    ] {
        let owner = owner(&plan, &json!({"team": value}));
        assert_eq!(owner, format!("c1 logs: {expected} (team)"), "{value:.40}");
    }
}

/// The place that is carried along may hold secrets beside the tag.
#[test]
fn a_result_that_is_printed_shows_nothing_of_its_resource_but_the_tag() {
    let (plans, parameters, arena) = ([owned(&[OFF], &["team"])], Bump::new(), Bump::new());
    let evaluation = Evaluation::new(&plans, NOW, &parameters);
    let bucket = tagged("AWS::S3::Bucket", &json!({"team": "payments", "password": "CANARY"}));
    let text = arena.alloc_str(&bucket.to_string());
    let whole = [("AWS::S3::Bucket".parse().unwrap(), cel::Projection::Whole)];
    let Ok(Parsed::Item(item)) = parse_item(text.as_bytes(), &Reading::new(whole), &arena) else {
        panic!("it is an item");
    };
    let mut printed = String::new();
    let mut print = |result: &EvaluationResult<'_>| printed = format!("{result:?}");
    evaluation.worker().item(&item, &mut print);
    assert!(printed.contains("payments") && !printed.contains("CANARY"), "{printed}");
}
