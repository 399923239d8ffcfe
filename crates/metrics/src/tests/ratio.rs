//! When there is no compliance ratio.

use super::{figures, production};
use api::{FieldPath, Kind, ObjectKey};
use engine::{Problem, ProblemKind};

/// One verdict stands for all that a control with a mistake would have said.
#[test]
fn the_ratio_of_a_baseline_with_a_mistake_that_hides_work_is_absent() {
    let ratio = |in_force| {
        let mut plan = production(1);
        plan.problems.push(Problem {
            object: ObjectKey {
                kind: Kind::SecurityBaseline,
                namespace: Some(plan.baseline.namespace.clone()),
                name: plan.baseline.name.clone(),
            },
            path: FieldPath::spec("controls"),
            kind: ProblemKind::InvalidControl {
                name: "ours".to_owned(),
                message: "unknown variable".to_owned(),
                in_force,
            },
        });
        figures(&plan).compliance_ratio
    };
    assert_eq!(ratio(false), None);
    assert_eq!(ratio(true), Some(0.75), "its last valid version is evaluated");
}
