//! What is promised of the built-in controls as a whole: each is right by its own test, each test
//! shows every kind of verdict, and together they cover what they should.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write as _, stderr}; // past the harness's capture: what is skipped or counted shows
use std::path::Path;

use plumbline::api::{Check, ControlTestSpec, ExpectedVerdict, ExpressionCheck, Scope};
use plumbline::catalog::{Catalog, built_in_tests};
use plumbline::evaluation::run_control_test;

/// How many there must be at least: controls that are expressions, the domains that they belong
/// to, and the resource types that they judge.
const CONTROLS: usize = 40;
const DOMAINS: usize = 8;
const RESOURCE_TYPES: usize = 20;

/// The one control that reads nothing but where a resource is.
const READS_NO_CONFIGURATION: &str = "data-residency";

fn tests() -> Vec<ControlTestSpec> {
    let (tests, mistakes) = built_in_tests();
    assert!(mistakes.is_empty(), "{} mistakes in the files of tests", mistakes.len());
    tests.into_iter().map(|test| test.object.spec).collect()
}

/// Every control that is an expression, by name.
fn native() -> impl Iterator<Item = (&'static str, &'static ExpressionCheck)> {
    Catalog::built_in().controls().filter_map(|control| {
        let Check { expression, .. } = &control.spec.check;
        Some((control.name.as_str(), expression.as_ref()?))
    })
}

#[test]
fn every_control_does_what_its_test_says() {
    let mut failures = Vec::new();
    for test in tests() {
        match Catalog::built_in().control(test.control.as_str()) {
            Some(control) => failures.push(run_control_test(control, &test).to_string()),
            None => failures.push(format!("{}: there is no such control", test.control)),
        }
    }
    let failures = failures.concat();
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_native_control_is_tested_with_each_kind_of_verdict() {
    let mut kinds: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for test in tests() {
        let verdicts = test.cases.iter().flat_map(|case| &case.expect).map(|it| match it.verdict {
            ExpectedVerdict::Compliant => "compliant",
            ExpectedVerdict::NonCompliant => "non-compliant",
            ExpectedVerdict::NotApplicable | ExpectedVerdict::Unknown => "neither",
        });
        kinds.entry(test.control.to_string()).or_default().extend(verdicts);
    }
    let untested: Vec<&str> = native()
        .map(|(name, _)| name)
        .filter(|name| kinds.get(*name).map_or(0, BTreeSet::len) < 3)
        .collect();
    assert!(untested.is_empty(), "no test of every kind of verdict: {untested:?}");
}

#[test]
fn nothing_is_compliant_without_its_configuration() {
    let mut compliant = Vec::new();
    let scopes: BTreeMap<&str, Scope> = native().map(|(name, check)| (name, check.scope)).collect();
    for mut test in tests() {
        let name = test.control.to_string();
        if name == READS_NO_CONFIGURATION || scopes.get(name.as_str()) != Some(&Scope::Resource) {
            continue;
        }
        for case in &mut test.cases {
            for item in case.items.iter_mut().filter_map(serde_json::Value::as_object_mut) {
                item.retain(|key, _| !EMPTIED.contains(&key.as_str()));
            }
            for expected in &mut case.expect {
                expected.verdict = ExpectedVerdict::Compliant;
                (expected.reason, expected.message) = (None, None);
            }
        }
        let report = run_control_test(Catalog::built_in().control(&name).unwrap(), &test);
        for (case, report) in test.cases.iter().zip(&report.cases) {
            if report.mismatches.len() != case.expect.len() {
                compliant.push(format!("{name}: {}", case.name));
            }
        }
    }
    assert!(compliant.is_empty(), "compliant with nothing recorded: {compliant:?}");
}

/// What a resource consists of besides its identity.
const EMPTIED: [&str; 3] = ["configuration", "supplementaryConfiguration", "tags"];

/// A file of facts that age: a control's parameter has them by default.
#[derive(serde::Deserialize)]
struct DatedFacts {
    source: String,
    read: String,
    control: String,
    parameter: String,
    facts: BTreeMap<String, String>,
}

#[test]
fn facts_that_age_have_a_source_and_a_date_and_stand_in_their_control() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("controls/facts");
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let dated: DatedFacts = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert!(dated.source.starts_with("https://"), "{}", file.display());
        assert!(dated.read.parse::<jiff::civil::Date>().is_ok(), "{}", file.display());
        let control = Catalog::built_in().control(&dated.control).unwrap();
        let declared = control.spec.parameters.iter().find(|it| it.name == dated.parameter);
        let expected: BTreeSet<String> =
            dated.facts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let default = declared.and_then(|it| it.default.as_ref()).and_then(|it| it.as_array());
        let default: BTreeSet<String> =
            default.unwrap().iter().filter_map(|it| it.as_str()).map(str::to_owned).collect();
        assert_eq!(default, expected, "{}", file.display());
    }
}

#[derive(serde::Deserialize)]
struct Practice {
    id: String,
}

#[test]
fn every_practice_that_a_control_carries_out_is_a_known_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/practices.yaml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        _ = writeln!(stderr(), "SKIPPED: there is no {}", path.display());
        return;
    };
    let practices: BTreeMap<String, Vec<Practice>> = serde_saphyr::from_str(&text).unwrap();
    let known: BTreeSet<&str> =
        practices.values().flatten().map(|practice| practice.id.as_str()).collect();
    for control in Catalog::built_in().controls() {
        for practice in &control.spec.practices {
            assert!(known.contains(practice.as_str()), "{}: {practice}", control.name);
        }
    }
}

#[test]
fn the_controls_cover_enough_domains_and_resource_types() {
    let controls = native().count();
    let types: BTreeSet<&str> = native()
        .flat_map(|(_, check)| &check.resource_types)
        .map(plumbline::resource::ResourceType::as_str)
        .collect();
    let domains: BTreeSet<_> = native()
        .filter_map(|(name, _)| Catalog::built_in().control(name))
        .map(|control| control.spec.domain)
        .collect();
    _ = writeln!(
        stderr(),
        "{controls} native controls, {} domains, {} types",
        domains.len(),
        types.len()
    );
    assert!(controls >= CONTROLS, "{controls} controls");
    assert!(domains.len() >= DOMAINS, "{domains:?}");
    assert!(types.len() >= RESOURCE_TYPES, "{types:?}");
}

#[test]
fn joins_and_wider_scopes_are_among_the_controls() {
    assert!(native().any(|(_, check)| !check.related.is_empty()));
    assert!(native().any(|(_, check)| check.scope == Scope::Region));
    assert!(native().any(|(_, check)| check.scope == Scope::Account));
}
