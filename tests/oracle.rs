//! Compares built-in controls with the verdicts that the authors of AWS's managed rules expect.
//!
//! Each row of `../shared/data/oracle.jsonl` is a configuration item with a rule's parameters and
//! the verdict that the rule's own tests expect of it. Rows that are `exact` and of `high`
//! confidence bind; the others are hints, which are only counted. Where a control gives another
//! verdict than a binding row on purpose, [`EXCEPTIONS`] says why.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Write as _, stderr}; // past the harness's capture: what is skipped or counted shows
use std::path::Path;
use std::sync::Arc;

use api::{ControlSpec, ControlTestSpec, ManagedRule, ParameterType};
use engine::catalog::{Catalog, CompiledControl};
use engine::evaluation::run_control_test;
use model::AccountId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Binding rows with a verdict of ours that differs: the row, our verdict, and why.
const EXCEPTIONS: [(&str, &str, &str); 5] = [
    (
        "o00356",
        "Unknown (InsufficientData)",
        "the item has neither the function's configuration nor a reservation: nothing was delivered",
    ),
    (
        "o00499",
        "NonCompliant",
        "its rules admit 10.0.0.0/0 and the like, which is the whole address space: bits after the \
         prefix do not count",
    ),
    (
        "o00598",
        "Unknown (InsufficientData)",
        "the item leaves out mapPublicIpOnLaunch, which EC2 states of every subnet: nothing is \
         compliant by absence",
    ),
    (
        "o01550",
        "Unknown (InsufficientData)",
        "the configuration is empty, which no domain's is: nothing was delivered",
    ),
    (
        "o02038",
        "NotApplicable",
        "the item is the group launch-wizard-1, and the rule speaks of default groups only",
    ),
];

/// Of the 17 rules with binding rows, so many must be implemented.
const RULES_TO_IMPLEMENT: usize = 14;

#[derive(Deserialize)]
struct Row {
    id: String,
    rule_id: String,
    equivalence: String,
    confidence: String,
    expected: String,
    parameters: Value,
    configuration_item: Map<String, Value>,
}

/// What the rows of one rule came to.
#[derive(Default)]
struct Figures {
    implemented: bool,
    binding: usize,
    binding_agreed: usize,
    hints: usize,
    hints_agreed: usize,
    /// Rows with parameters that correspond to none of the control's, and were left out.
    stripped: usize,
}

/// Whether a control gave the verdict that a row expects, and what it gave if not.
enum Comparison {
    Agreed,
    Differed(String),
}

#[test]
fn controls_agree_with_the_authors_of_the_rules_that_they_implement() {
    let Some(rows) = rows() else { return };
    let mut figures: BTreeMap<&str, Figures> = BTreeMap::new();
    let mut problems = Vec::new();
    for row in &rows {
        let figures = figures.entry(&row.rule_id).or_default();
        let Some((control, rule)) = implementation(&row.rule_id) else {
            figures.binding += usize::from(row.binds());
            continue;
        };
        let (parameters, left_out) = row.parameters_of(&control.spec, &rule);
        let comparison = compare(control, row, &parameters);
        figures.count(row, &comparison, left_out);
        problems.extend(problem(row, &comparison, left_out));
        if let Comparison::Differed(ours) = &comparison {
            _ = writeln!(
                stderr(),
                "{} {}: expects {}, got {ours}",
                row.id,
                row.rule_id,
                row.expected()
            );
        }
    }
    print(&figures);
    let bound = figures.values().filter(|figures| figures.binding > 0);
    let implemented = bound.filter(|figures| figures.implemented).count();
    assert!(implemented >= RULES_TO_IMPLEMENT, "only {implemented} rules are implemented");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The rows; nothing where the data are not there.
fn rows() -> Option<Vec<Row>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/oracle.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        support::skipped::skip(
            "there is no ../shared/data/oracle.jsonl, which is not in the repository",
        );
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The control that implements the rule, and how their parameters correspond; else the one that is
/// related to it, which sees the same without some parameter.
fn implementation(rule: &str) -> Option<(&'static Arc<CompiledControl>, ManagedRule)> {
    let implementing = Catalog::built_in().controls().find_map(|control| {
        let mut candidates = control.spec.implements.iter();
        Some((control, candidates.find(|candidate| candidate.rule == rule)?.clone()))
    });
    implementing.or_else(|| {
        let mut controls = Catalog::built_in().controls();
        let related = controls.find(|it| it.spec.related_to.iter().any(|name| name == rule))?;
        Some((related, ManagedRule { rule: rule.to_owned(), parameters: BTreeMap::new() }))
    })
}

impl Row {
    fn binds(&self) -> bool {
        self.equivalence == "exact" && self.confidence == "high"
    }

    /// The item, in an account: some were masked by ids that are too short to be one's.
    fn item(&self) -> Map<String, Value> {
        let mut item = self.configuration_item.clone();
        let account = item.get("awsAccountId").and_then(Value::as_str);
        if account.is_some_and(|id| id.parse::<AccountId>().is_err()) {
            item.remove("awsAccountId");
        }
        item
    }

    fn expected(&self) -> &'static str {
        match self.expected.as_str() {
            "COMPLIANT" => "Compliant",
            "NON_COMPLIANT" => "NonCompliant",
            "NOT_APPLICABLE" => "NotApplicable",
            other => unreachable!("a row expects {other}"),
        }
    }

    /// The row's parameters as the control's, several of theirs perhaps as one list of ours; and
    /// whether any was left out because it corresponds to none.
    fn parameters_of(&self, spec: &ControlSpec, rule: &ManagedRule) -> (Map<String, Value>, bool) {
        let (mut parameters, mut left_out) = (Map::new(), false);
        for (theirs, value) in self.parameters.as_object().into_iter().flatten() {
            let ours = rule.parameters.get(theirs);
            let declaration = spec.parameters.iter().find(|it| ours == Some(&it.name));
            let Some(declaration) = declaration else {
                left_out = true;
                continue;
            };
            let value = converted(value, declaration.kind);
            match (parameters.get_mut(&declaration.name), value) {
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                (_, value) => drop(parameters.insert(declaration.name.clone(), value)),
            }
        }
        (parameters, left_out)
    }
}

/// A managed rule's parameter, always a text or a number, as a value of the control's type.
fn converted(value: &Value, kind: ParameterType) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match kind {
        ParameterType::Boolean => json!(text.eq_ignore_ascii_case("true")),
        ParameterType::Integer => json!(text.parse::<i64>().unwrap()),
        ParameterType::String => json!(text),
        ParameterType::StringList => json!(text.split(',').map(str::trim).collect::<Vec<_>>()),
    }
}

fn compare(
    control: &Arc<CompiledControl>,
    row: &Row,
    parameters: &Map<String, Value>,
) -> Comparison {
    let test: ControlTestSpec = serde_json::from_value(json!({
        "control": control.name,
        "cases": [{
            "name": row.id,
            "parameters": parameters,
            "items": [row.item()],
            "expect": [{
                "resourceId": row.configuration_item.get("resourceId"),
                "verdict": row.expected(),
            }],
        }],
    }))
    .unwrap();
    let report = run_control_test(control, &test);
    if report.passed() {
        return Comparison::Agreed;
    }
    let said = report.cases.iter().flat_map(|case| {
        let actual = case.mismatches.iter().flat_map(|mismatch| &mismatch.actual);
        actual.chain(&case.problem).map(String::as_str)
    });
    Comparison::Differed(said.collect::<Vec<_>>().join("; "))
}

impl Figures {
    fn count(&mut self, row: &Row, comparison: &Comparison, left_out: bool) {
        self.implemented = true;
        self.stripped += usize::from(left_out);
        let agreed = usize::from(matches!(comparison, Comparison::Agreed));
        if row.binds() {
            self.binding += 1;
            self.binding_agreed += agreed;
        } else {
            self.hints += 1;
            self.hints_agreed += agreed;
        }
    }
}

/// What is wrong with a binding row: another verdict without a reason, or a reason without need.
fn problem(row: &Row, comparison: &Comparison, left_out: bool) -> Option<String> {
    if !row.binds() {
        return None;
    }
    let Row { id, rule_id, .. } = row;
    let exception = EXCEPTIONS.iter().find(|(exception, _, _)| exception == id);
    match (comparison, exception) {
        _ if left_out => Some(format!("{id} ({rule_id}): a parameter corresponds to none of ours")),
        (Comparison::Agreed, None) => None,
        (Comparison::Agreed, Some(_)) => Some(format!("{id}: agrees and needs no exception")),
        (Comparison::Differed(ours), Some((_, expected, _))) if ours.starts_with(expected) => None,
        (Comparison::Differed(ours), _) => {
            Some(format!("{id} ({rule_id}): expects {}, got {ours}", row.expected()))
        }
    }
}

fn print(figures: &BTreeMap<&str, Figures>) {
    _ = writeln!(stderr(), "{:<48} {:>9} {:>9}  parameters left out", "rule", "binding", "hints");
    for (rule, figures) in figures {
        _ = writeln!(stderr(), "{rule:<48} {figures}");
    }
    let sum = |of: fn(&Figures) -> usize| figures.values().map(of).sum::<usize>();
    let (agreed, binding) = (sum(|it| it.binding_agreed), sum(|it| it.binding));
    let (hints_agreed, hints) = (sum(|it| it.hints_agreed), sum(|it| it.hints));
    _ = writeln!(
        stderr(),
        "binding: {agreed} of {binding} agree; hints: {hints_agreed} of {hints}"
    );
    for (id, verdict, reason) in EXCEPTIONS {
        _ = writeln!(stderr(), "exception {id}: we say {verdict}, for {reason}");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.implemented {
            return write!(formatter, "no control implements it");
        }
        let binding = format!("{}/{}", self.binding_agreed, self.binding);
        let hints = format!("{}/{}", self.hints_agreed, self.hints);
        write!(formatter, "{binding:>9} {hints:>9}  {}", self.stripped)
    }
}
