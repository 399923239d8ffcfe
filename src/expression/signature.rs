//! How a function of the expression language is declared: what the checker and the machine need
//! to know of it, and what its implementation is given.

use bumpalo::Bump;
use thiserror::Error;

use super::pattern::Pattern;
use crate::resource::Value;

/// A type as far as a declaration speaks of it; elements are in [`Returns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is the type of the value variant of its name; `Any` is every type
pub(crate) enum Kind {
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
pub(crate) enum Returns {
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
pub(crate) enum Style {
    /// `size(x)`, or with a namespace, `math.least(x)`.
    Global,
    /// `x.size()`: the receiver is the first argument.
    Receiver,
}

/// One overload of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overload {
    /// The name, with its namespace if it has one: `iam.statements`.
    pub(crate) name: &'static str,
    /// How it is written.
    pub(crate) style: Style,
    /// The types of its arguments, the receiver first.
    pub(crate) parameters: &'static [Kind],
    /// What it returns.
    pub(crate) returns: Returns,
    /// The place of an argument that is a regular expression: the compiler compiles it once where
    /// it is a literal or a parameter, and refuses it there when it is invalid.
    pub(crate) pattern: Option<usize>,
    /// What it does. The machine calls it only with arguments whose types match `parameters`.
    pub(crate) call: Implementation,
}

/// A function's implementation.
pub(crate) type Implementation =
    for<'a> fn(&mut Call<'_, 'a>, &[Value<'a>]) -> Result<Value<'a>, Failure>;

/// What an implementation may use besides its arguments.
pub(crate) struct Call<'c, 'a> {
    /// Where it puts what it makes.
    pub(crate) arena: &'a Bump,
    /// What it may still spend: it charges before it works.
    pub(crate) fuel: &'c mut Fuel,
    /// The compiled form of the argument that [`Overload::pattern`] names. The machine fills it
    /// for every pattern, from the program or from a bounded cache; the implementation charges
    /// [`Pattern::price`] for each search.
    pub(crate) pattern: Option<&'c Pattern>,
}

/// What a run may still spend. One unit is about one step of the machine: some nanoseconds.
#[derive(Debug)]
pub(crate) struct Fuel {
    left: u64,
}

impl Fuel {
    /// Fuel for `units` steps.
    pub(crate) const fn new(units: u64) -> Self {
        Self { left: units }
    }

    /// What is left.
    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    /// Takes `units`, or fails when there are not so many.
    pub(crate) fn charge(&mut self, units: u64) -> Result<(), Failure> {
        match self.left.checked_sub(units) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Failure::OutOfFuel),
        }
    }

    /// Takes what it costs to make a list of `count` values: three units for each.
    pub(crate) fn charge_values(&mut self, count: usize) -> Result<(), Failure> {
        self.charge((count as u64).saturating_mul(3))
    }

    /// Takes what it costs to read or write `bytes` bytes: a unit for each 8, at least one.
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.charge(1 + bytes as u64 / 8)
    }
}

impl Failure {
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
