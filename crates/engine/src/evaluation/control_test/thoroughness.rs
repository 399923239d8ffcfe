//! How much of a control its own cases show: which branches of its expressions they take, and which
//! mutations of them they notice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{passes, run_control_test};
use crate::catalog::{CompiledControl, ExpressionPart};
use api::ControlTestSpec;
use cel::{Mistake, Program, position};
use model::ControlName;

/// What the cases of a control show of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlCoverage {
    /// The control.
    pub control: ControlName,
    /// The branches of its expressions, and how many of them the cases take.
    pub branches: Share,
    /// The mutations of its expressions, and how many of them some case fails with.
    pub mutations: Share,
    /// The branches that no case takes and the mutations that every case passes with, except for
    /// those with a reason.
    pub missed: Vec<String>,
    /// Those with a reason, by what they are.
    pub excepted: BTreeMap<String, String>,
    /// Exceptions that are not needed: the cases show what they speak of, or there is no such thing.
    pub unneeded: Vec<String>,
}

/// How many there are, without exceptions, and how many of them are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Share {
    /// How many are shown.
    pub shown: usize,
    /// How many there are.
    pub all: usize,
}

impl Share {
    /// The share in percent, rounded down; 100 of none.
    #[must_use]
    pub fn percent(self) -> usize {
        (self.shown * 100).checked_div(self.all).unwrap_or(100)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { shown: self.shown + other.shown, all: self.all + other.all }
    }
}

/// Whether a branch or mutation is shown, and what it is.
struct CoverageFinding {
    what: String,
    is_shown: bool,
}

/// Finds out how much of a control its tests show. They have to pass.
///
/// # Errors
/// What is wrong with an expression: nothing, as the control was compiled before.
pub fn control_coverage(
    control: &Arc<CompiledControl>,
    tests: &[&ControlTestSpec],
) -> Result<ControlCoverage, Vec<Mistake>> {
    let mut exceptions: BTreeMap<&str, &str> = BTreeMap::new();
    for exception in tests.iter().flat_map(|test| &test.coverage_exceptions) {
        exceptions.insert(&exception.what, &exception.reason);
    }
    let mut coverage = ControlCoverage {
        control: control.name.clone(),
        branches: Share::default(),
        mutations: Share::default(),
        missed: Vec::new(),
        excepted: BTreeMap::new(),
        unneeded: Vec::new(),
    };
    coverage.branches = coverage.share(branches(control, tests)?, &mut exceptions);
    coverage.mutations = coverage.share(mutations(control, tests)?, &mut exceptions);
    coverage.unneeded.extend(exceptions.into_keys().map(str::to_owned));
    Ok(coverage)
}

impl ControlCoverage {
    /// Sorts findings into those that are shown, missed and excepted. What is left of the exceptions
    /// fits nothing that is missed.
    fn share(
        &mut self,
        findings: Vec<CoverageFinding>,
        exceptions: &mut BTreeMap<&str, &str>,
    ) -> Share {
        let mut share = Share::default();
        for CoverageFinding { what, is_shown } in findings {
            if is_shown {
                share = share.and(Share { shown: 1, all: 1 });
            } else if let Some(reason) = exceptions.remove(what.as_str()) {
                self.excepted.insert(what, reason.to_owned());
            } else if !self.excepted.contains_key(&what) {
                share.all += 1;
                self.missed.push(what);
            }
        }
        share
    }
}

fn branches(
    control: &CompiledControl,
    tests: &[&ControlTestSpec],
) -> Result<Vec<CoverageFinding>, Vec<Mistake>> {
    let probed = Arc::new(control.for_coverage()?);
    for test in tests {
        _ = run_control_test(&probed, test);
    }
    let mut findings = Vec::new();
    for (part, program) in probed.expressions() {
        for branch in program.branches() {
            let place = place(part, program, branch.span.start);
            let operand = program.source().get(branch.span).unwrap_or_default();
            let what = format!("{place} `{}` is never {}", in_one_line(operand), branch.outcome);
            findings.push(CoverageFinding { what, is_shown: branch.taken });
        }
    }
    Ok(findings)
}

fn mutations(
    control: &CompiledControl,
    tests: &[&ControlTestSpec],
) -> Result<Vec<CoverageFinding>, Vec<Mistake>> {
    let mut findings = Vec::new();
    for mutant in control.mutants()? {
        let source = control.expressions().find(|(part, _)| *part == mutant.part);
        let place = source.map(|(part, program)| place(part, program, mutant.mutation.span.start));
        let (from, to) = (&mutant.mutation.from, &mutant.mutation.to);
        let change = match to.as_str() {
            "" => format!("without `{from}`"),
            to => format!("`{}` for `{}`", in_one_line(to), in_one_line(from)),
        };
        let what = format!("{} {change}", place.unwrap_or_default());
        let changed = Arc::new(mutant.control);
        findings.push(CoverageFinding {
            what,
            is_shown: !tests.iter().all(|test| passes(&changed, test)),
        });
    }
    Ok(findings)
}

/// The expression, the line and the column.
fn place(part: ExpressionPart, program: &Program, at: usize) -> String {
    let (line, column) = position(program.source(), at);
    format!("{part} {line}:{column}")
}

/// The most characters of a source that are shown.
const SHOWN: usize = 60;

fn in_one_line(source: &str) -> String {
    let words: Vec<&str> = source.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
