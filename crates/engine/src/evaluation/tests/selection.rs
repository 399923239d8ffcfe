//! What a baseline selects by types, ids, names and tags.

use serde_json::json;

use std::sync::Arc;

use super::{ROLES, VERSIONED, role};
use crate::evaluation::fixture::{bucket, complete, evaluate, plan};
use crate::plan::ResourceMatch;

fn select(yaml: &str) -> Arc<ResourceMatch> {
    Arc::new(ResourceMatch::new(&serde_saphyr::from_str(yaml).unwrap()).unwrap())
}

#[test]
fn what_a_baseline_does_not_match_or_excludes_is_no_subject() {
    let mut plan = plan(&[VERSIONED]);
    plan.controls[0].matching = Some(select("{tags: {data: confidential}}"));
    plan.controls[0].exclude = Some(select("{ids: ['tmp-*']}"));
    let tagged = |id| {
        let mut bucket = bucket(id, "Off");
        bucket["tags"] = json!({"data": "confidential"});
        bucket
    };
    let untagged = |id| {
        let mut bucket = bucket(id, "Off");
        bucket["tags"] = json!({});
        bucket
    };
    let items = [tagged("kept"), tagged("tmp-1"), untagged("untagged")];
    let lines = evaluate(&[plan], &items, &complete());
    assert_eq!(lines[0], "c1 eu-west-1 kept: NonCompliant versioning is Off");
    assert_eq!(lines[1], "c1 eu-west-1 tmp-1: NotApplicable");
    assert_eq!(lines[2], "c1 eu-west-1 untagged: NotApplicable");
}

#[test]
fn what_is_left_out_by_a_tag_that_another_copy_lacks_is_unknown() {
    let tagged = |region, tags: &str| {
        let mut role = role(region, "2026-01-01T00:00:00Z", false);
        role["tags"] = json!({"exempt": tags});
        role
    };
    let copies = [tagged("eu-west-1", "yes"), tagged("us-east-1", "no")];
    for (exclude, verdict) in
        [("{tags: {exempt: 'yes'}}", "Unknown("), ("{ids: [AROA1]}", "NotApplicable")]
    {
        let mut plan = plan(&[ROLES]);
        plan.controls[0].exclude = Some(select(exclude));
        let lines = evaluate(&[plan], &copies, &complete());
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&format!("c1 eu-west-1 AROA1: {verdict}")), "{lines:?}");
    }
}

#[test]
fn where_a_baseline_selects_by_tags_an_item_that_says_nothing_of_its_tags_is_unknown() {
    let region = "expression: {resourceTypes: ['AWS::S3::Bucket'], scope: Region, \
                  compliant: 'resources.size() == 0'}";
    let by_tags = "{tags: {data: confidential}}";
    for (matching, exclude) in
        [(Some(select(by_tags)), None), (None, Some(select(by_tags))), (None, None)]
    {
        let mut plan = plan(&[VERSIONED, region]);
        for planned in &mut plan.controls {
            planned.matching.clone_from(&matching);
            planned.exclude.clone_from(&exclude);
        }
        let lines = evaluate(&[plan], &[bucket("untold", "Off")], &complete());
        if matching.is_none() && exclude.is_none() {
            assert_eq!(lines[0], "c1 eu-west-1 untold: NonCompliant versioning is Off");
            continue;
        }
        for (line, subject) in lines.iter().zip(["c1 eu-west-1 untold", "c2 eu-west-1 region"]) {
            let unknown =
                format!("{subject}: Unknown(InsufficientData) the baseline selects by tags");
            assert!(line.starts_with(&unknown), "{line}");
        }
    }
}
