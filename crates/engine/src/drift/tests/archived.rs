//! Of what is archived only the name, the times and what people did are kept, and that is enough.

use super::super::fixture::{at, bucket, compare, finding, plan, publish, result};
use super::super::{Finding, FindingStatus, KnownFindings, Workflow};
use model::Verdict;

fn archived(id: &str, workflow: Workflow) -> Finding {
    let finding = finding(id, at(0));
    Finding { archived: true, workflow, updated_at: at(10), ..finding }
}

/// What is known briefly and in full brings about the same.
#[test]
fn a_drift_that_comes_back_goes_on_as_if_nothing_had_been_forgotten() {
    let plans = [plan(&["s3-bucket-versioning"])];
    for workflow in [Workflow::New, Workflow::Notified, Workflow::Suppressed] {
        for verdict in [Verdict::NonCompliant, Verdict::Compliant, Verdict::NotApplicable] {
            let (mut full, mut brief) = (KnownFindings::new(), KnownFindings::new());
            full.upsert(archived("logs", workflow));
            brief.upsert_briefly(archived("logs", workflow));
            assert_eq!((brief.len(), brief.iter().count()), (1, 0));
            for results in [&[result(bucket("logs"), verdict)][..], &[]] {
                let changes = |known| compare(&plans, known, results, at(20)).changes;
                assert_eq!(changes(&brief), changes(&full), "{workflow:?} {verdict:?}");
            }
        }
    }
}

#[test]
fn nothing_of_its_words_is_kept() {
    let mut known = KnownFindings::new();
    let long = "x".repeat(10_000);
    known.upsert_briefly(Finding { description: long.into(), ..archived("logs", Workflow::New) });
    let id = finding("logs", at(0)).id;
    let kept = known.get(id.as_str()).unwrap().into_owned();
    assert_eq!((&*kept.description, kept.readings.len()), ("", 0));
    assert_eq!((kept.created_at, kept.updated_at, kept.archived), (at(0), at(10), true));
    assert_eq!(kept.status, FindingStatus::Failed);
}

#[test]
fn of_two_the_later_counts_however_much_is_kept() {
    let id = finding("logs", at(0)).id;
    let open = Finding { updated_at: at(20), ..finding("logs", at(0)) };
    let mut known = KnownFindings::new();
    known.upsert_briefly(open.clone());
    known.upsert_briefly(archived("logs", Workflow::New));
    assert!(known.get(id.as_str()).unwrap().is_open(), "the archived one is older");
    known.upsert_briefly(Finding { updated_at: at(30), ..archived("logs", Workflow::New) });
    assert!(known.get(id.as_str()).unwrap().archived);
    known.upsert(open);
    assert!(known.get(id.as_str()).unwrap().archived, "the open one is older");
    assert_eq!(known.len(), 1);
}

#[test]
fn one_whose_workflow_is_to_be_corrected_keeps_its_words() {
    let mut known = KnownFindings::new();
    known.upsert_briefly(archived("logs", Workflow::Resolved)); // failed and resolved
    let changes = compare(&[plan(&["s3-bucket-versioning"])], &known, &[], at(20)).changes;
    assert_eq!(changes[0].as_str(), "updated");
    assert!(!changes[0].finding().description.is_empty());
    let drift = compare(&[plan(&["s3-bucket-versioning"])], &known, &[], at(20));
    publish(&mut known, &drift);
}

#[test]
fn what_is_forgotten_of_a_place_are_its_archived_ones_too() {
    let mut known = KnownFindings::new();
    known.upsert_briefly(archived("logs", Workflow::New));
    known.upsert_briefly(finding("data", at(0)));
    known.retain_where(|account, _, _| account.as_str() == "111122223333");
    assert_eq!(known.len(), 2);
    known.retain_where(|account, _, _| account.as_str() != "111122223333");
    assert!(known.is_empty());
}
