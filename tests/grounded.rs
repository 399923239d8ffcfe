//! Every path that a built-in control reads is one that AWS Config records, and every managed rule
//! that a control implements has all its parameters in the control.
//!
//! `tests/grounded/paths.txt` has AWS's published schema of each type, `rules.txt` the parameters of
//! each rule, and `severities.txt` those of Security Hub's controls (all written by `generate.py`);
//! `supplement.yaml` has what these lack, with a source.
//!
//! A field that is never recorded must not be read, not even where it may be absent: what is read
//! with `has` or `.?` would be absent always, and a control would say so of every resource.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write as _, stderr}; // past the harness's capture: counts show

use api::Scope;
use cel::Projection;
use engine::catalog::{Catalog, CompiledCheck, CompiledControl, CompiledExpression, slots};
use model::ResourceType;
use serde::Deserialize;

const PATHS: &str = include_str!("grounded/paths.txt");
const RULES: &str = include_str!("grounded/rules.txt");
const SEVERITIES: &str = include_str!("grounded/severities.txt");
const SUPPLEMENT: &str = include_str!("grounded/supplement.yaml");

/// What the published schema and the published pages lack.
#[derive(Deserialize)]
struct Supplement {
    paths: Vec<MorePaths>,
    unrecorded: Vec<MorePaths>,
    rules: Vec<MoreParameters>,
}

impl Supplement {
    /// The paths that may be read: recorded ones, and those without which a verdict is Unknown.
    fn all_paths(&self) -> impl Iterator<Item = &MorePaths> {
        self.paths.iter().chain(&self.unrecorded)
    }
}

/// Paths that items of a type have. One that ends with `.**` stands for all below it as well.
#[derive(Deserialize)]
struct MorePaths {
    #[serde(rename = "type")]
    resource_type: String,
    paths: Vec<String>,
    source: String,
}

/// The parameters that a rule has beside those of its page.
#[derive(Deserialize)]
struct MoreParameters {
    rule: String,
    parameters: Vec<String>,
    source: String,
}

/// The paths that items have, by type.
struct Recorded {
    paths: BTreeMap<String, BTreeSet<String>>,
}

impl Recorded {
    fn new(supplement: &Supplement) -> Self {
        let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut resource_type = "";
        for line in PATHS.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix("  ") {
                Some(path) => {
                    paths.entry(resource_type.to_owned()).or_default().insert(path.to_owned());
                }
                None => resource_type = line,
            }
        }
        for more in supplement.all_paths() {
            let of_type = paths.entry(more.resource_type.clone()).or_default();
            of_type.extend(more.paths.iter().cloned());
        }
        Self { paths }
    }

    /// Whether items of the type have something at the path: a value, or what leads to one.
    fn has(&self, resource_type: &ResourceType, path: &str) -> bool {
        let Some(paths) = self.paths.get(resource_type.as_str()) else { return false };
        let leads = format!("{path}.");
        let is_below = |open: &str| path == open || path.starts_with(&format!("{open}."));
        paths.contains(path)
            || paths.iter().any(|known| {
                known.starts_with(&leads) || known.strip_suffix(".**").is_some_and(is_below)
            })
    }
}

/// What a control reads of its resources and of those that join them.
fn reads(expression: &CompiledExpression) -> Vec<(Vec<&ResourceType>, BTreeSet<String>)> {
    let own: Vec<&ResourceType> = expression.resource_types.iter().collect();
    let mut of_own = Projection::NOTHING;
    let mut of_related: Vec<Projection> = vec![Projection::NOTHING; expression.related.len()];
    let verdict = [&expression.applies_to, &expression.message].into_iter().flatten();
    for program in verdict.chain([&expression.compliant]) {
        let subject = program.projection(slots::SUBJECT);
        match expression.scope {
            Scope::Resource => of_own.merge(&subject),
            Scope::Region | Scope::Account => {
                if let Some(element) = subject.element() {
                    of_own.merge(element);
                }
            }
        }
        let joined = program.projection(slots::RELATED);
        for (related, of_related) in expression.related.iter().zip(&mut of_related) {
            if let Some(element) = joined.field(&related.name).and_then(Projection::element) {
                of_related.merge(element);
            }
        }
    }
    for (related, of_related) in expression.related.iter().zip(&mut of_related) {
        of_own.merge(&related.key.projection(slots::SUBJECT));
        of_related.merge(&related.related_key.projection(slots::SUBJECT));
    }
    let joined = expression.related.iter().zip(&of_related);
    let joined = joined.map(|(related, part)| (vec![&related.resource_type], paths(part)));
    [(own, paths(&of_own))].into_iter().chain(joined).collect()
}

/// The paths that a projection keeps below the parts of an item that AWS describes by type. A part
/// of which all is kept counts as its path.
fn paths(projection: &Projection) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in ["configuration", "supplementaryConfiguration"] {
        if let Projection::Part { fields, .. } = projection
            && let Some((_, below)) = fields.iter().find(|(name, _)| name.as_ref() == part)
        {
            collect(part, below, &mut found);
        }
    }
    found
}

fn collect(path: &str, projection: &Projection, found: &mut BTreeSet<String>) {
    let Projection::Part { fields, elements } = projection else {
        found.insert(path.to_owned());
        return;
    };
    if fields.is_empty() && elements.is_none() {
        found.insert(path.to_owned());
    }
    for (name, below) in fields {
        collect(&format!("{path}.{name}"), below, found);
    }
    if let Some(element) = elements {
        collect(path, element, found);
    }
}

fn expressions() -> impl Iterator<Item = (&'static CompiledControl, &'static CompiledExpression)> {
    Catalog::built_in().controls().filter_map(|control| match &control.check {
        CompiledCheck::Expression(expression) => Some((control.as_ref(), expression)),
        CompiledCheck::ConfigRule(_) | CompiledCheck::Attestation | CompiledCheck::Refused(_) => {
            None
        }
    })
}

fn supplement() -> Supplement {
    serde_saphyr::from_str(SUPPLEMENT).unwrap()
}

/// Types of our own, which `docs/` describes, begin so.
const OWN: &str = "Plumbline::";

#[test]
fn every_path_that_a_control_reads_is_recorded() {
    let recorded = Recorded::new(&supplement());
    let (mut counted, mut missing) = (0, Vec::new());
    for (control, expression) in expressions() {
        for (types, paths) in reads(expression) {
            let types: Vec<&ResourceType> =
                types.into_iter().filter(|name| !name.as_str().starts_with(OWN)).collect();
            for path in paths.iter().filter(|_| !types.is_empty()) {
                counted += 1;
                // A control of several types reads some of its paths of some of them.
                if !types.iter().any(|name| recorded.has(name, path)) {
                    let names: Vec<&str> = types.iter().map(|name| name.as_str()).collect();
                    missing.push(format!("{}: {path} of {}", control.name, names.join(", ")));
                }
            }
        }
    }
    _ = writeln!(stderr(), "{counted} paths that controls read are recorded");
    assert!(missing.is_empty(), "read and never recorded:\n{}", missing.join("\n"));
    assert!(counted > 300, "{counted} paths");
}

#[test]
fn every_parameter_of_a_managed_rule_is_in_the_control_that_implements_it() {
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let supplement = supplement();
    for line in RULES.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        known.entry(words.next().unwrap()).or_default().extend(words);
    }
    for more in &supplement.rules {
        let parameters = more.parameters.iter().map(String::as_str);
        known.entry(&more.rule).or_default().extend(parameters);
    }
    let (mut counted, mut problems) = (0, Vec::new());
    for control in Catalog::built_in().controls() {
        for rule in &control.spec.implements {
            let mapped: BTreeSet<&str> = rule.parameters.keys().map(String::as_str).collect();
            let name = &control.name;
            let Some(parameters) = known.get(rule.rule.as_str()) else {
                problems.push(format!("{name}: {}: its page is not among ours", rule.rule));
                continue;
            };
            counted += parameters.len();
            for unmapped in parameters.difference(&mapped) {
                problems.push(format!("{name}: {}: {unmapped} is not mapped", rule.rule));
            }
            for unknown in mapped.difference(parameters) {
                problems.push(format!("{name}: {}: there is no {unknown}", rule.rule));
            }
        }
    }
    _ = writeln!(stderr(), "{counted} parameters of {} rules are mapped", known.len());
    assert!(problems.is_empty(), "say `relatedTo`, or map it:\n{}", problems.join("\n"));
}

#[test]
fn a_severity_is_that_of_security_hub_or_the_control_says_why() {
    // By rule; several of Security Hub's controls may use one.
    let mut hubs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in SEVERITIES.lines().filter(|line| !line.starts_with('#')) {
        let [rule, _, severity] = line.split(' ').collect::<Vec<_>>()[..] else { unreachable!() };
        hubs.entry(rule).or_default().insert(severity);
    }
    let (mut counted, mut problems) = (0, Vec::new());
    for control in Catalog::built_in().controls() {
        let (name, spec) = (&control.name, &control.spec);
        let rules = spec.implements.iter().map(|implemented| implemented.rule.as_str());
        for (rule, theirs) in rules.filter_map(|rule| Some((rule, hubs.get(rule)?))) {
            counted += 1;
            let file = format!("{FOLDER}/controls/{}/{name}.yaml", spec.domain);
            let says_why = || std::fs::read_to_string(&file).unwrap().contains("# Severity: ");
            if !theirs.contains(spec.severity.as_str()) && !says_why() {
                problems.push(format!("{name}: {}, but of {rule}: {theirs:?}", spec.severity));
            }
        }
    }
    _ = writeln!(stderr(), "{counted} severities are compared with Security Hub's");
    assert!(problems.is_empty(), "take it, or say why in a comment:\n{}", problems.join("\n"));
}

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn what_stands_beside_the_published_schema_has_a_source_and_a_use() {
    let supplement = supplement();
    let sources = supplement.all_paths().map(|more| &more.source);
    for source in sources.chain(supplement.rules.iter().map(|more| &more.source)) {
        assert!(source.starts_with("https://"), "{source}");
    }
    let mut unused = Vec::new();
    for more in supplement.all_paths() {
        for path in &more.paths {
            let path = path.strip_suffix(".**").unwrap_or(path);
            let is_read = expressions().any(|(_, expression)| {
                reads(expression).iter().any(|(types, paths)| {
                    types.iter().any(|name| name.as_str() == more.resource_type)
                        && paths
                            .iter()
                            .any(|read| read == path || read.starts_with(&format!("{path}.")))
                })
            });
            if !is_read {
                unused.push(format!("{}: {path}", more.resource_type));
            }
        }
    }
    assert!(unused.is_empty(), "no control reads:\n{}", unused.join("\n"));
}
