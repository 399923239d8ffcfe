//! What is known of a value's type before an expression runs.

use std::fmt;
use std::rc::Rc;

use super::signature::Kind;
use crate::{TypeName, Value};

/// The type of an operand as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// Known only when it runs.
    Any,
    /// A part of a configuration item, of which nobody declares the type. The kind is what the
    /// author lets be seen to expect, as `orValue([])` does; `Any` where nothing shows.
    Data(Kind),
    /// A type without parts, or one whose parts may be anything.
    A(Kind),
    List(Rc<Type>),
    Map(Rc<Type>, Rc<Type>),
    /// A map with just these fields.
    Fields(Rc<[(Box<str>, Type)]>),
    Optional(Rc<Type>),
}

/// How deep a type is followed: what lies deeper may be anything. Bound by `cel.bind`, types
/// could grow deeper than their source nests.
const MAX_DEPTH: usize = 24;

impl Type {
    pub(super) const BOOL: Self = Self::A(Kind::Bool);

    pub(super) fn list(element: Self) -> Self {
        Self::List(Rc::new(element.shallow()))
    }

    pub(super) fn map(key: Self, value: Self) -> Self {
        Self::Map(Rc::new(key.shallow()), Rc::new(value.shallow()))
    }

    pub(super) fn optional(value: Self) -> Self {
        Self::Optional(Rc::new(value.shallow()))
    }

    fn shallow(self) -> Self {
        if self.depth() >= MAX_DEPTH { Self::Any } else { self }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Any | Self::Data(_) | Self::A(_) => 0,
            Self::List(part) | Self::Optional(part) => 1 + part.depth(),
            Self::Map(key, value) => 1 + key.depth().max(value.depth()),
            Self::Fields(fields) => 1 + fields.iter().map(|(_, t)| t.depth()).max().unwrap_or(0),
        }
    }

    /// The type without its parts.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Any | Self::Data(_) => Kind::Any,
            Self::A(kind) => *kind,
            Self::List(_) => Kind::List,
            Self::Map(..) | Self::Fields(_) => Kind::Map,
            Self::Optional(_) => Kind::Optional,
        }
    }

    /// The type that a declaration calls `kind`.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Any => Self::Any,
            Kind::List => Self::list(Self::Any),
            Kind::Map => Self::map(Self::Any, Self::Any),
            Kind::Optional => Self::optional(Self::Any),
            kind => Self::A(kind),
        }
    }

    /// Whether a value of this type may be one of `kind`.
    pub(super) fn may_be(&self, kind: Kind) -> bool {
        kind == Kind::Any || self.is_open() || self.kind() == kind
    }

    /// Whether the type is known only when it runs.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Any | Self::Data(_))
    }

    /// A part of a configuration item of which nothing is known.
    pub(super) const DATA: Self = Self::Data(Kind::Any);

    /// Whether it is a part of a configuration item, or an optional of one.
    pub(super) fn is_data(&self) -> bool {
        match self {
            Self::Data(_) => true,
            Self::Optional(part) => matches!(part.as_ref(), Self::Data(_)),
            _ => false,
        }
    }

    /// Whether a value of this type, held against one of the other, has to be of the same kind:
    /// one is a part of an item, and of the other something is known.
    pub(super) fn must_be_like(&self, other: &Self) -> bool {
        let known = |of: &Self| {
            !matches!(of, Self::Any | Self::Optional(_) | Self::A(Kind::Null | Kind::Type))
        };
        (matches!(self, Self::Data(_)) || matches!(other, Self::Data(_)))
            && known(self)
            && known(other)
    }

    /// What a list, a map or an optional holds.
    pub(super) fn element(&self) -> Self {
        match self {
            Self::List(part) | Self::Map(_, part) | Self::Optional(part) => part.as_ref().clone(),
            Self::Data(_) => Self::DATA,
            Self::Any | Self::A(_) | Self::Fields(_) => Self::Any,
        }
    }

    /// The least type that holds both; nothing where they have none but `Any` in common.
    pub(super) fn join(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            _ if self == other => self.clone(),
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Data(Kind::Any), Self::Data(kind))
            | (Self::Data(kind), Self::Data(Kind::Any)) => Self::Data(*kind),
            (Self::Data(_), Self::Data(_)) => Self::DATA,
            (Self::Data(Kind::Any), other) | (other, Self::Data(Kind::Any)) => {
                Self::Data(other.kind())
            }
            (Self::Data(kind), _) | (_, Self::Data(kind)) => Self::Data(*kind),
            (Self::List(a), Self::List(b)) => Self::list(a.join_or_any(b)),
            (Self::Optional(a), Self::Optional(b)) => Self::optional(a.join_or_any(b)),
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                Self::map(key.join_or_any(other_key), value.join_or_any(other_value))
            }
            (Self::Map(..) | Self::Fields(_), Self::Map(..) | Self::Fields(_)) => {
                Self::map(Self::A(Kind::String), Self::Any)
            }
            _ => return None,
        })
    }

    pub(super) fn join_or_any(&self, other: &Self) -> Self {
        self.join(other).unwrap_or(Self::Any)
    }

    /// Whether values of these types can be equal at all.
    pub(super) fn comparable(&self, other: &Self) -> bool {
        match (self, other) {
            _ if self.is_open() || other.is_open() => true,
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => {
                a.comparable(b)
            }
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                key.comparable(other_key) && value.comparable(other_value)
            }
            _ => self.kind() == other.kind() || self.is_number() && other.is_number(),
        }
    }

    /// Whether `string()` takes it, and it is not a string itself.
    pub(super) const fn has_text(&self) -> bool {
        matches!(
            self,
            Self::A(
                Kind::Bool
                    | Kind::Int
                    | Kind::UInt
                    | Kind::Double
                    | Kind::Bytes
                    | Kind::Timestamp
                    | Kind::Duration
                    | Kind::Ip
                    | Kind::Cidr
            )
        )
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::A(Kind::Int | Kind::UInt | Kind::Double))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(part) if !part.is_open() => write!(formatter, "list({part})"),
            Self::Optional(part) if !part.is_open() => write!(formatter, "optional({part})"),
            Self::Map(key, value) if !key.is_open() || !value.is_open() => {
                write!(formatter, "map({key}, {value})")
            }
            _ => formatter.write_str(self.kind().name()),
        }
    }
}

impl Kind {
    /// The kind of a value.
    pub(super) const fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::UInt(_) => Self::UInt,
            Value::Double(_) => Self::Double,
            Value::String(_) => Self::String,
            Value::Bytes(_) => Self::Bytes,
            Value::List(_) => Self::List,
            Value::Map(_) => Self::Map,
            Value::Timestamp(_) => Self::Timestamp,
            Value::Duration(_) => Self::Duration,
            Value::Type(_) => Self::Type,
            Value::Optional(_) => Self::Optional,
            Value::Ip(_) => Self::Ip,
            Value::Cidr(_) => Self::Cidr,
        }
    }

    /// Whether a parameter declared so takes this value.
    pub(super) fn accepts(self, value: &Value<'_>) -> bool {
        self == Self::Any || self == Self::of(value)
    }

    /// The kind with its article, for what a part of an item is expected to be.
    pub(super) const fn described(self) -> &'static str {
        match self {
            Self::List => "a list",
            Self::Map => "a map",
            Self::String => "a string",
            other => other.name(),
        }
    }

    /// The name of the kind in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::UInt => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Map => "map",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Type => "type",
            Self::Optional => "optional",
            Self::Ip => "ip",
            Self::Cidr => "cidr",
        }
    }
}

/// All types that have a name in the language.
const TYPE_NAMES: [TypeName; 15] = [
    TypeName::Null,
    TypeName::Bool,
    TypeName::Int,
    TypeName::UInt,
    TypeName::Double,
    TypeName::String,
    TypeName::Bytes,
    TypeName::List,
    TypeName::Map,
    TypeName::Timestamp,
    TypeName::Duration,
    TypeName::Type,
    TypeName::Optional,
    TypeName::Ip,
    TypeName::Cidr,
];

impl TypeName {
    /// The type called `name`, which may be dotted.
    pub(super) fn named(name: &str) -> Option<Self> {
        TYPE_NAMES.into_iter().find(|other| other.as_str() == name)
    }
}
