//! Reads a kept item back.

use bumpalo::Bump;

use super::encode::{status, tag};
use crate::resource::{ConfigurationItem, ItemStatus, Timestamp, Value};

/// Reads the bytes of one kept item. Texts are borrowed from them.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Decoder<'k> {
    bytes: &'k [u8],
    names: &'k [Box<str>],
}

/// What tells a kept item apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Head<'k> {
    pub(in super::super) resource_type: &'k str,
    pub(in super::super) account_id: &'k str,
    pub(in super::super) region: &'k str,
    pub(in super::super) id: &'k str,
}

impl<'k> Decoder<'k> {
    pub(super) fn new(bytes: &'k [u8], names: &'k [Box<str>]) -> Self {
        Self { bytes, names }
    }

    /// The item's head.
    pub(in super::super) fn head(mut self) -> Head<'k> {
        self.read_head()
    }

    /// The item. Its capture time is not among what is read.
    pub(in super::super) fn item<'a>(mut self, arena: &'a Bump) -> ConfigurationItem<'a>
    where
        'k: 'a,
    {
        let head = self.read_head();
        let (name, arn) = (self.text(), self.text());
        // What cannot be read back is unreadable, not recorded.
        let status = status::from(self.byte()).unwrap_or(ItemStatus::Unreadable);
        ConfigurationItem {
            resource_type: head.resource_type,
            id: head.id,
            name,
            arn,
            account_id: head.account_id,
            region: head.region,
            status,
            capture_time: None,
            value: self.value(arena),
        }
    }

    fn read_head(&mut self) -> Head<'k> {
        Head {
            resource_type: self.text().unwrap_or_default(),
            account_id: self.text().unwrap_or_default(),
            region: self.text().unwrap_or_default(),
            id: self.text().unwrap_or_default(),
        }
    }

    fn value<'a>(&mut self, arena: &'a Bump) -> Value<'a>
    where
        'k: 'a,
    {
        match self.byte() {
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::INT => Value::Int(self.signed()),
            tag::UINT => Value::UInt(self.varint()),
            tag::DOUBLE => Value::Double(f64::from_le_bytes(self.eight_bytes())),
            tag::STRING => Value::String(self.string()),
            tag::NAME => Value::String(self.name()),
            tag::LIST => {
                let length = self.length();
                Value::List(arena.alloc_slice_fill_with(length, |_| self.value(arena)))
            }
            tag::MAP => {
                let length = self.length();
                Value::Map(arena.alloc_slice_fill_with(length, |_| {
                    (Value::String(self.text().unwrap_or_default()), self.value(arena))
                }))
            }
            tag::TIMESTAMP => {
                let seconds = self.signed();
                let nanoseconds = u32::try_from(self.varint()).unwrap_or_default();
                Value::Timestamp(Timestamp { seconds, nanoseconds })
            }
            _ => Value::Null,
        }
    }

    /// A string or name; nothing where neither stands.
    fn text(&mut self) -> Option<&'k str> {
        match self.byte() {
            tag::STRING => Some(self.string()),
            tag::NAME => Some(self.name()),
            _ => None,
        }
    }

    fn string(&mut self) -> &'k str {
        let length = self.length();
        let (text, rest) = self.bytes.split_at_checked(length).unwrap_or_default();
        self.bytes = rest;
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn name(&mut self) -> &'k str {
        let number = self.length();
        self.names.get(number).map(AsRef::as_ref).unwrap_or_default()
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.varint()).unwrap_or_default()
    }

    fn signed(&mut self) -> i64 {
        let number = self.varint();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    fn varint(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn eight_bytes(&mut self) -> [u8; 8] {
        let (bytes, rest) = self.bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
        self.bytes = rest;
        *bytes
    }

    fn byte(&mut self) -> u8 {
        let (byte, rest) = self.bytes.split_first().unwrap_or((&tag::NULL, &[]));
        self.bytes = rest;
        *byte
    }
}
