//! How a function of the expression language is declared: what the checker and the machine need
//! to know of it, and what its implementation is given.

use bumpalo::Bump;
use thiserror::Error;

use super::pattern::Pattern;
use crate::Value;

/// A type as far as a declaration speaks of it; elements are in [`Returns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is the type of the value variant of its name; `Any` is every type
pub enum Kind {
    Any,
    Null,
    Bool,
    Int,
    UInt,
    Double,
    String,
    Bytes,
    List,
    Map,
    Timestamp,
    Duration,
    Type,
    Optional,
    Ip,
    Cidr,
}

/// What a function returns, as far as it is known before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// A value of this type; its elements, if any, may be anything.
    A(Kind),
    /// A list of such values.
    ListOf(Kind),
    /// The type of the argument at this place (the receiver is at 0).
    SameAs(usize),
    /// The type of the elements of the argument at this place: a list, a map or an optional.
    ElementOf(usize),
    /// An optional of the type of the argument at this place.
    OptionalOf(usize),
    /// An optional of the type of the elements of the argument at this place.
    OptionalElementOf(usize),
}

/// How a function is written in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `size(x)`, or with a namespace, `math.least(x)`.
    Global,
    /// `x.size()`: the receiver is the first argument.
    Receiver,
}

/// One overload of a function.
#[derive(Debug, Clone, Copy)]
pub struct Overload {
    /// The name, with its namespace if it has one: `iam.statements`.
    pub name: &'static str,
    /// How it is written.
    pub style: Style,
    /// The types of its arguments, the receiver first.
    pub parameters: &'static [Kind],
    /// What it returns.
    pub returns: Returns,
    /// The place of an argument that is a regular expression: the compiler compiles it once where
    /// it is a literal or a parameter, and refuses it there when it is invalid.
    pub pattern: Option<usize>,
    /// What it does. The machine calls it only with arguments whose types match `parameters`.
    pub call: Implementation,
}

/// Functions that belong together.
pub type Library = &'static [Overload];

impl Overload {
    /// `receiver.name(..)`; the receiver's type is the first of `parameters`.
    #[must_use]
    pub const fn receiver(
        name: &'static str,
        parameters: &'static [Kind],
        returns: Returns,
        call: Implementation,
    ) -> Self {
        Self { name, style: Style::Receiver, parameters, returns, pattern: None, call }
    }

    /// `name(..)`.
    #[must_use]
    pub const fn global(
        name: &'static str,
        parameters: &'static [Kind],
        returns: Returns,
        call: Implementation,
    ) -> Self {
        Self { name, style: Style::Global, parameters, returns, pattern: None, call }
    }

    /// The same, where the second argument is a regular expression.
    #[must_use]
    pub const fn with_pattern(mut self) -> Self {
        self.pattern = Some(1);
        self
    }
}

/// What an implementation gives.
pub type Outcome<'a> = Result<Value<'a>, Failure>;

/// A function's implementation.
pub type Implementation = for<'a> fn(&mut Call<'_, 'a>, &[Value<'a>]) -> Outcome<'a>;

/// What an implementation may use besides its arguments.
pub struct Call<'c, 'a> {
    /// Where it puts what it makes.
    pub arena: &'a Bump,
    /// What it may still spend: it charges before it works.
    pub fuel: &'c mut Fuel,
    /// The compiled form of the argument that [`Overload::pattern`] names. The machine fills it
    /// for every pattern, from the program or from a bounded cache; the implementation charges
    /// [`Pattern::price`] for each search.
    pub pattern: Option<&'c Pattern>,
}

/// What a run may still spend. One unit is about one step of the machine: some nanoseconds.
#[derive(Debug)]
pub struct Fuel {
    left: u64,
}

impl Fuel {
    /// Fuel for `units` steps.
    pub const fn new(units: u64) -> Self {
        Self { left: units }
    }

    /// What is left.
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Takes `units`, or fails when there are not so many.
    pub fn charge(&mut self, units: u64) -> Result<(), Failure> {
        match self.left.checked_sub(units) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Failure::OutOfFuel),
        }
    }

    /// Takes what it costs to make a list of `count` values: three units for each.
    pub fn charge_values(&mut self, count: usize) -> Result<(), Failure> {
        self.charge((count as u64).saturating_mul(3))
    }

    /// Takes what it costs to read or write `bytes` bytes: a unit for each 8, at least one.
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.charge(1 + bytes as u64 / 8)
    }
}

impl Failure {
    /// A text, number or pattern is not what it should be.
    #[must_use]
    pub fn invalid(message: String) -> Self {
        Self::Invalid(message.into())
    }

    /// `name` was given what it is not declared for. The machine checks arguments against the
    /// declaration first, so this is met only by values inside lists.
    #[must_use]
    pub fn no_overload(name: &str, arguments: &[Value<'_>]) -> Self {
        let types: Vec<_> = arguments.iter().map(|value| value.type_name().as_str()).collect();
        Self::WrongType(format!("{name}: no overload for ({})", types.join(", ")).into())
    }

    /// A part of an item is `found` where the expression takes it for `expected`.
    #[cold]
    pub(crate) fn unexpected(expected: &str, found: &Value<'_>) -> Self {
        let found = found.type_name().as_str();
        let hint = if found == "map" {
            "; for a map's keys write `dyn(field)` or `field.exists(key, value, ...)`"
        } else {
            ""
        };
        let message = format!(
            "the item has a value of type {found} where the control expects {expected}{hint}"
        );
        Self::Unexpected(message.into())
    }

    /// Whether nothing may go on, whatever else may decide.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self, Self::OutOfFuel | Self::Internal(_))
    }
}

/// Why an expression gave no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// A map has no such key: the only failure that means "the data does not say".
    #[error("no such field `{0}`")]
    MissingField(Box<str>),
    /// A list has no such element.
    #[error("index {index} is out of range: the list has {length} elements")]
    OutOfRange {
        /// The index asked for.
        index: i64,
        /// The list's length.
        length: usize,
    },
    /// An operation met types that it does not know; says what it was and what it was given.
    #[error("{0}")]
    WrongType(Box<str>),
    /// A number left its type's range.
    #[error("{0} overflows")]
    Overflow(&'static str),
    /// A division or modulus by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A text, number or pattern that cannot be what it should be; says which and why.
    #[error("{0}")]
    Invalid(Box<str>),
    /// A part of a configuration item is of another type than the expression takes it for: the
    /// data does not say what is asked.
    #[error("{0}")]
    Unexpected(Box<str>),
    /// The run took too many steps.
    #[error("the expression took too many steps")]
    OutOfFuel,
    /// The program is not one that the compiler makes; says what it lacks. No operator and no
    /// macro goes on without what failed so.
    #[error("internal error; please report it ({0})")]
    Internal(&'static str),
}

impl Failure {
    /// The same failure without what it quotes of values: these may be secret.
    #[must_use]
    pub fn without_details(self) -> Self {
        const DETAILS: &str = "an operation failed on a secret value; the details are not shown";
        match self {
            Self::MissingField(_) => Self::MissingField("(masked)".into()),
            Self::OutOfRange { .. } | Self::Invalid(_) => Self::Invalid(DETAILS.into()),
            Self::WrongType(_) => Self::WrongType(DETAILS.into()),
            // These name types and parts of the program, and no value.
            other @ (Self::Unexpected(_)
            | Self::Overflow(_)
            | Self::DivisionByZero
            | Self::OutOfFuel
            | Self::Internal(_)) => other,
        }
    }
}

/// A text in quotes for a failure: all of it, or its start.
#[must_use]
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    let start = text.char_indices().nth(SHOWN).and_then(|(end, _)| text.get(..end));
    start.map_or_else(|| format!("{text:?}"), |start| format!("{start:?}..."))
}
