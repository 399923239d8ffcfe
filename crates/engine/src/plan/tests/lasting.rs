//! What stays in force while something is wrong, and what is refused where nothing was right before.

use super::{HALF_A_YEAR, NOW, attestation, baseline, controls, exemption, objects, targets};
use crate::plan::Resolved;
use crate::plan::{DesiredBuilder, NotEvaluated, Plan};
use manifest::Objects;
use manifest::document::SourceFile;

/// The plans of a baseline's specs, one after another; `None` is a restart.
fn plans(specs: &[Option<&str>]) -> Vec<Plan> {
    let mut last = DesiredBuilder::default();
    let mut plans = Vec::new();
    for spec in specs {
        match spec {
            Some(spec) => plans.push(resolve(&objects(&[&baseline(spec)]), &mut last)),
            None => last = DesiredBuilder::default(),
        }
    }
    plans
}

fn resolve(objects: &Objects, last: &mut DesiredBuilder) -> Plan {
    Resolved::lasting(objects, NOW, last).plans.remove(0)
}

/// The objects of all tests, with a mistake in the control's expression or without.
fn with_control(compliant: &str, spec: &str) -> Objects {
    let text = super::CONTROLS.replace(
        "resource.configuration.versions == parameters.mfa || parameters.days > 3",
        compliant,
    );
    let mut objects = Objects::default();
    for (place, text) in [text.as_str(), super::ACCOUNTS, &baseline(spec)].iter().enumerate() {
        objects.add(&SourceFile::new(format!("{place}.yaml"), *text));
    }
    objects
}

const RIGHT: &str = "resource.configuration.versions == parameters.mfa || parameters.days > 3";
const WRONG: &str = "resourse.configuration.versions == parameters.mfa || parameters.days > 3";
const ONE: &str = "{accounts: {names: [search]}, controls: [{name: own-versioning}]}";

#[test]
fn a_control_that_turns_invalid_stays_in_force_as_it_was() {
    let mut last = DesiredBuilder::default();
    let before = resolve(&with_control(RIGHT, ONE), &mut last);
    let after = resolve(&with_control(WRONG, ONE), &mut last);
    assert_eq!(after.controls, before.controls);
    assert!(!after.is_accepted() && after.is_complete());
    let reported = after.problems[0].to_string();
    assert!(
        reported.contains("unknown variable") && reported.ends_with("stays in force"),
        "{reported}"
    );
}

#[test]
fn an_invalid_control_is_refused_where_no_valid_version_is_known() {
    let plan = resolve(&with_control(WRONG, ONE), &mut DesiredBuilder::default());
    assert_eq!(plan.controls.len(), 1);
    assert!(plan.controls[0].control.refusal().is_some_and(|why| why.contains("is invalid")));
    assert!(!plan.is_accepted() && !plan.is_complete());
}

#[test]
fn a_pack_that_turns_invalid_stays_in_force_as_it_was() {
    let spec = "{accounts: {names: [search]}, packs: [{name: own-pack}]}";
    let mut last = DesiredBuilder::default();
    let good = objects(&[&baseline(spec)]);
    let before = resolve(&good, &mut last);
    let mut wrong = Objects::default();
    let text = super::CONTROLS.replace("- {name: own-review}", "- {name: own-revue}");
    for (place, text) in [text.as_str(), super::ACCOUNTS, &baseline(spec)].iter().enumerate() {
        wrong.add(&SourceFile::new(format!("{place}.yaml"), *text));
    }
    let after = resolve(&wrong, &mut last);
    assert_eq!(after.controls, before.controls);
    assert!(!after.is_accepted());
    // Without a version from before, the rest of it counts, and what is wrong is refused.
    let restarted = resolve(&wrong, &mut DesiredBuilder::default());
    let refused = restarted.controls.iter().filter(|it| it.control.refusal().is_some());
    assert_eq!((refused.count(), restarted.controls.len()), (1, 2));
}

#[test]
fn a_mistyped_name_takes_nothing_out_of_force() {
    let good = "{accounts: {names: [search, payments]}, controls: [{name: own-versioning}, \
                {name: own-review}]}";
    let typo = "{accounts: {names: [search, paymets]}, controls: [{name: own-versioning}, \
                {name: own-revue}]}";
    let plans = plans(&[Some(good), Some(typo), None, Some(typo)]);
    assert_eq!(targets(&plans[1]), targets(&plans[0]));
    assert_eq!(
        controls(&plans[1]),
        [
            "own-review Low {}",
            "own-revue Medium refused: there is no control `own-revue`; did you mean `own-review`?",
            "own-versioning Medium {\"mfa\":false,\"days\":30}",
        ]
    );
    // After a restart nobody knows of it any more, and the plan says that it may lack it.
    assert_eq!(controls(&plans[2])[0], controls(&plans[1])[1]);
    assert!(plans[2].may_lack_controls() && plans[2].may_lack_targets());
}

#[test]
fn a_mistyped_label_or_region_takes_no_account_out_of_force() {
    let with = |label: &str, regions: &str| {
        format!(
            "{{accounts: {{selector: {{matchLabels: {{env: {label}}}}}}}, regions: [{regions}], \
             packs: [{{name: own-pack}}]}}"
        )
    };
    let good = with("prod", "eu-west-1, eu-central-1");
    let (label, region) =
        (with("prd", "eu-west-1, eu-central-1"), with("prod", "eu-wst-1, eu-central-1"));
    let plans = plans(&[Some(&good), Some(&label), Some(&region)]);
    assert_eq!(targets(&plans[0]), ["payments eu-west-1", "search eu-central-1 home"]);
    for plan in &plans[1..] {
        assert_eq!(targets(plan), targets(&plans[0]));
        assert!(!plan.is_accepted());
    }
}

#[test]
fn a_wrong_parameter_leaves_the_control_as_it_was_used() {
    let with = |parameters: &str| {
        format!(
            "{{accounts: {{names: [search]}}, controls: [{{name: own-versioning, \
             parameters: {{{parameters}}}}}]}}"
        )
    };
    let (good, wrong) = (with("days: 7"), with("days: seven"));
    let plans = plans(&[Some(&good), Some(&wrong)]);
    assert_eq!(controls(&plans[1]), ["own-versioning Medium {\"mfa\":false,\"days\":7}"]);
    assert!(!plans[1].is_accepted());
}

#[test]
fn what_is_taken_out_on_purpose_is_out() {
    let both = "{accounts: {names: [search, payments]}, packs: [{name: own-pack}]}";
    let one = "{accounts: {names: [search]}, controls: [{name: own-review}]}";
    let plans = plans(&[Some(both), Some(one)]);
    assert_eq!(controls(&plans[1]), ["own-review Low {}"]);
    assert!(!plans[1].may_lack_controls() && !plans[1].may_lack_targets());
}

#[test]
fn what_is_wrong_with_an_exemption_or_attestation_keeps_nothing_of_the_baseline() {
    let wrong = [
        exemption("platform", &format!("{HALF_A_YEAR} controls: [nowhere], accounts: [nobody]")),
        attestation("controls: [nowhere]"),
    ];
    let mut last = DesiredBuilder::default();
    let both = baseline("{accounts: {names: [search, payments]}, packs: [{name: own-pack}]}");
    let one = baseline("{accounts: {names: [search]}, controls: [{name: own-review}]}");
    for wrong in wrong {
        resolve(&objects(&[&both, &wrong]), &mut last);
        let plan = resolve(&objects(&[&one, &wrong]), &mut last);
        assert!(!plan.problems.is_empty());
        assert_eq!(controls(&plan), ["own-review Low {}"]);
        assert!(plan.is_complete() && !plan.may_lack_controls() && !plan.may_lack_targets());
    }
}

#[test]
fn a_control_is_taken_out_on_purpose_though_another_is_invalid() {
    let spec = "{accounts: {names: [search]}, controls: [{name: own-versioning, \
                parameters: {days: seven}}]}";
    let plan = plans(&[Some(spec)]).remove(0);
    assert!(!plan.is_complete() && !plan.may_lack_controls());
}

#[test]
fn the_place_of_a_pack_that_does_not_exist_is_its_name() {
    let spec = "{accounts: {names: [search]}, packs: [{name: own-pak}]}";
    let plan = plans(&[Some(spec)]).remove(0);
    let paths: Vec<String> = plan.mistakes().map(|problem| problem.path.to_string()).collect();
    assert_eq!(paths, ["spec.packs[0].name"]);
    // So is that of a control that a pack names and that does not exist.
    let pack = "
apiVersion: plumbline.dev/v1alpha1
kind: Pack
metadata: {name: lost}
spec: {title: Lost, controls: [{name: nowhere}]}
";
    let mut objects = objects(&[&baseline("{accounts: {names: [search]}, packs: [{name: lost}]}")]);
    objects.add(&SourceFile::new("pack.yaml", pack));
    let plan = resolve(&objects, &mut DesiredBuilder::default());
    let paths: Vec<String> = plan.mistakes().map(|problem| problem.path.to_string()).collect();
    assert_eq!(paths, ["spec.packs[0].name"]);
}

#[test]
fn a_baseline_of_which_nothing_is_evaluated_says_why() {
    let why = |spec: &str| {
        let plan = plans(&[Some(spec)]).remove(0);
        plan.not_evaluated().map(|it| NotEvaluated::reason(it).as_str())
    };
    let one = |rest: &str| format!("{{accounts: {{names: [search]}}, {rest}}}");
    assert_eq!(why(&one("suspend: true, packs: [{name: own-pack}]")), Some("Suspended"));
    assert_eq!(why(&one("controls: [{name: own-review, disabled: true}]")), Some("NoControls"));
    assert_eq!(
        why("{accounts: {selector: {matchLabels: {env: none}}}, packs: [{name: own-pack}]}"),
        Some("NoTargets")
    );
    assert_eq!(why(&one("packs: [{name: own-pack}]")), None);
}
