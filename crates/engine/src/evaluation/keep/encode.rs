//! Writes a kept item.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use super::number;
use cel::{Projection, Timestamp, Value};
use model::ConfigurationItem;

/// What comes next in the bytes of a kept item.
pub(super) mod tag {
    pub(in super::super) const NULL: u8 = 0;
    pub(in super::super) const FALSE: u8 = 1;
    pub(in super::super) const TRUE: u8 = 2;
    pub(in super::super) const INT: u8 = 3;
    pub(in super::super) const UINT: u8 = 4;
    pub(in super::super) const DOUBLE: u8 = 5;
    pub(in super::super) const STRING: u8 = 6;
    pub(in super::super) const NAME: u8 = 7;
    pub(in super::super) const LIST: u8 = 8;
    pub(in super::super) const MAP: u8 = 9;
    pub(in super::super) const TIMESTAMP: u8 = 10;
}

/// What is known of a kept item's being there: what is gone is not kept.
pub(super) mod status {
    use model::ItemStatus;

    const ALL: [ItemStatus; 4] =
        [ItemStatus::Ok, ItemStatus::NotRecorded, ItemStatus::Unreadable, ItemStatus::Doubtful];

    /// The byte that stands for a status. All that count as recorded are one.
    pub(in super::super) fn of(status: ItemStatus) -> u8 {
        let place = (0..).zip(ALL).find(|(_, known)| *known == status);
        place.map_or(0, |(place, _)| place)
    }

    /// The status that a byte stands for; nothing where it stands for none.
    pub(in super::super) fn from(byte: u8) -> Option<ItemStatus> {
        ALL.get(usize::from(byte)).copied()
    }
}

/// Names beyond this many are written where they stand: a map may have any keys.
const MAX_NAMES: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
    numbers: FxHashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
    /// Stands for all names in their order.
    names_digest: u64,
}

impl Encoder {
    /// Whether the names are still those that were numbered.
    pub(super) fn names_agree(&self) -> bool {
        let names = self.names.iter();
        self.names_digest == names.fold(0, |digest, name| with_name(digest, name))
    }

    /// The names that numbers stand for.
    pub(super) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    pub(super) fn encode(
        &mut self,
        item: &ConfigurationItem<'_>,
        projection: &Projection,
    ) -> &[u8] {
        self.bytes.clear();
        self.name(item.resource_type);
        self.name(item.account_id);
        self.name(item.region);
        self.string(item.id);
        self.optional(item.name);
        self.optional(item.arn);
        self.bytes.push(status::of(item.status));
        self.value(&item.value, projection);
        &self.bytes
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.bytes.push(tag::NULL),
        }
    }

    fn value(&mut self, value: &Value<'_>, projection: &Projection) {
        match value {
            Value::Bool(bool) => self.bytes.push(if *bool { tag::TRUE } else { tag::FALSE }),
            Value::Int(int) => self.tagged(tag::INT, zigzag(*int)),
            Value::UInt(uint) => self.tagged(tag::UINT, *uint),
            Value::Double(double) => {
                self.bytes.push(tag::DOUBLE);
                self.bytes.extend_from_slice(&double.to_le_bytes());
            }
            Value::String(text) => self.string(text),
            Value::List(items) => self.list(items, projection),
            Value::Map(entries) => self.map(entries, projection),
            Value::Timestamp(time) => self.timestamp(*time),
            // Of the others a configuration item holds none but null.
            Value::Null
            | Value::Bytes(_)
            | Value::Duration(_)
            | Value::Type(_)
            | Value::Optional(_)
            | Value::Ip(_)
            | Value::Cidr(_) => self.bytes.push(tag::NULL),
        }
    }

    fn list(&mut self, items: &[Value<'_>], projection: &Projection) {
        let element = projection.element();
        let items = if element.is_some() { items } else { &[] };
        self.tagged(tag::LIST, items.len() as u64);
        for item in items {
            self.value(item, element.unwrap_or(&Projection::NOTHING));
        }
    }

    fn map(&mut self, entries: &[(Value<'_>, Value<'_>)], projection: &Projection) {
        let part = |key: &Value<'_>| key.as_str().and_then(|name| projection.field(name));
        let kept = entries.iter().filter(|(key, _)| part(key).is_some()).count();
        self.tagged(tag::MAP, kept as u64);
        for (key, value) in entries {
            if let (Some(name), Some(part)) = (key.as_str(), part(key)) {
                self.name(name);
                self.value(value, part);
            }
        }
    }

    fn timestamp(&mut self, time: Timestamp) {
        self.tagged(tag::TIMESTAMP, zigzag(time.seconds));
        self.varint(u64::from(time.nanoseconds));
    }

    /// A text that many items share.
    fn name(&mut self, name: &str) {
        match self.numbers.get(name).copied() {
            Some(number) => self.tagged(tag::NAME, u64::from(number)),
            None if self.names.len() < MAX_NAMES => {
                let place = number(self.names.len());
                self.names.push(name.into());
                self.names_digest = with_name(self.names_digest, name);
                self.numbers.insert(name.into(), place);
                self.tagged(tag::NAME, u64::from(place));
            }
            None => self.string(name),
        }
    }

    fn string(&mut self, text: &str) {
        self.tagged(tag::STRING, text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn tagged(&mut self, tag: u8, number: u64) {
        self.bytes.push(tag);
        self.varint(number);
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }
}

#[cfg(test)]
impl Encoder {
    /// Changes the `at`-th byte of the names, and takes from `at` as many as there are if it is
    /// beyond.
    pub(super) fn corrupt(&mut self, at: &mut usize, mask: u8) -> bool {
        for name in &mut self.names {
            if *at < name.len() {
                let mut bytes = name.as_bytes().to_vec();
                bytes[*at] ^= mask;
                *name = String::from_utf8_lossy(&bytes).into();
                return true;
            }
            *at -= name.len();
        }
        false
    }
}

fn with_name(digest: u64, name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(digest);
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// Small numbers of either sign become small numbers.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}
