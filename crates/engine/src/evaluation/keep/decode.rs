//! Reads a kept item back, or says why it is not one that was kept.

use bumpalo::Bump;

use super::encode::{status, tag};
use crate::evaluation::result::Subject;
use cel::{Timestamp, Value};
use model::{ConfigurationItem, InternalError, InternalPlace, MAX_DEPTH};

/// How deep a value is read: what is kept was parsed, and is not as deep.
const DEPTH: usize = 2 * MAX_DEPTH;

/// Why a kept item cannot be read. No sound program meets one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Broken(pub(in super::super) &'static str);

impl From<Broken> for InternalError {
    fn from(broken: Broken) -> Self {
        Self::new(InternalPlace::KeptItem, broken.0)
    }
}

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

impl<'k> Head<'k> {
    /// The resource as a verdict speaks of it, as far as its head says.
    pub(in super::super) const fn subject(self) -> Subject<'k> {
        let Self { resource_type, region, id, account_id: _ } = self;
        Subject::Resource { resource_type, id, arn: None, name: None, region }
    }
}

impl<'k> Decoder<'k> {
    pub(in super::super) fn new(bytes: &'k [u8], names: &'k [Box<str>]) -> Self {
        Self { bytes, names }
    }

    /// The item's head.
    pub(in super::super) fn head(mut self) -> Result<Head<'k>, Broken> {
        self.read_head()
    }

    /// The item. Its capture time is not among what is read.
    pub(in super::super) fn item<'a>(
        mut self,
        arena: &'a Bump,
    ) -> Result<ConfigurationItem<'a>, Broken>
    where
        'k: 'a,
    {
        let head = self.read_head()?;
        let (name, arn) = (self.optional()?, self.optional()?);
        let status = status::from(self.byte()?).ok_or(Broken("invalid status"))?;
        let value = self.value(arena, DEPTH)?;
        if !self.bytes.is_empty() {
            return Err(Broken("unexpected data at its end"));
        }
        Ok(ConfigurationItem {
            resource_type: head.resource_type,
            id: head.id,
            name,
            arn,
            account_id: head.account_id,
            region: head.region,
            status,
            capture_time: None,
            value,
        })
    }

    fn read_head(&mut self) -> Result<Head<'k>, Broken> {
        Ok(Head {
            resource_type: self.text()?,
            account_id: self.text()?,
            region: self.text()?,
            id: self.text()?,
        })
    }

    fn value<'a>(&mut self, arena: &'a Bump, depth: usize) -> Result<Value<'a>, Broken>
    where
        'k: 'a,
    {
        Ok(match self.byte()? {
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::INT => Value::Int(self.signed()?),
            tag::UINT => Value::UInt(self.varint()?),
            tag::DOUBLE => Value::Double(f64::from_le_bytes(self.eight_bytes()?)),
            tag::STRING => Value::String(self.string()?),
            tag::NAME => Value::String(self.name()?),
            tag::LIST => {
                let (length, depth) = (self.length()?, deeper(depth)?);
                let item = |_| self.value(arena, depth);
                Value::List(arena.alloc_slice_try_fill_with(length, item)?)
            }
            tag::MAP => {
                let (length, depth) = (self.length()?, deeper(depth)?);
                let entry = |_| Ok((Value::String(self.text()?), self.value(arena, depth)?));
                Value::Map(arena.alloc_slice_try_fill_with(length, entry)?)
            }
            tag::TIMESTAMP => {
                let seconds = self.signed()?;
                let nanoseconds = u32::try_from(self.varint()?).ok();
                let time = nanoseconds.and_then(|nanoseconds| Timestamp::new(seconds, nanoseconds));
                Value::Timestamp(time.ok_or(Broken("invalid time"))?)
            }
            _ => return Err(Broken("unknown kind of value")),
        })
    }

    /// A string or name; nothing where the item has none.
    fn optional(&mut self) -> Result<Option<&'k str>, Broken> {
        if self.bytes.first() == Some(&tag::NULL) {
            self.byte()?;
            return Ok(None);
        }
        self.text().map(Some)
    }

    fn text(&mut self) -> Result<&'k str, Broken> {
        match self.byte()? {
            tag::STRING => self.string(),
            tag::NAME => self.name(),
            _ => Err(Broken("a string is missing")),
        }
    }

    fn string(&mut self) -> Result<&'k str, Broken> {
        let length = self.length()?;
        let (text, rest) = self.bytes.split_at_checked(length).ok_or(SHORT)?;
        self.bytes = rest;
        std::str::from_utf8(text).map_err(|_| Broken("a string is not UTF-8"))
    }

    fn name(&mut self) -> Result<&'k str, Broken> {
        let number = usize::try_from(self.varint()?).ok();
        let name = number.and_then(|number| self.names.get(number));
        name.map(AsRef::as_ref).ok_or(Broken("a name is missing"))
    }

    /// How many bytes or values follow; each takes a byte at least.
    fn length(&mut self) -> Result<usize, Broken> {
        let length = usize::try_from(self.varint()?).map_err(|_| SHORT)?;
        if length > self.bytes.len() { Err(SHORT) } else { Ok(length) }
    }

    fn signed(&mut self) -> Result<i64, Broken> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits.leading_zeros() < shift {
                return Err(Broken("a number is too large"));
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Broken("an unterminated number"))
    }

    fn eight_bytes(&mut self) -> Result<[u8; 8], Broken> {
        let (bytes, rest) = self.bytes.split_first_chunk().ok_or(SHORT)?;
        self.bytes = rest;
        Ok(*bytes)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        let (byte, rest) = self.bytes.split_first().ok_or(SHORT)?;
        self.bytes = rest;
        Ok(*byte)
    }
}

const SHORT: Broken = Broken("it ends too early");

fn deeper(depth: usize) -> Result<usize, Broken> {
    depth.checked_sub(1).ok_or(Broken("it is nested too deeply"))
}
