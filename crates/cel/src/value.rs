//! One type for a configuration item's tree and for an expression's values, so that reading a
//! field copies nothing.
//!
//! Values live in an arena ([`bumpalo::Bump`]) or in the text that they were read from; all of
//! them are `Copy`.

use std::net::IpAddr;

use ipnet::IpNet;

/// A value of the expression language. `'a` is the arena's life or that of the text read.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// `null`. In a configuration item only as an element of a list: absent fields are absent.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// An unsigned 64-bit integer.
    UInt(u64),
    /// A 64-bit float.
    Double(f64),
    /// A Unicode text.
    String(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list.
    List(&'a [Value<'a>]),
    /// A map, in the order of its making; no key stands twice.
    Map(&'a [(Value<'a>, Value<'a>)]),
    /// A point in time.
    Timestamp(Timestamp),
    /// A span of time.
    Duration(Duration),
    /// A type, as `type(x)` gives it.
    Type(TypeName),
    /// An optional value.
    Optional(Option<&'a Value<'a>>),
    /// An IP address.
    Ip(IpAddr),
    /// An IP network.
    Cidr(&'a IpNet),
}

/// A point in time between 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999999Z, the range
/// that the CEL specification sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds after `seconds`: 0 to 999,999,999.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// The whole second that lies so long before: what is of an earlier time is older than `age`.
    #[must_use]
    pub fn second_before(self, age: std::time::Duration) -> Self {
        let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
        Self { seconds: self.seconds.saturating_sub(age), nanoseconds: 0 }
    }
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Whole seconds, rounded down.
    pub seconds: i64,
    /// Nanoseconds after `seconds`: 0 to 999,999,999.
    pub nanoseconds: u32,
}

/// The types that `type(x)` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is the type of the [`Value`] variant of its name
pub enum TypeName {
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

impl<'a> Value<'a> {
    /// The value's type.
    #[must_use]
    pub const fn type_name(&self) -> TypeName {
        match self {
            Self::Null => TypeName::Null,
            Self::Bool(_) => TypeName::Bool,
            Self::Int(_) => TypeName::Int,
            Self::UInt(_) => TypeName::UInt,
            Self::Double(_) => TypeName::Double,
            Self::String(_) => TypeName::String,
            Self::Bytes(_) => TypeName::Bytes,
            Self::List(_) => TypeName::List,
            Self::Map(_) => TypeName::Map,
            Self::Timestamp(_) => TypeName::Timestamp,
            Self::Duration(_) => TypeName::Duration,
            Self::Type(_) => TypeName::Type,
            Self::Optional(_) => TypeName::Optional,
            Self::Ip(_) => TypeName::Ip,
            Self::Cidr(_) => TypeName::Cidr,
        }
    }

    /// The field of a map by its name; nothing where the value is no map or lacks the field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let Self::Map(entries) = self else { return None };
        entries
            .iter()
            .find(|(key, _)| matches!(key, Self::String(text) if *text == name))
            .map(|(_, value)| *value)
    }

    /// The text of a string.
    #[must_use]
    pub const fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl TypeName {
    /// The type's name in the expression language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::UInt => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Map => "map",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::Type => "type",
            Self::Optional => "optional_type",
            Self::Ip => "net.IP",
            Self::Cidr => "net.CIDR",
        }
    }
}
