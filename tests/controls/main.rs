//! What is promised of the built-in controls as a whole: each is right by its own test, each test
//! shows every kind of verdict, and together they cover what they should.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr)] // a test

mod practices;
mod remediation;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write as _, stderr}; // past the harness's capture: what is skipped or counted shows
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::{Check, ControlTestSpec, ExpectedVerdict, ExpressionCheck, Scope};
use engine::catalog::{
    Catalog, CompiledControl, PRACTICES, PracticeKind, built_in_tests, coverage_page, practice,
};
use engine::evaluation::{ControlCoverage, Share, control_coverage, run_control_test};
use serde_json::{Value as Json, json};

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

/// The least share of mutations of a control's expressions that its cases notice, in percent.
const MUTATIONS: usize = 95;

#[test]
fn every_branch_of_a_control_is_taken_by_its_cases_and_nearly_every_mutation_noticed() {
    let (tests, next) = (tests(), AtomicUsize::new(0));
    let controls: Vec<&Arc<CompiledControl>> = Catalog::built_in().controls().collect();
    // Every mutation is compiled and run: all processors share the work.
    let coverages: Vec<ControlCoverage> = std::thread::scope(|scope| {
        let work = || {
            let mine = std::iter::from_fn(|| controls.get(next.fetch_add(1, Ordering::Relaxed)));
            mine.map(|control| coverage(control, &tests)).collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..available_parallelism()).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let sum = |share: fn(&ControlCoverage) -> Share| {
        coverages.iter().map(share).fold(Share::default(), Share::and)
    };
    let (branches, mutations) = (sum(|it| it.branches), sum(|it| it.mutations));
    let mut problems = Vec::new();
    for coverage in &coverages {
        let name = &coverage.control;
        for (what, reason) in &coverage.excepted {
            _ = writeln!(stderr(), "{name}: {what}: excepted: {reason}");
        }
        let untaken = coverage.missed.iter().filter(|missed| missed.contains("` is never "));
        problems.extend(untaken.map(|missed| format!("{name}: {missed}")));
        problems.extend(coverage.unneeded.iter().map(|it| format!("{name}: not needed: {it}")));
    }
    _ = writeln!(
        stderr(),
        "{} of {} branches, {} of {} mutations ({} %)",
        branches.shown,
        branches.all,
        mutations.shown,
        mutations.all,
        mutations.percent()
    );
    let how = "`plumbline test FILE.test.yaml --coverage` shows more";
    assert!(problems.is_empty(), "{how}:\n{}", problems.join("\n"));
    assert!(mutations.percent() >= MUTATIONS, "{} % of mutations; {how}", mutations.percent());
}

fn available_parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn coverage(control: &Arc<CompiledControl>, tests: &[ControlTestSpec]) -> ControlCoverage {
    let own: Vec<&ControlTestSpec> =
        tests.iter().filter(|test| test.control == control.name).collect();
    control_coverage(control, &own).unwrap()
}

/// How old facts may be before they are read again.
const STALE_FACTS_DAYS: i64 = 120;

/// How many days ago facts were read, where that is too long.
fn stale(read: jiff::civil::Date, today: jiff::civil::Date) -> Option<i32> {
    Some((today - read).get_days()).filter(|age| i64::from(*age) > STALE_FACTS_DAYS)
}

#[test]
fn facts_are_stale_after_the_days_given_and_not_before() {
    let read = jiff::civil::date(2026, 11, 28);
    assert_eq!(stale(read, jiff::civil::date(2026, 11, 28)), None);
    assert_eq!(stale(read, jiff::civil::date(2027, 3, 28)), None); // 120 days
    assert_eq!(stale(read, jiff::civil::date(2027, 3, 29)), Some(121));
    assert_eq!(stale(read, jiff::civil::date(2029, 3, 29)), Some(852));
}

/// A warning, not a failure: facts age by themselves, without a change that could be at fault.
#[test]
fn facts_that_were_read_long_ago_are_pointed_out() {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("controls/facts");
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let dated: DatedFacts = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let read: jiff::civil::Date = dated.read.parse().unwrap();
        if let Some(age) = stale(read, today) {
            let (name, source) = (file.display(), &dated.source);
            _ = writeln!(stderr(), "WARNING: {name} was read {age} days ago; read {source} again");
        }
        assert!(read <= today, "{} was read in the future", file.display());
    }
}

#[test]
fn the_controls_cover_enough_domains_and_resource_types() {
    let controls = native().count();
    let types: BTreeSet<&str> = native()
        .flat_map(|(_, check)| &check.resource_types)
        .map(model::ResourceType::as_str)
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

/// The places of all lists in a value that hold something.
fn lists(value: &Json, place: &str, found: &mut Vec<String>) {
    match value {
        Json::Array(elements) => {
            if !elements.is_empty() {
                found.push(place.to_owned());
            }
            for (at, element) in elements.iter().enumerate() {
                lists(element, &format!("{place}/{at}"), found);
            }
        }
        Json::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                lists(field, &format!("{place}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Lists in which an element without fields says enough where the resource was described. An association
/// that is null counts as nothing, and what only says that there is none is no more than `{}`.
const SAYS_ENOUGH: [(&str, &str); 1] =
    [("ec2-no-public-address", "/configuration/networkInterfaces")];

#[test]
fn an_element_that_says_nothing_makes_no_list_compliant() {
    let mut believed = Vec::new();
    for mut test in tests() {
        let name = test.control.to_string();
        let control = Catalog::built_in().control(&name).unwrap();
        let cases = std::mem::take(&mut test.cases);
        for mut case in cases {
            for expected in &mut case.expect {
                expected.verdict = ExpectedVerdict::Compliant;
                (expected.reason, expected.message) = (None, None);
            }
            for item in 0..case.items.len() {
                // Whether what the item is of is compliant with that in the place of a list.
                let id = case.items[item]["resourceId"].as_str();
                let mut alone = case.clone();
                alone
                    .expect
                    .retain(|it| it.resource_id.is_none() || it.resource_id.as_deref() == id);
                let mut compliant = |place: &str, list: Json| {
                    let mut case = alone.clone();
                    *case.items[item].pointer_mut(place).unwrap() = list;
                    test.cases = vec![case];
                    let report = run_control_test(control, &test);
                    report.cases[0].problem.is_none() && report.cases[0].mismatches.is_empty()
                };
                let mut places = Vec::new();
                for tree in EMPTIED {
                    lists(&case.items[item][tree], &format!("/{tree}"), &mut places);
                }
                for place in places {
                    let given = case.items[item].pointer(&place).unwrap().clone();
                    // Only lists that are read make a difference.
                    if alone.expect.is_empty()
                        || compliant(&place, given) == compliant(&place, json!([]))
                    {
                        continue;
                    }
                    for element in [Json::Null, json!({})] {
                        let is_excepted = SAYS_ENOUGH.contains(&(name.as_str(), place.as_str()));
                        if compliant(&place, json!([element]))
                            && !(is_excepted && element == json!({}))
                        {
                            believed.push(format!("{name}: {}: {place} [{element}]", case.name));
                        }
                    }
                }
            }
        }
    }
    assert!(believed.is_empty(), "{}", believed.join("\n"));
}
