//! Findings carry the mark of who publishes them.

use super::*;
use crate::drift::{Comparison, Finding, FindingChange, Publisher, PublisherId};
use crate::evaluation::Outcome;

fn cluster() -> Publisher {
    Publisher { id: Some(PublisherId::cluster("1")), ..Publisher::default() }
}

/// What follows where the bucket `logs` drifts still.
fn changes(story: &Story, publisher: &Publisher, seconds: i64) -> Vec<FindingChange> {
    let mut comparison = Comparison::new(&story.plans, &story.known, publisher, at(seconds));
    comparison.observe(&result(bucket("logs"), Verdict::NonCompliant));
    let mut outcome = Outcome::of(&story.plans);
    outcome.plans[0].targets[0].controls[0].complete = true;
    comparison.finish(&outcome).changes
}

#[test]
fn what_an_earlier_version_published_is_marked_once_and_says_the_same() {
    let mut story = Story::with_drift();
    let before = story.logs().clone();
    let marked = changes(&story, &cluster(), 60);
    let [FindingChange::Updated(finding)] = &marked[..] else { panic!("{marked:?}") };
    assert_eq!(finding.publisher, cluster().id);
    assert_eq!(finding.fingerprint, before.fingerprint);
    assert_eq!(finding.first_observed_at, before.first_observed_at);
    story.known.upsert(finding.clone());
    assert_eq!(changes(&story, &cluster(), 120), []);
}

#[test]
fn whoever_has_no_mark_marks_nothing_and_leaves_marks_as_they_are() {
    let mut story = Story::with_drift();
    let scan = Some(PublisherId::scan());
    let scanned = Finding { publisher: scan.clone(), ..story.logs().clone() };
    story.known.upsert(scanned);
    assert_eq!(changes(&story, &Publisher::default(), 60), []);
    let later = changes(&story, &Publisher::default(), 31 * DAY);
    let [FindingChange::Heartbeat(finding)] = &later[..] else { panic!("{later:?}") };
    assert_eq!(finding.publisher, scan);
}

#[test]
fn what_is_kept_of_a_baseline_that_could_not_be_read_is_not_marked() {
    let story = Story::with_drift();
    let publisher = cluster();
    let comparison = Comparison::new(&[], &story.known, &publisher, at(31 * DAY));
    let kept = comparison.keep_absent_baselines().finish(&Outcome::of(&[])).changes;
    let [FindingChange::Heartbeat(finding)] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!(finding.publisher, None);
}
