//! One control on one subject.

use std::mem::discriminant;

use bumpalo::Bump;

use super::check::Check;
use super::concern::{Concern, match_subject};
use super::explain::{cut, explain};
use super::keep::Broken;
use super::mask::Masked;
use super::outcome::Outcome;
use super::result::{EvaluationResult, FieldReading, Results, Subject};
use crate::catalog::CompiledExpression;
use crate::expression::{Bindings, Failure, Machine, Program};
use crate::plan::Plan;
use crate::resource::{
    ConfigurationItem, InternalError, InternalPlace, ItemStatus, Timestamp, UnknownReason, Value,
    Verdict,
};

/// The longest message that is passed on, in bytes.
const MAX_MESSAGE: usize = 4096;

/// Runs controls, and counts and passes on what they say.
pub(super) struct Judge {
    pub(super) outcome: Outcome,
    machine: Machine,
    now: Timestamp,
    /// Why some of what was to be judged was not, and nobody can say what.
    pub(super) lost: Option<InternalError>,
}

/// Where a check is applied: the target's place in its plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'c, 'p> {
    pub(super) check: &'c Check<'p>,
    pub(super) target: usize,
}

/// Why a control gave no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A program failed.
    Failure(Failure),
    /// A program gave something of another type than it should.
    Gave { what: &'static str, found: &'static str },
    /// Something that it reads was not read.
    Unread { reason: UnknownReason, message: String },
    /// Plumbline itself failed.
    Internal(InternalError),
}

impl Judge {
    pub(super) fn new(plans: &[Plan], now: Timestamp) -> Self {
        Self { outcome: Outcome::of(plans), machine: Machine::new(), now, lost: None }
    }

    /// Something was not judged, and nobody can say what.
    pub(super) fn lose(&mut self, error: InternalError) {
        self.outcome.internal.add(error);
        self.lost.get_or_insert(error);
    }

    /// Judges a resource, with those that join it.
    pub(super) fn resource<'a, 'p: 'a>(
        &mut self,
        at: At<'_, 'p>,
        item: &ConfigurationItem<'a>,
        related: Result<Option<Value<'a>>, Fault>,
        arena: &'a Bump,
        results: &mut dyn Results,
    ) {
        let subject = Subject::Resource {
            resource_type: item.resource_type,
            id: item.id,
            arn: item.arn,
            name: item.name,
            region: item.region,
        };
        match Concern::of(at.check, item) {
            Concern::Yes => {}
            Concern::Excluded => return self.report(at, subject, Verdict::NotApplicable, results),
            Concern::Unmatched => {
                return self.settled(at, subject, Some(item), Verdict::NotApplicable, results);
            }
            Concern::Unknown(fault) => return self.unknown(at, subject, &fault, None, results),
        }
        let related = match related {
            Ok(related) => related,
            Err(fault) => return self.unknown(at, subject, &fault, None, results),
        };
        let values = at.check.bind(item.value, related, self.now);
        self.subject(at, subject, Some(item), &Bindings { values: &values }, arena, results);
    }

    /// Judges all resources of a region or account together.
    pub(super) fn together<'a, 'p: 'a>(
        &mut self,
        at: At<'_, 'p>,
        subject: Subject<'_>,
        resources: Value<'a>,
        arena: &'a Bump,
        results: &mut dyn Results,
    ) {
        let values = at.check.bind(resources, None, self.now);
        self.subject(at, subject, None, &Bindings { values: &values }, arena, results);
    }

    fn subject<'a>(
        &mut self,
        at: At<'_, '_>,
        subject: Subject<'_>,
        item: Option<&ConfigurationItem<'_>>,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
        results: &mut dyn Results,
    ) {
        if !at.check.is_intact {
            return self.unknown(at, subject, &Fault::Internal(CHANGED), None, results);
        }
        match self.verdict(at.check.expression, bindings, arena) {
            Ok(Verdict::NonCompliant) => {
                let exemption = self.exemption(at, item);
                let shown = Masked::of(bindings, &at.check.expression.sensitive, arena);
                let message = self.message(at.check, &shown.bindings(), arena);
                let explanation = explain(at.check.expression, &shown.bindings());
                let verdict = Verdict::NonCompliant;
                let drift = Said { verdict, message: &message, exemption };
                self.say(at, subject, drift, &explanation, results);
            }
            Ok(verdict) => self.settled(at, subject, item, verdict, results),
            Err(fault) => {
                let shown = Masked::of(bindings, &at.check.expression.sensitive, arena);
                self.unknown(at, subject, &fault, Some(&shown.bindings()), results);
            }
        }
    }

    /// Passes on that nothing is wrong, unless a newer item may say otherwise.
    fn settled(
        &mut self,
        at: At<'_, '_>,
        subject: Subject<'_>,
        item: Option<&ConfigurationItem<'_>>,
        verdict: Verdict,
        results: &mut dyn Results,
    ) {
        match item.filter(|item| item.status == ItemStatus::Doubtful) {
            Some(item) => {
                let message = format!(
                    "{} {} may have a newer item among those that could not be read",
                    item.resource_type, item.id
                );
                let fault = Fault::Unread { reason: UnknownReason::NotDelivered, message };
                self.unknown(at, subject, &fault, None, results);
            }
            None => self.report(at, subject, verdict, results),
        }
    }

    fn verdict<'a>(
        &mut self,
        expression: &CompiledExpression,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<Verdict, Fault> {
        if let Some(applies_to) = &expression.applies_to
            && !self.condition("appliesTo", expression, applies_to, bindings, arena)?
        {
            return Ok(Verdict::NotApplicable);
        }
        let compliant =
            self.condition("compliant", expression, &expression.compliant, bindings, arena)?;
        Ok(if compliant { Verdict::Compliant } else { Verdict::NonCompliant })
    }

    fn condition<'a>(
        &mut self,
        what: &'static str,
        expression: &CompiledExpression,
        program: &Program,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<bool, Fault> {
        match self.run(expression, program, bindings, arena)? {
            Value::Bool(condition) => Ok(condition),
            other => Err(Fault::Gave { what, found: other.type_name().as_str() }),
        }
    }

    /// Runs a program of a control. Its failure tells no secret.
    pub(super) fn run<'a>(
        &mut self,
        expression: &CompiledExpression,
        program: &Program,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<Value<'a>, Fault> {
        program.run(bindings, &mut self.machine, arena).map_err(|failure| {
            let shown = Masked::of(bindings, &expression.sensitive, arena);
            Fault::Failure(if shown.hides {
                self.failure_without_secrets(program, failure, &shown.bindings(), arena)
            } else {
                failure
            })
        })
    }

    /// A failure may quote what the program read, changed in whatever way: what it quotes of the
    /// masked values is shown instead.
    fn failure_without_secrets<'a>(
        &mut self,
        program: &Program,
        failure: Failure,
        shown: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Failure {
        match program.run(shown, &mut self.machine, arena) {
            Err(masked) if discriminant(&masked) == discriminant(&failure) => masked,
            _ => failure.without_details(),
        }
    }

    /// The exemption that covers a drift, if any does.
    fn exemption(&self, at: At<'_, '_>, item: Option<&ConfigurationItem<'_>>) -> Option<usize> {
        let account = &at.check.of.targets.get(at.target)?.account;
        let name = &at.check.planned.control.name;
        let matched = item.map(match_subject);
        let mut covering =
            at.check.exemptions.iter().filter(|(_, exemption)| {
                exemption.covers(name, account, matched.as_ref(), self.now)
            });
        covering.next().map(|(place, _)| *place)
    }

    /// What is wrong, made of values without secrets; the control's title where it cannot say. The verdict stands either way.
    fn message<'a>(
        &mut self,
        check: &Check<'_>,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> String {
        let program = check.expression.message.as_ref();
        let said = program.and_then(|program| program.run(bindings, &mut self.machine, arena).ok());
        let text = said.as_ref().and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        cut(text.unwrap_or(&check.planned.control.spec.title), MAX_MESSAGE)
    }

    /// Passes on that nothing can be said of a subject, and why.
    pub(super) fn unknown(
        &mut self,
        at: At<'_, '_>,
        subject: Subject<'_>,
        fault: &Fault,
        bindings: Option<&Bindings<'_, '_>>,
        results: &mut dyn Results,
    ) {
        if let Some(error) = fault.internal() {
            self.outcome.internal.add(error);
        }
        let message = fault.describe(at.check.planned.control.name.as_str());
        let verdict = Verdict::Unknown(fault.reason());
        let explanation =
            bindings.map(|bindings| explain(at.check.expression, bindings)).unwrap_or_default();
        let unknown = Said { verdict, message: &cut(&message, MAX_MESSAGE), exemption: None };
        self.say(at, subject, unknown, &explanation, results);
    }

    /// Passes on a verdict that needs no words.
    fn report(
        &mut self,
        at: At<'_, '_>,
        subject: Subject<'_>,
        verdict: Verdict,
        results: &mut dyn Results,
    ) {
        self.say(at, subject, Said { verdict, message: "", exemption: None }, &[], results);
    }

    fn say(
        &mut self,
        at: At<'_, '_>,
        subject: Subject<'_>,
        said: Said<'_>,
        explanation: &[FieldReading],
        results: &mut dyn Results,
    ) {
        let (plan, target, control) = (at.check.plan, at.target, at.check.control);
        let Said { verdict, message, exemption } = said;
        let result = EvaluationResult {
            plan,
            target,
            control,
            subject,
            verdict,
            message,
            explanation,
            exemption,
        };
        self.pass_on(&result, results);
    }

    /// Counts a result and passes it on.
    pub(super) fn pass_on(&mut self, result: &EvaluationResult<'_>, results: &mut dyn Results) {
        self.outcome.count(result);
        results.result(result);
    }
}

#[derive(Debug, Clone, Copy)]
struct Said<'s> {
    verdict: Verdict,
    message: &'s str,
    exemption: Option<usize>,
}

impl Fault {
    /// Why nothing can be said of a resource whose item says nothing of it.
    pub(super) fn of_status(item: &ConfigurationItem<'_>) -> Option<Self> {
        let (reason, why) = match item.status {
            ItemStatus::NotRecorded | ItemStatus::DeletedNotRecorded => {
                (UnknownReason::NotRecorded, "is not recorded")
            }
            ItemStatus::Unreadable => {
                (UnknownReason::NotDelivered, "cannot be judged: its newest item could not be read")
            }
            ItemStatus::Ok
            | ItemStatus::Discovered
            | ItemStatus::Deleted
            | ItemStatus::Doubtful => return None,
        };
        let message = format!("{} {} {why}", item.resource_type, item.id);
        Some(Self::Unread { reason, message })
    }

    /// Why the verdict is unknown. Checking has refused every type that is wrong whatever the data,
    /// so that a wrong type met in a run is the data's.
    pub(super) const fn reason(&self) -> UnknownReason {
        match self {
            Self::Failure(
                Failure::MissingField(_) | Failure::Unexpected(_) | Failure::WrongType(_),
            ) => UnknownReason::InsufficientData,
            Self::Failure(_) | Self::Gave { .. } | Self::Internal(_) => {
                UnknownReason::EvaluationError
            }
            Self::Unread { reason, .. } => *reason,
        }
    }

    /// The failure of our own that it is, if it is one.
    const fn internal(&self) -> Option<InternalError> {
        match self {
            Self::Internal(error) => Some(*error),
            Self::Failure(Failure::Internal(what)) => {
                Some(InternalError::new(InternalPlace::Expression, what))
            }
            Self::Failure(_) | Self::Gave { .. } | Self::Unread { .. } => None,
        }
    }

    fn describe(&self, control: &str) -> String {
        match self {
            Self::Failure(failure) => {
                format!("control {control} could not be evaluated: {failure}")
            }
            Self::Gave { what, found } => {
                format!(
                    "control {control} could not be evaluated: `{what}` gave a value of type {found}"
                )
            }
            Self::Unread { message, .. } => message.clone(),
            Self::Internal(error) => format!("control {control}: {error}"),
        }
    }
}

impl From<InternalError> for Fault {
    fn from(error: InternalError) -> Self {
        Self::Internal(error)
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Internal(broken.into())
    }
}

/// A check's programs are others than the compiler made.
pub(super) const CHANGED: InternalError =
    InternalError::new(InternalPlace::Expression, "a program is not what was compiled");
