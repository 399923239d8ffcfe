//! One control on one subject.

use std::mem::{self, discriminant};
use std::sync::Arc;

use bumpalo::Bump;

use super::budget::RoundBudgets;
use super::check::{CHANGED, PreparedCheck};
use super::concern::{Concern, match_subject};
use super::explain::{cut, explain};
use super::fault::Fault;
use super::ledger::LedgerWriter;
use super::mask::Masked;
use super::outcome::Outcome;
use super::result::{EvaluationResult, FieldReading, OwnerTagPlace, Results, Subject};
use super::rules;
use crate::plan::Plan;
use cel::{Bindings, Failure, Machine, Program, Timestamp, Value};
use model::{ConfigurationItem, InternalError, ItemStatus, UnknownReason, Verdict};

/// The longest message that is passed on, in bytes.
const MAX_MESSAGE: usize = 4096;
/// So many bytes are kept for what the next check makes.
pub(super) const MOST_KEPT: usize = 1024 * 1024;

/// Runs controls, and counts and passes on what they say.
pub(super) struct Judge {
    pub(super) outcome: Outcome,
    machine: Machine,
    /// What expressions make for one check of one subject: all that hundreds of checks of an item may make
    /// would take gigabytes.
    pub(super) scratch: Bump,
    budgets: Arc<RoundBudgets>,
    pub(super) now: Timestamp,
    pub(super) ledger: LedgerWriter,
    /// Why some of what was to be judged was not, and nobody can say what.
    pub(super) lost: Option<InternalError>,
}

/// Where a check is applied: the target's place in its plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'c, 'p> {
    pub(super) check: &'c PreparedCheck<'p>,
    pub(super) target: usize,
}

impl Judge {
    pub(super) fn new(plans: &[Plan], budgets: &Arc<RoundBudgets>, now: Timestamp) -> Self {
        let (outcome, machine) = (Outcome::of(plans), Machine::new());
        let (scratch, budgets) = (Bump::new(), Arc::clone(budgets));
        let ledger = LedgerWriter::default();
        Self { outcome, machine, scratch, budgets, now, ledger, lost: None }
    }

    /// Something was not judged, and nobody can say what.
    pub(super) fn lose(&mut self, error: InternalError) {
        self.outcome.internal.add(error);
        self.lost.get_or_insert(error);
    }

    /// Counts an item for the targets, by plan, of plans that look at it.
    pub(super) fn count_item(&mut self, plans: &[usize], target: impl Fn(usize) -> Option<usize>) {
        for plan in plans {
            if let Some(target) = target(*plan) {
                self.outcome.count_item(*plan, target);
                self.ledger.item(*plan, target);
            }
        }
    }

    /// Judges a resource, with those that join it.
    pub(super) fn resource<'a, 'p: 'a>(
        &mut self,
        at: At<'_, 'p>,
        item: &ConfigurationItem<'a>,
        related: Result<Option<Value<'a>>, Fault>,
        results: &mut dyn Results,
    ) {
        let subject = rules::subject(at.check, item);
        match Concern::of(at.check, item) {
            Concern::Yes => {}
            Concern::Excluded => {
                return self.report(at, subject, Some(item), Verdict::NotApplicable, results);
            }
            Concern::Unmatched => {
                return self.settled(at, subject, Some(item), Verdict::NotApplicable, results);
            }
            Concern::Unknown(fault) => return self.unknown(at, subject, &fault, None, results),
        }
        if let Some(fault) = rules::undecided(at.check, item) {
            return self.unknown(at, subject, &fault, None, results);
        }
        let related = match related {
            Ok(related) => related,
            Err(fault) => return self.unknown(at, subject, &fault, None, results),
        };
        let values = at.check.bind(item.value, related, self.now);
        self.subject(at, subject, Some(item), &Bindings { values: &values }, results);
    }

    /// Judges all resources of a region or account together.
    pub(super) fn together<'a, 'p: 'a>(
        &mut self,
        at: At<'_, 'p>,
        subject: Subject<'_>,
        resources: Value<'a>,
        results: &mut dyn Results,
    ) {
        let values = at.check.bind(resources, None, self.now);
        self.subject(at, subject, None, &Bindings { values: &values }, results);
    }

    fn subject(
        &mut self,
        at: At<'_, '_>,
        subject: Subject<'_>,
        item: Option<&ConfigurationItem<'_>>,
        bindings: &Bindings<'_, '_>,
        results: &mut dyn Results,
    ) {
        let mut scratch = mem::take(&mut self.scratch);
        self.subject_in(at, subject, item, bindings, &scratch, results);
        scratch.reset();
        // What one check made large is given back.
        self.scratch = if scratch.allocated_bytes() > MOST_KEPT { Bump::new() } else { scratch };
    }

    fn subject_in<'a>(
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
        match self.verdict(at.check, bindings, arena) {
            Ok(Verdict::NonCompliant) => {
                let exemption = self.exemption(at, item);
                let shown = Masked::of(bindings, &at.check.expression.sensitive, arena);
                let message = self.message(at.check, &shown.bindings(), arena);
                let explanation = explain(at.check.expression, &shown.bindings());
                let verdict = Verdict::NonCompliant;
                let owner_tag = at.check.owner_tag(item);
                let drift = Said { verdict, message: &message, exemption, owner_tag };
                self.say(at, subject, drift, &explanation, results);
            }
            Ok(verdict) => self.settled(at, subject, item, verdict, results),
            // Nor is time spent on what it would have read.
            Err(fault @ Fault::BudgetSpent) => self.unknown(at, subject, &fault, None, results),
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
                let (resource_type, id) = rules::judged(at.check, item);
                let message = format!(
                    "{resource_type} {id} may have a newer item among those that could not be read"
                );
                let fault = Fault::Unread { reason: UnknownReason::NotDelivered, message };
                self.unknown(at, subject, &fault, None, results);
            }
            None => self.report(at, subject, item, verdict, results),
        }
    }

    fn verdict<'a>(
        &mut self,
        check: &PreparedCheck<'_>,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<Verdict, Fault> {
        let expression = check.expression;
        if let Some(applies_to) = &expression.applies_to
            && !self.condition("appliesTo", check, applies_to, bindings, arena)?
        {
            return Ok(Verdict::NotApplicable);
        }
        let compliant =
            self.condition("compliant", check, &expression.compliant, bindings, arena)?;
        Ok(if compliant { Verdict::Compliant } else { Verdict::NonCompliant })
    }

    fn condition<'a>(
        &mut self,
        what: &'static str,
        check: &PreparedCheck<'_>,
        program: &Program,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<bool, Fault> {
        match self.run(check, program, bindings, arena)? {
            Value::Bool(condition) => Ok(condition),
            other => Err(Fault::Gave { what, found: other.type_name().as_str() }),
        }
    }

    /// Runs a program of a control, within the budget of its namespace. Its failure tells no secret.
    pub(super) fn run<'a>(
        &mut self,
        check: &PreparedCheck<'_>,
        program: &Program,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<Value<'a>, Fault> {
        if self.budgets.is_spent(check.plan) {
            return Err(Fault::BudgetSpent);
        }
        self.run_charged(check, program, bindings, arena).map_err(|failure| {
            let shown = Masked::of(bindings, &check.expression.sensitive, arena);
            Fault::Failure(if shown.hides {
                self.failure_without_secrets(check, program, failure, &shown.bindings(), arena)
            } else {
                failure
            })
        })
    }

    fn run_charged<'a>(
        &mut self,
        check: &PreparedCheck<'_>,
        program: &Program,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<Value<'a>, Failure> {
        let result = program.run(bindings, &mut self.machine, arena);
        self.budgets.spend(check.plan, self.machine.spent());
        result
    }

    /// A failure may quote what the program read, changed in whatever way: what it quotes of the
    /// masked values is shown instead.
    fn failure_without_secrets<'a>(
        &mut self,
        check: &PreparedCheck<'_>,
        program: &Program,
        failure: Failure,
        shown: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> Failure {
        match self.run_charged(check, program, shown, arena) {
            Err(masked) if discriminant(&masked) == discriminant(&failure) => masked,
            _ => failure.without_details(),
        }
    }

    /// The exemption that covers a drift, if any does.
    fn exemption(&self, at: At<'_, '_>, item: Option<&ConfigurationItem<'_>>) -> Option<usize> {
        let account = &at.check.of.targets.get(at.target)?.account;
        let name = &at.check.planned.control.name;
        let matched = item.map(|item| match_subject(at.check, item));
        let mut covering =
            at.check.exemptions.iter().filter(|(_, exemption)| {
                exemption.covers(name, account, matched.as_ref(), self.now)
            });
        covering.next().map(|(place, _)| *place)
    }

    /// What is wrong, made of values without secrets; the control's title where it cannot say. The
    /// verdict stands either way.
    fn message<'a>(
        &mut self,
        check: &PreparedCheck<'_>,
        bindings: &Bindings<'_, 'a>,
        arena: &'a Bump,
    ) -> String {
        let program = check.expression.message.as_ref();
        let said = program.and_then(|it| self.run_charged(check, it, bindings, arena).ok());
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
        let message = cut(&message, MAX_MESSAGE);
        let owner_tag = OwnerTagPlace::NONE;
        let unknown = Said { verdict, message: &message, exemption: None, owner_tag };
        self.say(at, subject, unknown, &explanation, results);
    }

    /// Passes on a verdict that needs no words.
    fn report(
        &mut self,
        at: At<'_, '_>,
        subject: Subject<'_>,
        item: Option<&ConfigurationItem<'_>>,
        verdict: Verdict,
        results: &mut dyn Results,
    ) {
        let owner_tag = at.check.owner_tag(item);
        let said = Said { verdict, message: "", exemption: None, owner_tag };
        self.say(at, subject, said, &[], results);
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
        let Said { verdict, message, exemption, owner_tag } = said;
        let result = EvaluationResult {
            plan,
            target,
            control,
            subject,
            verdict,
            message,
            explanation,
            exemption,
            owner_tag,
        };
        self.pass_on(&result, results);
    }

    /// Counts a result and passes it on.
    pub(super) fn pass_on(&mut self, result: &EvaluationResult<'_>, results: &mut dyn Results) {
        self.outcome.count(result.into());
        self.ledger.verdict(result);
        results.result(result);
    }
}

#[derive(Debug, Clone, Copy)]
struct Said<'s> {
    verdict: Verdict,
    message: &'s str,
    exemption: Option<usize>,
    owner_tag: OwnerTagPlace<'s>,
}
