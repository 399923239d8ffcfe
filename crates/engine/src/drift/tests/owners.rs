//! Findings and summaries say whom drift belongs to.

use super::super::fixture::{at, bucket, compare, plan, publish, result};
use super::super::{Finding, FindingChange, KnownFindings};
use super::Story;
use crate::evaluation::{EvaluationResult, OwnerTag, OwnerTagPlace};
use crate::plan::Plan;
use cel::Timestamp;
use model::{Owner, Verdict};

const fn tagged<'r>(id: &'r str, value: &'r str, verdict: Verdict) -> EvaluationResult<'r> {
    let owner_tag = OwnerTagPlace::found(Some(OwnerTag { key: "team", value }));
    EvaluationResult { owner_tag, ..result(bucket(id), verdict) }
}

fn owned(value: &str) -> EvaluationResult<'_> {
    tagged("logs", value, Verdict::NonCompliant)
}

#[test]
fn a_finding_names_its_owner_as_product_field_and_as_tag() {
    let mut story = Story::new();
    story.results(&[owned("payments")], at(0));
    let asff = story.logs().to_asff();
    assert_eq!(asff.product_fields["plumbline/owner"], "payments");
    let tags: Vec<_> = asff.resources[0].tags.iter().collect();
    assert_eq!(tags, [(&"team".to_owned(), &"payments".to_owned())]);

    let mut story = Story::with_drift();
    let asff = story.logs().to_asff();
    assert_eq!(asff.product_fields["plumbline/owner"], "platform");
    assert!(asff.resources[0].tags.is_empty(), "no tag says so");
}

#[test]
fn a_new_owner_updates_the_finding_and_is_no_new_drift() {
    let mut story = Story::new();
    assert_eq!(story.results(&[owned("payments")], at(0)), ["opened"]);
    assert_eq!(story.results(&[owned("payments")], at(60)), [""; 0]);
    story.edit(|finding| finding.workflow = super::Workflow::Notified);
    assert_eq!(story.results(&[owned("search")], at(120)), ["updated"]);
    let finding = story.logs();
    assert_eq!(finding.owner().map(Owner::as_str), Some("search"));
    assert_eq!((finding.created_at, finding.first_observed_at), (at(0), at(0)));
    assert_eq!(finding.workflow, super::Workflow::Notified, "what people did to it stays");
    assert_eq!(story.results(&[owned("search")], at(180)), [""; 0]);
    let untagged = result(bucket("logs"), Verdict::NonCompliant);
    assert_eq!(story.results(&[untagged], at(240)), ["updated"]);
    assert_eq!(story.logs().owner().map(Owner::as_str), Some("platform"));
}

#[test]
fn a_new_label_of_the_account_updates_its_findings() {
    let mut story = Story::with_drift();
    story.plans[0].targets[0].owner = Owner::new("payments").unwrap();
    assert_eq!(story.verdict(Verdict::NonCompliant, at(60)), ["updated"]);
    assert_eq!(story.verdict(Verdict::NonCompliant, at(120)), [""; 0]);
}

#[test]
fn what_passed_still_belongs_to_somebody() {
    let mut story = Story::new();
    story.results(&[owned("payments")], at(0));
    story.results(&[tagged("logs", "payments", Verdict::Compliant)], at(60));
    assert_eq!(story.logs().owner().map(Owner::as_str), Some("payments"));
}

#[test]
fn a_finding_of_an_earlier_version_is_read_and_then_says_whose_it_is() {
    let mut story = Story::with_drift();
    let mut asff = story.logs().to_asff();
    asff.product_fields.remove("plumbline/owner");
    // Its fingerprint was of what it said.
    asff.product_fields.insert("plumbline/fingerprint".to_owned(), "0".repeat(32));
    let earlier = Finding::try_from(asff).unwrap();
    assert_eq!(earlier.owner(), None);
    story.edit(|finding| *finding = earlier);
    assert_eq!(story.verdict(Verdict::NonCompliant, at(60)), ["updated"]);
    assert_eq!(story.logs().owner().map(Owner::as_str), Some("platform"));
}

/// Security Hub asks tags of findings to be such as AWS takes.
#[test]
fn a_tag_that_security_hub_would_refuse_is_left_out_and_the_product_field_stays() {
    for (value, is_taken) in [
        ("payments@example.com", true),
        ("Größe +1", true),
        ("aws:payments", false),
        ("a*b", false),
        ("<payments>", false),
    ] {
        let mut story = Story::new();
        story.results(&[owned(value)], at(0));
        let asff = story.logs().to_asff();
        assert_eq!(!asff.resources[0].tags.is_empty(), is_taken, "{value}");
        assert_eq!(asff.product_fields["plumbline/owner"], value);
    }
}

#[test]
fn a_finding_is_read_back_with_its_owner() {
    let mut story = Story::new();
    for value in [
        "payments",
        "a*b",
        "an owner of which there is much too much to say, so that it is cut where a field has no place for more of it, and that is here",
    ] {
        story.results(&[owned(value)], at(0));
        let written = story.logs().clone();
        let read = Finding::try_from(written.to_asff()).unwrap();
        assert_eq!((read.owner(), read.fingerprint), (written.owner(), written.fingerprint));
        assert_eq!(read.to_asff(), written.to_asff());
    }
}

/// The summary of these results, of which the counts are the outcome's to say.
fn summary(results: &[EvaluationResult<'_>], now: Timestamp) -> super::super::Summary {
    let plans: [Plan; 1] = [plan(&["s3-bucket-versioning"])];
    let known = KnownFindings::new();
    let mut summaries = super::super::Summaries::new(&plans, now);
    let mut outcome = crate::evaluation::Outcome::of(&plans);
    for result in results {
        summaries.observe(result, Some(at(0)));
        let counts = &mut outcome.plans[0].targets[0].controls[0].counts;
        counts.count(result.verdict, result.exemption.is_some());
    }
    assert!(known.is_empty());
    summaries.finish(&outcome).remove(0)
}

#[test]
fn a_summary_counts_drift_by_owner() {
    let exempt =
        EvaluationResult { exemption: Some(0), ..tagged("e", "nobody", Verdict::NonCompliant) };
    let results = [
        tagged("a", "search", Verdict::NonCompliant),
        tagged("b", "payments", Verdict::NonCompliant),
        tagged("c", "payments", Verdict::NonCompliant),
        tagged("d", "others", Verdict::Compliant),
        exempt,
        result(bucket("f"), Verdict::NonCompliant),
    ];
    let summary = summary(&results, at(60));
    let by_owner = summary.by_owner.iter().map(|(owner, count)| (owner.as_str(), *count));
    let expected = [("payments", 2), ("platform", 1), ("search", 1)];
    assert_eq!(by_owner.collect::<Vec<_>>(), expected);
    let owners = summary.drift[0].owners.iter().map(|it| (it.owner.as_str(), it.resources));
    assert_eq!(owners.collect::<Vec<_>>(), expected);
    let drifting = summary.drifting.iter().map(|it| (it.owner.as_str(), it.resources, it.since));
    let expected = [("payments", 2, at(0)), ("platform", 1, at(0)), ("search", 1, at(0))];
    assert_eq!(drifting.collect::<Vec<_>>(), expected);
}

#[test]
fn of_endless_owners_a_summary_stays_short_and_counts_all() {
    let names: Vec<String> = (0..3000).map(|number| format!("team-{number}")).collect();
    let results: Vec<_> =
        names.iter().map(|name| tagged(name, name, Verdict::NonCompliant)).collect();
    let summary = summary(&results, at(60));
    assert_eq!(summary.by_owner.len(), 1001);
    assert_eq!(summary.by_owner.values().sum::<u64>(), 3000);
    assert_eq!(summary.drift[0].owners.len(), 5);
    assert_eq!(summary.drift[0].owners[0].owner, Owner::others());
}

/// Several copies of one resource are one finding, whoever they belong to.
#[test]
fn an_owner_is_no_part_of_a_finding_s_name() {
    let (plans, mut known) = ([plan(&["s3-bucket-versioning"])], KnownFindings::new());
    let drift = compare(&plans, &known, &[owned("payments")], at(0));
    publish(&mut known, &drift);
    let drift = compare(&plans, &known, &[owned("search")], at(60));
    assert!(matches!(&drift.changes[..], [FindingChange::Updated(_)]), "{:?}", drift.changes);
    assert_eq!(known.len(), 1);
}
