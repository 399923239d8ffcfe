//! A control compiled otherwise than to be run: to count its branches, or with one mutation.

use std::fmt;

use super::compiled::{CompiledCheck, CompiledControl, CompiledExpression};
use super::program::Scopes;
use cel::{Environment, Mistake, Mutation, Program, Purpose, compile_for_coverage, mutants};

/// One of a control's expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionPart {
    /// `appliesTo`.
    AppliesTo,
    /// `compliant`.
    Compliant,
    /// `message`.
    Message,
    /// `key` of the join of this number.
    Key(usize),
    /// `relatedKey` of the join of this number.
    RelatedKey(usize),
}

/// A control with one operator or literal changed.
#[derive(Debug)]
pub struct MutantControl {
    /// The expression that is changed.
    pub part: ExpressionPart,
    /// What is changed in it.
    pub mutation: Mutation,
    /// The control with the changed expression.
    pub control: CompiledControl,
}

impl CompiledControl {
    /// Its expressions, with the program of each; none where it is not checked by expressions.
    pub fn expressions(&self) -> impl Iterator<Item = (ExpressionPart, &Program)> {
        let expression = match &self.check {
            CompiledCheck::Expression(expression) => Some(expression),
            CompiledCheck::ConfigRule(_)
            | CompiledCheck::Attestation
            | CompiledCheck::Refused(_) => None,
        };
        expression.into_iter().flat_map(|expression| {
            let parts = ExpressionPart::of(expression.related.len());
            parts.filter_map(|part| Some((part, part.program(expression)?)))
        })
    }

    /// The same control with programs that count their branches.
    ///
    /// # Errors
    /// What is wrong with an expression: nothing, as the control was compiled before.
    pub fn for_coverage(&self) -> Result<Self, Vec<Mistake>> {
        let mut changed = self.check.clone();
        for (part, program) in self.expressions() {
            let purpose = match part {
                ExpressionPart::AppliesTo | ExpressionPart::Compliant => Purpose::Decision,
                ExpressionPart::Message
                | ExpressionPart::Key(_)
                | ExpressionPart::RelatedKey(_) => Purpose::Text,
            };
            let Some(scopes) = self.scopes() else { continue };
            let environment = part.environment(&scopes);
            part.put(&mut changed, compile_for_coverage(program.source(), environment, purpose)?);
        }
        Ok(self.with_check(changed))
    }

    /// The control with each operator and each literal of its expressions changed, one at a time.
    ///
    /// # Errors
    /// What is wrong with an expression: nothing, as the control was compiled before.
    pub fn mutants(&self) -> Result<Vec<MutantControl>, Vec<Mistake>> {
        let mut all = Vec::new();
        for (part, program) in self.expressions() {
            let Some(scopes) = self.scopes() else { continue };
            for (mutation, program) in mutants(program.source(), part.environment(&scopes))? {
                let mut changed = self.check.clone();
                part.put(&mut changed, program);
                all.push(MutantControl { part, mutation, control: self.with_check(changed) });
            }
        }
        Ok(all)
    }

    fn scopes(&self) -> Option<Scopes> {
        let check = self.spec.check.expression.as_ref()?;
        Some(Scopes::of(&self.spec, check))
    }

    fn with_check(&self, check: CompiledCheck) -> Self {
        let Self { name, spec, check: _, origin } = self;
        Self { name: name.clone(), spec: spec.clone(), check, origin: *origin }
    }
}

impl ExpressionPart {
    /// The expressions that a control with so many joins may have.
    fn of(joins: usize) -> impl Iterator<Item = Self> {
        let keys = (0..joins).flat_map(|at| [Self::Key(at), Self::RelatedKey(at)]);
        [Self::AppliesTo].into_iter().chain(keys).chain([Self::Compliant, Self::Message])
    }

    fn program(self, expression: &CompiledExpression) -> Option<&Program> {
        match self {
            Self::AppliesTo => expression.applies_to.as_ref(),
            Self::Compliant => Some(&expression.compliant),
            Self::Message => expression.message.as_ref(),
            Self::Key(at) => expression.related.get(at).map(|related| &related.key),
            Self::RelatedKey(at) => expression.related.get(at).map(|related| &related.related_key),
        }
    }

    /// Puts a program in the place of the one that is there.
    fn put(self, check: &mut CompiledCheck, program: Program) {
        let CompiledCheck::Expression(expression) = check else { return };
        let place = match self {
            Self::AppliesTo => expression.applies_to.as_mut(),
            Self::Compliant => Some(&mut expression.compliant),
            Self::Message => expression.message.as_mut(),
            Self::Key(at) => expression.related.get_mut(at).map(|it| &mut it.key),
            Self::RelatedKey(at) => expression.related.get_mut(at).map(|it| &mut it.related_key),
        };
        if let Some(place) = place {
            *place = program;
        }
    }

    fn environment(self, scopes: &Scopes) -> &Environment {
        match self {
            Self::AppliesTo | Self::Compliant | Self::Message => &scopes.subject,
            Self::Key(_) | Self::RelatedKey(_) => &scopes.key,
        }
    }
}

/// As the field of the control is named.
impl fmt::Display for ExpressionPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AppliesTo => formatter.write_str("appliesTo"),
            Self::Compliant => formatter.write_str("compliant"),
            Self::Message => formatter.write_str("message"),
            Self::Key(at) => write!(formatter, "related[{at}].key"),
            Self::RelatedKey(at) => write!(formatter, "related[{at}].relatedKey"),
        }
    }
}
