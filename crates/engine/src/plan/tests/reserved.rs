//! A built-in control or pack never takes the place of a team's own one in silence.

use super::{baseline, objects};
use crate::catalog::{Catalog, RESERVED_PREFIX};
use crate::plan::Resolved;
use crate::problem::{Problem, ProblemKind, TakenKind};

use super::NOW;

/// A control, and a pack of it, with names that built-in ones have as well.
const TAKEN: &str = r"
apiVersion: plumbline.dev/v1alpha1
kind: Control
metadata: {name: s3-bucket-versioning}
spec:
  title: Our own idea of versions
  description: It was there before the built-in one.
  severity: Low
  domain: governance
  remediation: {text: Ask us.}
  check: {attestation: {}}
---
apiVersion: plumbline.dev/v1alpha1
kind: Pack
metadata: {name: foundations}
spec: {title: Our own, controls: [{name: own-review}]}
";

fn taken(texts: &[&str]) -> Vec<(String, TakenKind, String)> {
    let Resolved { plans, .. } = Resolved::of(&objects(texts), NOW);
    let name_taken = |problem: &Problem| match &problem.kind {
        ProblemKind::NameTaken { kind, name } => {
            Some((problem.path.to_string(), *kind, name.clone()))
        }
        _ => None,
    };
    plans.iter().flat_map(|plan| &plan.problems).filter_map(name_taken).collect()
}

#[test]
fn a_baseline_says_when_a_built_in_control_has_the_name_of_a_teams_own() {
    let of = |spec: &str| baseline(&format!("{{accounts: {{names: [payments]}}, {spec}}}"));
    let direct = of("controls: [{name: s3-bucket-versioning}, {name: own-review}]");
    let by_pack = of("packs: [{name: foundations}]");
    assert_eq!(taken(&[&direct]), []);
    let control = (TakenKind::Control, "s3-bucket-versioning".to_owned());
    let found = taken(&[&direct, TAKEN]);
    assert_eq!(found, [("spec.controls[0].name".to_owned(), control.0, control.1.clone())]);
    // A pack says it for itself, and for those of its controls whose names are taken.
    let found = taken(&[&by_pack, TAKEN]);
    let path = "spec.packs[0].name".to_owned();
    let pack = (path.clone(), TakenKind::Pack, "foundations".to_owned());
    assert!(found.contains(&pack) && found.contains(&(path, control.0, control.1)), "{found:?}");
    let unconcerned = of("controls: [{name: own-review}]");
    assert_eq!(taken(&[&unconcerned, TAKEN]), []);
}

#[test]
fn the_problem_says_how_to_keep_the_name_for_ever() {
    let name = "s3-bucket-versioning".to_owned();
    let words = ProblemKind::NameTaken { kind: TakenKind::Control, name }.in_words();
    assert_eq!(
        words,
        "`s3-bucket-versioning` is the name of a built-in control and of a control of this cluster's \
         own; the built-in one is evaluated; rename the control of your own, such as to \
         `team-s3-bucket-versioning`, or delete it"
    );
}

#[test]
fn no_built_in_one_has_the_prefix_of_teams() {
    let built_in = Catalog::built_in();
    let mut controls = built_in.controls().map(|control| control.name.as_str());
    assert!(controls.all(|name| !name.starts_with(RESERVED_PREFIX)));
    assert!(built_in.packs().all(|(name, _)| !name.starts_with(RESERVED_PREFIX)));
    assert!(built_in.controls().count() > 100);
}
