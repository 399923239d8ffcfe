//! The fields of an item that hold no trees.

use std::fmt;

use bumpalo::Bump;
use serde::de::{DeserializeSeed, Error, Visitor};

use crate::instant;
use crate::item::{DOUBLED, ItemStatus};
use cel::Timestamp;

/// An item's field, by any of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Type,
    Id,
    Name,
    Arn,
    AccountId,
    Region,
    Status,
    CaptureTime,
    CreationTime,
    Tags,
    Configuration,
    Supplementary,
    Relationships,
    Other,
}

/// The fields of an item that were met.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Met(u16);

impl Met {
    /// Takes note of a field.
    ///
    /// # Errors
    ///
    /// For one that was met before, by whatever name.
    pub(super) fn meet<E: Error>(&mut self, key: Key) -> Result<(), E> {
        let bit = 1 << key as u16;
        if key != Key::Other && self.0 & bit != 0 {
            return Err(E::custom(format_args!("{DOUBLED}{}", key.as_str())));
        }
        self.0 |= bit;
        Ok(())
    }
}

impl Key {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "resourceType",
            Self::Id => "resourceId",
            Self::Name => "resourceName",
            Self::Arn => "arn",
            Self::AccountId => "accountId",
            Self::Region => "awsRegion",
            Self::Status => "configurationItemStatus",
            Self::CaptureTime => "configurationItemCaptureTime",
            Self::CreationTime => "resourceCreationTime",
            Self::Tags => "tags",
            Self::Configuration => "configuration",
            Self::Supplementary => "supplementaryConfiguration",
            Self::Relationships => "relationships",
            Self::Other => "another field",
        }
    }
}

/// Reads a key.
pub(super) struct KeySeed;

impl<'a> DeserializeSeed<'a> for KeySeed {
    type Value = Key;

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "resourceType" => Key::Type,
            "resourceId" => Key::Id,
            "resourceName" => Key::Name,
            "arn" | "ARN" => Key::Arn,
            "accountId" | "awsAccountId" => Key::AccountId,
            "awsRegion" => Key::Region,
            "configurationItemStatus" => Key::Status,
            "configurationItemCaptureTime" => Key::CaptureTime,
            "resourceCreationTime" => Key::CreationTime,
            "tags" => Key::Tags,
            "configuration" => Key::Configuration,
            "supplementaryConfiguration" => Key::Supplementary,
            "relationships" => Key::Relationships,
            _ => Key::Other,
        })
    }
}

/// Reads a string; nothing where it is `null`.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) arena: &'a Bump,
}

impl<'a> DeserializeSeed<'a> for Text<'a> {
    type Value = Option<&'a str>;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Text<'a> {
    type Value = Option<&'a str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(self.arena.alloc_str(text)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads the status.
pub(super) struct Status;

impl<'a> DeserializeSeed<'a> for Status {
    type Value = ItemStatus;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<ItemStatus, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Status {
    type Value = ItemStatus;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a configuration item status")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<ItemStatus, E> {
        ItemStatus::from_name(name)
            .ok_or_else(|| E::custom(format_args!("unknown configurationItemStatus {name:?}")))
    }
}

/// A time as it is written, read only when it is asked for.
#[derive(Clone, Copy)]
pub(super) enum Time<'a> {
    Text(&'a str),
    Epoch(f64),
}

impl Time<'_> {
    /// The time; nothing where what is written is none.
    pub(super) fn read(self) -> Option<Timestamp> {
        match self {
            Self::Text(text) => Timestamp::parse(text),
            Self::Epoch(number) => instant::from_epoch(number),
        }
    }
}

/// Reads a time; nothing where it is `null`.
pub(super) struct TimeSeed<'a>(pub(super) Text<'a>);

impl<'a> DeserializeSeed<'a> for TimeSeed<'a> {
    type Value = Option<Time<'a>>;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for TimeSeed<'a> {
    type Value = Option<Time<'a>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time: RFC 3339 text, or seconds or milliseconds since 1970")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Some(Time::Text(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Time::Text(self.0.arena.alloc_str(text))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Time::Epoch(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        #[allow(clippy::cast_precision_loss)] // times that matter are less than 2^53 milliseconds
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        #[allow(clippy::cast_precision_loss)] // as above
        self.visit_f64(number as f64)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
