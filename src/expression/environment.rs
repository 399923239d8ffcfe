//! What an expression may name: its variables and their types.

use std::rc::Rc;

use super::signature::Kind;
use super::types::Type;

/// The variables of an expression, in the order of their slots.
///
/// ```
/// use plumbline::expression::{Environment, VariableType, compile};
/// let parameters = VariableType::Fields(vec![("days".to_owned(), VariableType::Int)]);
/// let environment = Environment::new().variable("parameters", parameters);
/// assert!(compile("parameters.days > 30", &environment).is_ok());
/// assert!(compile("parameters.hours > 30", &environment).is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: Vec<(String, VariableType)>,
}

/// The type of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableType {
    /// One configuration item: a map with the fields `id`, `name`, `type`, `arn`, `accountId`,
    /// `region`, `tags`, `configuration`, `supplementaryConfiguration`, `relationships`,
    /// `creationTime` and `captureTime`, of which any may be absent.
    Resource,
    /// A list of configuration items.
    ResourceList,
    /// Anything: known only when it is run.
    Any,
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// A text.
    String,
    /// A list of texts.
    StringList,
    /// A point in time.
    Timestamp,
    /// A map with just these fields.
    Fields(Vec<(String, VariableType)>),
}

impl Environment {
    /// An environment without variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a variable; its slot is the number of those declared before.
    #[must_use]
    pub fn variable(mut self, name: &str, kind: VariableType) -> Self {
        self.variables.push((name.to_owned(), kind));
        self
    }

    pub(super) fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|(other, _)| other == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn types(&self) -> Vec<Type> {
        self.variables.iter().map(|(_, kind)| kind.as_type()).collect()
    }
}

impl VariableType {
    fn as_type(&self) -> Type {
        match self {
            Self::Resource => resource(),
            Self::ResourceList => Type::list(resource()),
            Self::Any => Type::Any,
            Self::Bool => Type::A(Kind::Bool),
            Self::Int => Type::A(Kind::Int),
            Self::String => Type::A(Kind::String),
            Self::StringList => Type::list(Type::A(Kind::String)),
            Self::Timestamp => Type::A(Kind::Timestamp),
            Self::Fields(fields) => {
                let typed = |(name, kind): &(String, Self)| (name.as_str().into(), kind.as_type());
                Type::Fields(fields.iter().map(typed).collect())
            }
        }
    }
}

fn resource() -> Type {
    let text = || Type::A(Kind::String);
    let time = || Type::A(Kind::Timestamp);
    let fields = [
        ("id", text()),
        ("name", text()),
        ("type", text()),
        ("arn", text()),
        ("accountId", text()),
        ("region", text()),
        ("tags", Type::map(text(), text())),
        ("configuration", Type::DATA),
        ("supplementaryConfiguration", Type::DATA),
        ("relationships", Type::list(Type::DATA)),
        ("creationTime", time()),
        ("captureTime", time()),
    ];
    Type::Fields(Rc::from(fields.map(|(name, kind)| (Box::from(name), kind))))
}
