//! What becomes of findings from one evaluation to the next.

mod archived;
mod mistakes;
mod news;
mod owners;
mod publishers;
mod room;
mod workflow;

use super::fixture::{at, bucket, compare, compare_read, finding, plan, publish, result};
use super::{FindingStatus, KnownFindings, Workflow};
use crate::catalog::Catalog;
use crate::evaluation::{EvaluationResult, FieldReading};
use crate::plan::Plan;
use cel::Timestamp;
use model::{UnknownReason, Verdict};

const DAY: i64 = 24 * 60 * 60;
const UNKNOWN: Verdict = Verdict::Unknown(UnknownReason::InsufficientData);

/// One baseline over time, with what is published of it.
struct Story {
    plans: Vec<Plan>,
    known: KnownFindings,
}

impl Story {
    fn new() -> Self {
        Self { plans: vec![plan(&["s3-bucket-versioning"])], known: KnownFindings::new() }
    }

    /// A bucket's drift is known.
    fn with_drift() -> Self {
        let mut story = Self::new();
        assert_eq!(story.verdict(Verdict::NonCompliant, at(0)), ["opened"]);
        story
    }

    /// Evaluates the bucket `logs` alone.
    fn verdict(&mut self, verdict: Verdict, now: Timestamp) -> Vec<&'static str> {
        self.results(&[result(bucket("logs"), verdict)], now)
    }

    fn results(&mut self, results: &[EvaluationResult<'_>], now: Timestamp) -> Vec<&'static str> {
        let drift = compare(&self.plans, &self.known, results, now);
        publish(&mut self.known, &drift)
    }

    /// The summary of these results, counted.
    fn summary(&self, results: &[EvaluationResult<'_>]) -> super::Summary {
        let mut outcome = crate::evaluation::Outcome::of(&self.plans);
        let mut summaries = super::Summaries::new(&self.plans, at(0));
        for result in results {
            let counts = &mut outcome.plans[0].targets[0].controls[0].counts;
            counts.count(result.verdict, false);
            summaries.observe(result, None);
        }
        summaries.finish(&outcome).remove(0)
    }

    fn incomplete(&mut self, now: Timestamp) -> Vec<&'static str> {
        let drift = compare_read(&self.plans, &self.known, &[], now, false);
        publish(&mut self.known, &drift)
    }

    fn logs(&mut self) -> super::Finding {
        let id = finding("logs", at(0)).id;
        self.known.get(id.as_str()).unwrap().into_owned()
    }

    /// A person edits the finding.
    fn edit(&mut self, edit: impl FnOnce(&mut super::Finding)) {
        let mut finding = self.logs();
        edit(&mut finding);
        self.known.upsert(finding);
    }
}

#[test]
fn drift_is_published_once() {
    let mut story = Story::with_drift();
    assert_eq!(story.logs().status, FindingStatus::Failed);
    assert_eq!(story.logs().workflow, Workflow::New);
    assert_eq!(story.verdict(Verdict::NonCompliant, at(60)), [""; 0]);
}

#[test]
fn what_is_compliant_is_not_published() {
    assert_eq!(Story::new().verdict(Verdict::Compliant, at(0)), [""; 0]);
}

#[test]
fn what_is_compliant_is_published_once_where_the_baseline_asks_for_it() {
    let mut story = Story::new();
    story.plans[0].publish.passed = true;
    assert_eq!(story.verdict(Verdict::Compliant, at(0)), ["passed"]);
    assert_eq!(story.logs().status, FindingStatus::Passed);
    assert_eq!(story.verdict(Verdict::Compliant, at(60)), [""; 0]);
}

#[test]
fn resolved_drift_is_reported_once() {
    for resolved in [Verdict::Compliant, Verdict::NotApplicable] {
        let mut story = Story::with_drift();
        assert_eq!(story.verdict(resolved, at(60)), ["resolved"]);
        let finding = story.logs();
        assert_eq!(finding.status, FindingStatus::Passed);
        assert_eq!(finding.workflow, Workflow::Resolved);
        assert_eq!((finding.created_at, finding.first_observed_at), (at(0), at(0)));
        assert_eq!(story.verdict(resolved, at(120)), [""; 0]);
    }
}

#[test]
fn drift_that_comes_back_is_opened_under_the_same_id() {
    let mut story = Story::with_drift();
    story.verdict(Verdict::Compliant, at(60));
    assert_eq!(story.verdict(Verdict::NonCompliant, at(120)), ["opened"]);
    assert_eq!(story.known.len(), 1);
    let finding = story.logs();
    assert_eq!((finding.status, finding.workflow), (FindingStatus::Failed, Workflow::New));
    assert_eq!((finding.created_at, finding.last_observed_at), (at(0), at(120)));
    assert_eq!(finding.first_observed_at, at(120), "it is another drift");
    assert_eq!(story.verdict(Verdict::NonCompliant, at(180)), [""; 0]);
    assert_eq!(story.logs().first_observed_at, at(120));
}

#[test]
fn a_finding_of_a_resource_that_is_gone_is_archived_once_and_comes_back_with_it() {
    let mut story = Story::with_drift();
    assert_eq!(story.results(&[], at(60)), ["archived"]);
    assert!(story.logs().archived);
    assert_eq!(story.results(&[], at(120)), [""; 0]);
    assert_eq!(story.verdict(Verdict::Compliant, at(150)), [""; 0]);
    assert_eq!(story.verdict(Verdict::NonCompliant, at(180)), ["opened"]);
    assert!(!story.logs().archived);
}

#[test]
fn findings_of_a_control_or_baseline_that_was_removed_are_archived() {
    let mut story = Story::with_drift();
    story.plans[0].controls.clear();
    assert_eq!(story.results(&[], at(60)), ["archived"]);
    let mut story = Story::with_drift();
    story.plans.clear();
    assert_eq!(story.results(&[], at(60)), ["archived"]);
}

#[test]
fn what_was_resolved_is_archived_with_the_rest() {
    let mut story = Story::with_drift();
    assert_eq!(story.verdict(Verdict::Compliant, at(60)), ["resolved"]);
    story.plans.clear();
    assert_eq!(story.results(&[], at(120)), ["archived"]);
    let finding = story.logs();
    assert_eq!((finding.status, finding.workflow), (FindingStatus::Passed, Workflow::Resolved));
    assert_eq!(story.results(&[], at(180)), [""; 0]);
}

#[test]
fn findings_of_an_account_that_is_no_longer_allowed_are_archived() {
    let mut story = Story::with_drift();
    story.plans[0].targets.clear();
    assert_eq!(story.results(&[], at(60)), ["archived"]);
}

#[test]
fn a_summary_names_what_is_unknown_and_says_what_is_wrong_and_what_to_do() {
    let story = Story::new();
    let results = [
        result(bucket("b"), UNKNOWN),
        result(bucket("a"), UNKNOWN),
        result(bucket("z"), Verdict::NonCompliant),
    ];
    let summary = story.summary(&results);
    let [unknown] = &summary.unknown[..] else { panic!("one control for one reason") };
    assert_eq!((unknown.verdicts, unknown.reason), (2, UnknownReason::InsufficientData));
    assert_eq!((&*unknown.example, &*unknown.message), ("a", "versioning is off"));
    assert_eq!(summary.drift[0].message, "versioning is off");
    assert_eq!(summary.drift[0].remediation, "Turn versioning on.");
}

#[test]
fn of_resources_of_one_name_the_message_is_the_same_in_any_order() {
    let says =
        |message| EvaluationResult { message, ..result(bucket("default"), Verdict::NonCompliant) };
    let story = Story::new();
    let message = |results: &[_]| story.summary(results).drift[0].message.clone();
    let (one, other) = (says("open to 10.0.0.0/8"), says("open to the world"));
    assert_eq!(message(&[one, other]), message(&[other, one]));
}

#[test]
fn an_unknown_verdict_resolves_nothing() {
    let mut story = Story::with_drift();
    assert_eq!(story.verdict(UNKNOWN, at(60)), [""; 0]);
    assert!(story.logs().is_open());
}

#[test]
fn an_incomplete_read_resolves_and_archives_nothing() {
    let mut story = Story::with_drift();
    assert_eq!(story.incomplete(at(60)), [""; 0]);
    assert!(story.logs().is_open());
}

#[test]
fn a_suspended_baseline_leaves_its_findings_alone() {
    let mut story = Story::with_drift();
    story.plans[0].suspended = true;
    assert_eq!(story.results(&[], at(60)), [""; 0]);
    assert_eq!(story.results(&[], at(31 * DAY)), ["heartbeat"], "Security Hub would delete it");
    assert!(story.logs().is_open());
}

#[test]
fn findings_that_a_baseline_no_longer_publishes_are_archived() {
    let mut story = Story::with_drift();
    story.plans[0].publish.security_hub = false;
    assert_eq!(story.verdict(Verdict::NonCompliant, at(60)), ["archived"]);
    assert_eq!(story.verdict(Verdict::NonCompliant, at(120)), [""; 0]);
}

#[test]
fn a_changed_severity_or_text_is_published_and_a_persons_workflow_stays() {
    let mut story = Story::with_drift();
    story.edit(|finding| finding.workflow = Workflow::Notified);
    story.plans[0].controls[0].severity = model::Severity::Critical;
    assert_eq!(story.verdict(Verdict::NonCompliant, at(60)), ["updated"]);
    assert_eq!(story.logs().workflow, Workflow::Notified);
    let reworded = EvaluationResult {
        message: "versioning is suspended",
        ..result(bucket("logs"), Verdict::NonCompliant)
    };
    assert_eq!(story.results(&[reworded], at(120)), ["updated"]);
    assert_eq!(story.results(&[reworded], at(180)), [""; 0]);
}

#[test]
fn a_message_that_moves_with_the_clock_alone_is_no_change() {
    let control = serde_saphyr::from_str(
        "{apiVersion: plumbline.dev/v1alpha1, kind: Control, metadata: {name: aged}, spec: {
            title: Young, description: It ages., severity: High, domain: governance,
            remediation: {text: Replace it.}, check: {expression: {
                resourceTypes: ['AWS::S3::Bucket'], compliant: 'false',
                message: '\"as of \" + string(now)'}}}}",
    );
    let (catalog, problems) = Catalog::default().with([control.unwrap()], []);
    assert!(problems.is_empty(), "{problems:?}");
    let mut story = Story::new();
    story.plans[0].controls[0].control = catalog.control("aged").unwrap().clone();
    let says =
        |message| EvaluationResult { message, ..result(bucket("logs"), Verdict::NonCompliant) };
    assert_eq!(story.results(&[says("as of now")], at(0)), ["opened"]);
    assert_eq!(story.results(&[says("as of later")], at(60)), [""; 0]);
}

#[test]
fn a_persons_suppression_is_never_lifted() {
    let mut story = Story::with_drift();
    story.edit(|finding| finding.workflow = Workflow::Suppressed);
    story.verdict(Verdict::Compliant, at(60));
    assert_eq!(story.logs().workflow, Workflow::Suppressed);
    story.verdict(Verdict::NonCompliant, at(120));
    assert_eq!(story.logs().workflow, Workflow::Suppressed);
}

#[test]
fn what_fails_still_is_published_again_after_most_of_a_month() {
    for verdict in [Verdict::NonCompliant, UNKNOWN] {
        let mut story = Story::with_drift();
        let days: Vec<i64> =
            (1..=90).filter(|day| story.verdict(verdict, at(day * DAY)) == ["heartbeat"]).collect();
        assert!((20..=30).contains(&days[0]), "{days:?}");
        assert!(days.windows(2).all(|pair| (20..=30).contains(&(pair[1] - pair[0]))), "{days:?}");
    }
    let mut story = Story::with_drift();
    assert_eq!(story.incomplete(at(30 * DAY)), ["heartbeat"]);
    assert_eq!(story.logs().last_observed_at, at(0));
}

#[test]
fn a_finding_that_passed_says_so_and_nothing_of_what_was_wrong() {
    let reading = FieldReading { path: "resource.status".to_owned(), value: "\"Off\"".to_owned() };
    let readings = [reading];
    let fails = EvaluationResult {
        explanation: &readings,
        ..result(bucket("logs"), Verdict::NonCompliant)
    };
    for passes in [Verdict::Compliant, Verdict::NotApplicable] {
        let mut story = Story::new();
        assert_eq!(story.results(&[fails], at(0)), ["opened"]);
        assert_eq!(story.logs().readings[..], readings);
        assert!(story.logs().description.starts_with("versioning is off. "));
        assert_eq!(story.verdict(passes, at(60)), ["resolved"]);
        let passed = story.logs().clone();
        assert!(passed.description.starts_with("The check "), "{}", passed.description);
        assert_eq!((passed.readings.len(), passed.last_observed_at), (0, at(0)));
        assert_eq!(passed.generator.remediation_text, "No action is needed.");
        assert_eq!(story.results(&[], at(120)), ["archived"]);
        assert_eq!(story.logs().description, passed.description);
        assert_eq!(story.results(&[fails], at(180)), ["opened"]);
        assert_eq!(story.logs().readings[..], readings);
        assert_eq!(story.logs().generator.remediation_text, "Turn versioning on.");
    }
}

#[test]
fn a_finding_that_passed_under_an_older_version_says_so_once() {
    let mut story = Story::with_drift();
    story.edit(|it| {
        (it.status, it.workflow) = (FindingStatus::Passed, Workflow::Resolved);
    });
    assert_eq!(story.verdict(Verdict::Compliant, at(60)), ["updated"]);
    assert!(story.logs().description.starts_with("The check passes. "));
    assert_eq!(story.verdict(Verdict::Compliant, at(120)), [""; 0]);
}

#[test]
fn updates_move_on_though_the_clock_goes_back() {
    let mut story = Story::with_drift();
    story.verdict(Verdict::Compliant, at(-3600));
    assert_eq!(story.logs().updated_at, Timestamp { nanoseconds: 1_000_000, ..at(0) });
}

#[test]
fn what_is_not_known_of_one_copy_did_not_pass() {
    let twice = |one, other| [result(bucket("logs"), one), result(bucket("logs"), other)];
    for results in [twice(Verdict::Compliant, UNKNOWN), twice(UNKNOWN, Verdict::Compliant)] {
        let mut story = Story::new();
        story.plans[0].publish.passed = true;
        assert_eq!(story.results(&results, at(0)), [""; 0]);
    }
}

#[test]
fn a_resource_delivered_twice_has_one_change_and_the_worse_verdict() {
    let twice = |one, other| [result(bucket("logs"), one), result(bucket("logs"), other)];
    for results in [
        twice(Verdict::NonCompliant, Verdict::Compliant),
        twice(Verdict::Compliant, Verdict::NonCompliant),
        twice(Verdict::NonCompliant, Verdict::NonCompliant),
    ] {
        let mut story = Story::new();
        assert_eq!(story.results(&results, at(0)), ["opened"]);
        assert_eq!(story.results(&results, at(60)), [""; 0]);
    }
}

#[test]
fn another_installations_findings_are_left_alone() {
    let mut story = Story::with_drift();
    let installation: super::Installation = "blue".parse().unwrap();
    let publisher = installation.into();
    let comparison = super::Comparison::new(&[], &story.known, &publisher, at(60));
    assert_eq!(comparison.finish(&crate::evaluation::Outcome::of(&[])).changes, []);
    assert!(story.logs().is_open());
}

#[test]
fn a_result_that_no_plan_has_a_place_for_archives_nothing_and_is_counted() {
    let mut story = Story::with_drift();
    let misplace: [fn(&mut EvaluationResult<'_>); 4] = [
        |it| it.plan = 7,
        |it| it.target = 7,
        |it| it.control = usize::MAX,
        |it| it.exemption = Some(7),
    ];
    for misplace in misplace {
        let mut result = result(bucket("logs"), Verdict::NonCompliant);
        misplace(&mut result);
        let drift = compare(&story.plans, &story.known, &[result], at(DAY / 2));
        assert_eq!(drift.internal.iter().map(|(_, count)| count).sum::<u64>(), 1);
        assert_eq!(publish(&mut story.known, &drift), [""; 0]);
    }
    assert!(story.logs().is_open());
    assert_eq!(story.results(&[], at(DAY)), ["archived"]);
}
