//! A value that an expression's source holds: a literal, or what came of literals alone.

use std::hash::{Hash, Hasher};

use super::signature::Kind;
use crate::{Duration, Timestamp, TypeName, Value};

/// A value with no other inside; programs own theirs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    String(Box<str>),
    Bytes(Box<[u8]>),
    Timestamp(Timestamp),
    Duration(Duration),
    Type(TypeName),
}

impl Constant {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Int(int) => Value::Int(*int),
            Self::UInt(uint) => Value::UInt(*uint),
            Self::Double(double) => Value::Double(*double),
            Self::String(text) => Value::String(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Timestamp(timestamp) => Value::Timestamp(*timestamp),
            Self::Duration(duration) => Value::Duration(*duration),
            Self::Type(name) => Value::Type(*name),
        }
    }

    /// The constant that equals `value`; nothing for values that hold others.
    pub(super) fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Int(int) => Self::Int(*int),
            Value::UInt(uint) => Self::UInt(*uint),
            Value::Double(double) => Self::Double(*double),
            Value::String(text) => Self::String((*text).into()),
            Value::Bytes(bytes) => Self::Bytes((*bytes).into()),
            Value::Timestamp(timestamp) => Self::Timestamp(*timestamp),
            Value::Duration(duration) => Self::Duration(*duration),
            Value::Type(name) => Self::Type(*name),
            Value::List(_) | Value::Map(_) | Value::Optional(_) | Value::Ip(_) | Value::Cidr(_) => {
                return None;
            }
        })
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.value())
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Doubles count by their bits.
impl Hash for Constant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(bool) => bool.hash(state),
            Self::Int(int) => int.hash(state),
            Self::UInt(uint) => uint.hash(state),
            Self::Double(double) => double.to_bits().hash(state),
            Self::String(text) => text.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Timestamp(timestamp) => timestamp.hash(state),
            Self::Duration(duration) => duration.hash(state),
            Self::Type(name) => name.hash(state),
        }
    }
}
