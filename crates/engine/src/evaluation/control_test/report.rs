//! What a control's test came to, and how that differs from what was expected.

use std::collections::BTreeSet;
use std::fmt;

use crate::evaluation::{EvaluationResult, FieldReading, Subject};
use crate::plan::Plan;
use api::{ControlTestCase, Expectation};
use model::{ControlName, Verdict};

/// What a control's test came to. Its text is empty where every case passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// The control.
    pub control: ControlName,
    /// One for each case.
    pub cases: Vec<CaseReport>,
}

/// What one case came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReport {
    /// The case's name.
    pub name: String,
    /// Why the case could not be run.
    pub problem: Option<String>,
    /// What is not as expected.
    pub mismatches: Vec<Mismatch>,
}

/// One verdict that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What the verdict speaks of.
    pub subject: String,
    /// The verdict expected.
    pub expected: String,
    /// The verdicts reached; more than one where resources of several types have one id.
    pub actual: Vec<String>,
    /// What the control read for them.
    pub explanation: Vec<FieldReading>,
    /// The subjects that got a verdict, where this one did not.
    pub others: Vec<String>,
}

/// So many subjects are named where the one that a case expects got no verdict.
const NAMED: usize = 10;

/// A verdict that a case reached.
#[derive(Debug)]
pub(super) struct Reached {
    subject: ReachedSubject,
    verdict: Verdict,
    message: String,
    explanation: Vec<FieldReading>,
}

#[derive(Debug, PartialEq, Eq)]
enum ReachedSubject {
    Resource(String),
    Region(String),
    Account(String),
    Unread,
}

impl TestReport {
    /// Whether every case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.cases.iter().all(CaseReport::passed)
    }
}

impl CaseReport {
    /// Whether all was as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.problem.is_none() && self.mismatches.is_empty()
    }

    pub(super) fn failed(case: &ControlTestCase, problem: String) -> Self {
        Self { name: case.name.clone(), problem: Some(problem), mismatches: Vec::new() }
    }

    pub(super) fn compare(case: &ControlTestCase, reached: &[Reached]) -> Self {
        let mismatches = case.expect.iter().filter_map(|expected| mismatch(expected, reached));
        Self { name: case.name.clone(), problem: None, mismatches: mismatches.collect() }
    }
}

impl Reached {
    /// The result, to be kept; nothing of a result that belongs to no target.
    pub(super) fn of(plans: &[Plan], result: &EvaluationResult<'_>) -> Option<Self> {
        let target = plans.get(result.plan)?.targets.get(result.target)?;
        Some(Self {
            subject: match result.subject {
                Subject::Resource { id, .. } => ReachedSubject::Resource(id.to_owned()),
                Subject::Region => ReachedSubject::Region(target.region.to_string()),
                Subject::Account => ReachedSubject::Account(target.account.to_string()),
                Subject::Unread { .. } => ReachedSubject::Unread,
            },
            verdict: result.verdict,
            message: result.message.to_owned(),
            explanation: result.explanation.to_vec(),
        })
    }

    fn meets(&self, expected: &Expectation) -> bool {
        self.verdict.as_str() == expected.verdict.as_str()
            && expected.reason.is_none_or(|reason| self.verdict.reason() == Some(reason))
            && expected.message.as_ref().is_none_or(|message| *message == self.message)
    }
}

fn subject(expected: &Expectation) -> ReachedSubject {
    let Expectation { resource_id, region, account, .. } = expected;
    match (resource_id, region, account) {
        (Some(id), _, _) => ReachedSubject::Resource(id.clone()),
        (None, Some(region), _) => ReachedSubject::Region(region.to_string()),
        (None, None, Some(account)) => ReachedSubject::Account(account.to_string()),
        (None, None, None) => ReachedSubject::Unread,
    }
}

fn mismatch(expected: &Expectation, reached: &[Reached]) -> Option<Mismatch> {
    let subject = subject(expected);
    let of_subject: Vec<&Reached> =
        reached.iter().filter(|reached| reached.subject == subject).collect();
    if of_subject.iter().any(|reached| reached.meets(expected)) {
        return None;
    }
    let with_message = expected.message.is_some();
    let others = if of_subject.is_empty() { subjects(reached) } else { Vec::new() };
    Some(Mismatch {
        subject: subject.to_string(),
        expected: describe(expected),
        actual: of_subject.iter().map(|reached| reached.describe(with_message)).collect(),
        explanation: of_subject.iter().flat_map(|it| it.explanation.clone()).collect(),
        others,
    })
}

/// What got a verdict, each once.
fn subjects(reached: &[Reached]) -> Vec<String> {
    let subjects: BTreeSet<String> = reached.iter().map(|it| it.subject.to_string()).collect();
    subjects.into_iter().collect()
}

fn describe(expected: &Expectation) -> String {
    let reason = expected.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    let message = expected.message.as_ref().map(|message| format!(": {message}"));
    format!("{}{reason}{}", expected.verdict.as_str(), message.unwrap_or_default())
}

impl Reached {
    fn describe(&self, with_message: bool) -> String {
        let reason = self.verdict.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let says = (with_message || !reason.is_empty()) && !self.message.is_empty();
        let message = if says { format!(": {}", self.message) } else { String::new() };
        format!("{}{reason}{message}", self.verdict)
    }
}

impl fmt::Display for ReachedSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(id) => formatter.write_str(id),
            Self::Region(region) => write!(formatter, "region {region}"),
            Self::Account(account) => write!(formatter, "account {account}"),
            Self::Unread => formatter.write_str("what was not read"),
        }
    }
}

impl fmt::Display for TestReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.cases.iter().filter(|case| !case.passed());
        for case in failed {
            writeln!(formatter, "{}: {}", self.control, case.name)?;
            case.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(problem) = &self.problem {
            writeln!(formatter, "  {problem}")?;
        }
        self.mismatches.iter().try_for_each(|mismatch| mismatch.fmt(formatter))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "  {}", self.subject)?;
        writeln!(formatter, "  - expected {}", self.expected)?;
        if self.actual.is_empty() {
            let (named, more) = self.others.split_at(self.others.len().min(NAMED));
            let more = match more.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let of_others = match named {
                [] => "; nothing got one".to_owned(),
                named => format!("; there is one of {}{more}", named.join(", ")),
            };
            writeln!(formatter, "  + actual   no verdict{of_others}")?;
        }
        for actual in &self.actual {
            writeln!(formatter, "  + actual   {actual}")?;
        }
        for FieldReading { path, value } in &self.explanation {
            writeln!(formatter, "      {path} = {value}")?;
        }
        Ok(())
    }
}
