//! What a control's expressions may name and must give.

use super::compiled::slots;
use super::fault::{Fault, Part};
use crate::functions::{environment, item};
use api::{ControlSpec, ExpressionCheck, FieldPath, ParameterType, Scope};
use cel::{Environment, Kind, Mistake, Program, VariableType};

/// What an expression must give.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expects {
    Bool,
    String,
    /// A string, a list of strings, or an optional of these.
    Key,
}

/// What the expressions of a control may name, in the order of [`slots`].
pub(super) struct Scopes {
    /// For what speaks of the subject.
    pub(super) subject: Environment,
    /// For the keys of a join.
    pub(super) key: Environment,
}

impl Scopes {
    pub(super) fn of(spec: &ControlSpec, check: &ExpressionCheck) -> Self {
        let parameters = || {
            let typed = spec.parameters.iter();
            VariableType::Fields(
                typed.map(|known| (known.name.clone(), type_of(known.kind))).collect(),
            )
        };
        let all = |subject, kind| {
            environment()
                .variable(subject, kind)
                .variable("parameters", parameters())
                .variable("now", VariableType::Timestamp)
        };
        let related = check.related.iter();
        let related = related.map(|known| (known.name.clone(), items()));
        let subject = match check.scope {
            Scope::Resource => {
                all("resource", item()).variable("related", VariableType::Fields(related.collect()))
            }
            Scope::Region | Scope::Account => all("resources", items()),
        };
        Self { subject, key: all("resource", item()) }
    }
}

/// Compiles an expression that gives what is expected, or says what is wrong with it.
pub(super) fn compile(
    source: &str,
    environment: &Environment,
    expected: Expects,
    path: &FieldPath,
    faults: &mut Vec<Fault>,
) -> Option<Program> {
    match cel::compile(source, environment) {
        Ok(program) if expected.is_met_by(program.returns()) => Some(program),
        Ok(program) => {
            let found = format!("{:?}", program.returns()).to_lowercase();
            let message =
                format!("the expression must return {}, not {found}", expected.described());
            faults.push(Fault::new(path.clone(), message));
            None
        }
        Err(mistakes) => {
            faults.extend(mistakes.into_iter().map(|mistake| fault(mistake, source, path)));
            None
        }
    }
}

fn fault(mistake: Mistake, source: &str, path: &FieldPath) -> Fault {
    let (line, column) = mistake.position(source);
    let part = Part::new(&mistake.span, line, column);
    let fault = Fault::new(path.clone(), mistake.message).at_part(part);
    fault.suggesting(mistake.suggestion.as_deref())
}

/// Whether the expression reads `parameters.<name>`.
pub(super) fn reads_parameter(program: &Program, name: &str) -> bool {
    program.projection(slots::PARAMETERS).field(name).is_some()
}

/// Whether the expression reads `related.<name>`.
pub(super) fn reads_related(program: &Program, name: &str) -> bool {
    program.projection(slots::RELATED).field(name).is_some()
}

impl Expects {
    const fn is_met_by(self, result: Kind) -> bool {
        match self {
            _ if matches!(result, Kind::Any) => true,
            Self::Bool => matches!(result, Kind::Bool),
            Self::String => matches!(result, Kind::String),
            Self::Key => {
                matches!(result, Kind::String | Kind::List | Kind::Optional)
            }
        }
    }

    const fn described(self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::String => "a string",
            Self::Key => "a string or a list of strings",
        }
    }
}

fn items() -> VariableType {
    VariableType::List(Box::new(item()))
}

fn type_of(kind: ParameterType) -> VariableType {
    match kind {
        ParameterType::Boolean => VariableType::Bool,
        ParameterType::Integer => VariableType::Int,
        ParameterType::String => VariableType::String,
        ParameterType::StringList => VariableType::List(Box::new(VariableType::String)),
    }
}
