//! A mistake archives nothing.

use super::*;
use crate::problem::{Problem, ProblemKind};
use api::{FieldPath, Kind, ObjectKey};

/// Something wrong with the baseline of the stories.
fn mistake(path: &str, kind: ProblemKind) -> Problem {
    let plan = plan(&["s3-bucket-versioning"]);
    let (namespace, name) = (Some(plan.baseline.namespace), plan.baseline.name);
    let object = ObjectKey { kind: Kind::SecurityBaseline, namespace, name };
    Problem { object, path: FieldPath::spec(path), kind }
}

#[test]
fn a_baseline_that_could_not_be_read_keeps_its_findings() {
    let mut story = Story::with_drift();
    let mut after = |seconds| {
        let publisher = crate::drift::Publisher::default();
        let comparison = crate::drift::Comparison::new(&[], &story.known, &publisher, at(seconds));
        let outcome = crate::evaluation::Outcome::of(&[]);
        let drift = comparison.keep_absent_baselines().finish(&outcome);
        publish(&mut story.known, &drift)
    };
    assert_eq!(after(60), [""; 0]);
    assert_eq!(after(31 * DAY), ["heartbeat"], "Security Hub would delete it");
}

#[test]
fn a_control_that_is_left_out_by_mistake_keeps_its_findings() {
    let mut story = Story::with_drift();
    story.plans[0].controls.clear();
    let kind = ProblemKind::UnknownControl { name: "s3-bucket-versionin".into(), suggestion: None };
    story.plans[0].problems.push(mistake("controls", kind));
    assert_eq!(story.results(&[], at(60)), [""; 0]);
}

#[test]
fn a_refused_control_keeps_its_findings_and_a_control_taken_out_on_purpose_does_not() {
    use crate::catalog::ParameterFault;
    let (mut kept, mut gone) = (Story::with_drift(), Story::with_drift());
    let fault = ParameterFault::Missing { parameter: "days".to_owned() };
    let kind = ProblemKind::InvalidParameter { control: "other".to_owned(), fault };
    let wrong = mistake("controls", kind);
    // Its own mistake: nothing of it was seen.
    kept.plans[0].problems.push(wrong.clone());
    assert_eq!(kept.incomplete(at(60)), [""; 0]);
    // The mistake of another control, which the plan knows by its name.
    gone.plans[0].problems.push(wrong);
    gone.plans[0].controls.clear();
    assert_eq!(gone.results(&[], at(60)), ["archived"]);
}

#[test]
fn an_account_that_is_left_out_by_mistake_keeps_its_findings() {
    let mut story = Story::with_drift();
    story.plans[0].targets.clear();
    let kind = ProblemKind::UnknownAccount {
        name: "paymets".to_owned(),
        namespace: "platform".to_owned(),
        suggestion: None,
    };
    story.plans[0].problems.push(mistake("accounts", kind));
    // As the worker of an account sees it that the plan may lack.
    let restricted = story.plans[0].of_account(&"111122223333".parse().unwrap()).unwrap();
    for plan in [story.plans[0].clone(), restricted] {
        story.plans[0] = plan;
        assert_eq!(story.results(&[], at(60)), [""; 0]);
    }
}
