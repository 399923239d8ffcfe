//! The built-in controls and packs: without mistakes, each with its cases.

// What a test may do, its helpers may do too.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use api::{Control, Pack};
use engine::catalog::{Catalog, built_in_mistakes, built_in_tests};
use manifest::document::Diagnostic;
use manifest::load_folder;
use serde_json::json;

fn lines(mistakes: &[Diagnostic]) -> Vec<String> {
    mistakes.iter().map(Diagnostic::in_one_line).collect()
}

#[test]
fn the_built_in_files_fit_their_schemas_and_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("controls");
    let (objects, mistakes) = load_folder(&folder);
    assert_eq!(lines(&mistakes), Vec::<String>::new());
    assert_eq!(lines(&built_in_mistakes()), Vec::<String>::new());
    assert_eq!(objects.controls.len(), Catalog::built_in().controls().count());
}

#[test]
fn a_built_in_control_stands_in_a_file_of_its_name_in_the_folder_of_its_domain() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("controls");
    for control in load_folder(&folder).0.controls {
        let domain = serde_json::to_value(control.object.spec.domain).unwrap();
        let name = control.object.metadata.name.clone().unwrap();
        let expected = folder.join(domain.as_str().unwrap()).join(format!("{name}.yaml"));
        assert_eq!(control.file.path(), expected);
    }
}

#[test]
fn every_built_in_control_with_an_expression_has_cases() {
    let (tests, mistakes) = built_in_tests();
    assert_eq!(lines(&mistakes), Vec::<String>::new());
    let tested: BTreeSet<&str> =
        tests.iter().map(|test| test.object.spec.control.as_str()).collect();
    let controls = || Catalog::built_in().controls();
    let untested: Vec<&str> = controls()
        .filter(|control| control.spec.check.expression.is_some())
        .map(|control| control.name.as_str())
        .filter(|name| !tested.contains(name))
        .collect();
    assert_eq!(untested, Vec::<&str>::new());
    let known: BTreeSet<&str> = controls().map(|control| control.name.as_str()).collect();
    assert_eq!(tested.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new());
}

fn own_control(name: &str, compliant: &str) -> Control {
    serde_json::from_value(json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Control",
        "metadata": {"name": name},
        "spec": {
            "title": "t", "description": "d", "severity": "Low", "domain": "governance",
            "remediation": {"text": "r"},
            "check": {"expression": {"resourceTypes": ["AWS::S3::Bucket"], "compliant": compliant}},
        },
    }))
    .unwrap()
}

fn own_pack(name: &str, control: &str) -> Pack {
    serde_json::from_value(json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Pack",
        "metadata": {"name": name},
        "spec": {"title": "t", "controls": [{"name": control}]},
    }))
    .unwrap()
}

#[test]
fn a_control_named_like_another_one_is_refused_and_the_first_stays() {
    let first = own_control("own-a", "resource.id == 'first'");
    let second = own_control("own-a", "resource.id == 'second'");
    let (catalog, problems) = Catalog::default().with([first, second], []);
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        ["Control own-a: metadata.name: another object has this name; \
          choose another name"]
    );
    let kept = catalog.control("own-a").unwrap().spec.check.expression.clone().unwrap();
    assert_eq!(kept.compliant, "resource.id == 'first'");
}

#[test]
fn an_invalid_control_is_left_out_with_the_place_of_its_mistake_and_the_others_stay() {
    let controls =
        [own_control("own-a", "true &&\n  resourse.id == ''"), own_control("own-b", "true")];
    let (catalog, problems) = Catalog::default().with(controls, [own_pack("own-pack", "own-b")]);
    assert!(catalog.control("own-b").is_some());
    assert!(catalog.pack("own-pack").is_some());
    assert!(catalog.control("own-a").is_none());
    let reason = "spec.check.expression.compliant: unknown variable `resourse` at line 2, \
                  column 3; did you mean `resource`?";
    assert_eq!(catalog.invalid("own-a"), Some(reason));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].to_string(), format!("Control own-a: {reason}"));
}

#[test]
fn a_pack_of_unknown_controls_says_so() {
    let (_, problems) =
        Catalog::default().with([own_control("own-a", "true")], [own_pack("own-pack", "own-aa")]);
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        ["Pack own-pack: spec.controls[0].name: there is no control `own-aa`; \
          did you mean `own-a`?"]
    );
}
