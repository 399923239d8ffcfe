//! What an expression may name: its variables with their types, and its functions.

use super::registry;
use super::signature::{Kind, Library, Overload, Style};
use super::types::Type;

/// The variables of an expression, in the order of their slots, and the functions that it may
/// call beside those of the language.
///
/// ```
/// use cel::{Environment, VariableType, compile};
/// let parameters = VariableType::Fields(vec![("days".to_owned(), VariableType::Int)]);
/// let environment = Environment::new().variable("parameters", parameters);
/// assert!(compile("parameters.days > 30", &environment).is_ok());
/// assert!(compile("parameters.hours > 30", &environment).is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: Vec<(String, VariableType)>,
    libraries: Vec<Library>,
}

/// The type of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableType {
    /// Anything: known only when it is run.
    Any,
    /// A document from outside. What an operation takes a part of it for is checked when it is
    /// run, and a part of another type is [`Failure::Unexpected`](crate::Failure::Unexpected).
    Document,
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// A text.
    String,
    /// A point in time.
    Timestamp,
    /// A list of such values.
    List(Box<VariableType>),
    /// A map from texts to such values.
    Map(Box<VariableType>),
    /// A map with just these fields, of which any may be absent.
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

    /// Adds functions to those of the language.
    #[must_use]
    pub fn library(mut self, library: Library) -> Self {
        self.libraries.push(library);
        self
    }

    pub(super) fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|(other, _)| other == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }

    /// All overloads of a function, in the order of their declaration.
    pub(super) fn overloads(&self, name: &str, is_receiver: bool) -> Vec<&'static Overload> {
        let style = if is_receiver { Style::Receiver } else { Style::Global };
        let added = self.added().filter(|added| added.style == style && added.name == name);
        registry::overloads(name, is_receiver).iter().copied().chain(added).collect()
    }

    /// Whether functions stand in this namespace.
    pub(super) fn is_namespace(&self, name: &str) -> bool {
        registry::is_namespace(name) || self.added_namespaces().any(|added| added == name)
    }

    /// The names of all functions and macros.
    pub(super) fn functions(&self) -> impl Iterator<Item = &'static str> {
        registry::names().chain(self.added().map(|added| added.name))
    }

    /// The names of all namespaces.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        registry::namespaces().chain(self.added_namespaces()).map(|name| -> &str { name })
    }

    fn added(&self) -> impl Iterator<Item = &'static Overload> {
        self.libraries.iter().copied().flatten()
    }

    fn added_namespaces(&self) -> impl Iterator<Item = &'static str> {
        self.added().filter_map(|added| added.name.rsplit_once('.')).map(|(namespace, _)| namespace)
    }

    pub(super) fn types(&self) -> Vec<Type> {
        self.variables.iter().map(|(_, kind)| kind.as_type()).collect()
    }
}

impl VariableType {
    fn as_type(&self) -> Type {
        match self {
            Self::Any => Type::Any,
            Self::Document => Type::DATA,
            Self::Bool => Type::A(Kind::Bool),
            Self::Int => Type::A(Kind::Int),
            Self::String => Type::A(Kind::String),
            Self::Timestamp => Type::A(Kind::Timestamp),
            Self::List(element) => Type::list(element.as_type()),
            Self::Map(value) => Type::map(Type::A(Kind::String), value.as_type()),
            Self::Fields(fields) => {
                let typed = |(name, kind): &(String, Self)| (name.as_str().into(), kind.as_type());
                Type::Fields(fields.iter().map(typed).collect())
            }
        }
    }
}
