//! What an evaluation says: one verdict of one control on one subject, with what explains it.

use crate::resource::Verdict;

/// Takes the results of an evaluation one by one, in no particular order.
pub trait Results {
    /// Takes one result. Nothing of it lives longer than the call.
    fn result(&mut self, result: &EvaluationResult<'_>);
}

impl<F: FnMut(&EvaluationResult<'_>)> Results for F {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        self(result);
    }
}

/// The verdict of one control on one subject.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationResult<'r> {
    /// Which of the evaluation's plans.
    pub plan: usize,
    /// Which of the plan's targets.
    pub target: usize,
    /// Which of the plan's controls.
    pub control: usize,
    /// What the verdict speaks of.
    pub subject: Subject<'r>,
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong, or why nothing can be said; empty for the other verdicts.
    pub message: &'r str,
    /// What the expression read; empty unless the verdict is `NonCompliant` or `Unknown`.
    pub explanation: &'r [FieldReading],
    /// Which of the plan's exemptions covers a `NonCompliant` verdict.
    pub exemption: Option<usize>,
}

impl EvaluationResult<'_> {
    /// Whether this is drift: not as it should be, and no exemption covers it.
    #[must_use]
    pub const fn is_drift(&self) -> bool {
        matches!(self.verdict, Verdict::NonCompliant) && self.exemption.is_none()
    }
}

/// What a verdict speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'r> {
    /// A resource.
    Resource {
        /// Its type.
        resource_type: &'r str,
        /// Its id.
        id: &'r str,
        /// Its ARN, if it has one.
        arn: Option<&'r str>,
        /// Its name, if it has one.
        name: Option<&'r str>,
        /// Its region; `global` for what has none.
        region: &'r str,
    },
    /// The target's region as a whole.
    Region,
    /// The target's account as a whole.
    Account,
    /// What was not read: the verdict is `Unknown`, and what was read has verdicts of its own.
    Unread {
        /// The type that was not read.
        resource_type: &'r str,
    },
}

/// What an expression read in one place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldReading {
    /// The place, as the expression names it: `resource.configuration.status`.
    pub path: String,
    /// What stood there, as JSON, cut where it is long; `absent` where nothing stood.
    pub value: String,
}
