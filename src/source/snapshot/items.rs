//! Reads the items of a chunk, out of their envelopes where they stand in some.

use std::hash::{BuildHasher, RandomState};

use bumpalo::Bump;

use super::pass::Job;
use super::tally::{Head, Tally};
use crate::resource::{
    ConfigurationItem, ItemError, Parsed, Reading, is_global, open_envelope, parse_item,
};

/// How many items one envelope may hold: AWS batches at most ten thousand messages.
const MAX_ENCLOSED: u64 = 1 << 14;

/// What all threads share.
pub(in crate::source) struct Context<'r> {
    pub(in crate::source) reading: &'r Reading,
    /// Keyed anew for each read, so that nobody can choose names whose hashes meet.
    pub(in crate::source) hasher: RandomState,
}

/// An item of a type that is read, and where it was found.
pub(super) struct Found<'i> {
    pub(super) item: ConfigurationItem<'i>,
    pub(super) text: &'i [u8],
    /// How many items stand before it in its file.
    pub(super) index: u64,
    /// Where it is in its file, in bytes.
    pub(super) offset: u64,
    /// Later items have greater positions, also those of later files.
    pub(super) position: u64,
}

impl Found<'_> {
    /// Tells resources apart, across accounts and regions. Global ones have no region.
    pub(super) fn key(&self, context: &Context<'_>) -> u64 {
        let ConfigurationItem { account_id, resource_type, id, region, .. } = self.item;
        let region = if self.is_global() { "" } else { region };
        context.hasher.hash_one((account_id, region, resource_type, id))
    }

    pub(super) fn is_global(&self) -> bool {
        self.item.region == "global" || is_global(self.item.resource_type)
    }

    /// When the item was recorded, in microseconds; before all times where it does not say.
    pub(super) fn recorded(&self) -> i64 {
        self.item.capture_time.map_or(i64::MIN, |time| {
            time.seconds.saturating_mul(1_000_000) + i64::from(time.nanoseconds / 1000)
        })
    }
}

/// Reads the items of one chunk after the other.
#[derive(Default)]
pub(super) struct ItemReader {
    arena: Bump,
    pub(super) tally: Tally,
}

impl ItemReader {
    /// Gives each item of a type that is read, and tallies the others and what is broken.
    pub(super) fn read(
        &mut self,
        job: &Job,
        context: &Context<'_>,
        mut then: impl FnMut(&Found<'_>, &mut Tally),
    ) {
        let Self { arena, tally } = self;
        for (span, text) in job.chunk.texts() {
            arena.reset();
            let mut place = Place {
                file: job.origin.file,
                index: span.index,
                offset: span.offset,
                position: (job.origin.items_before + span.index) * MAX_ENCLOSED,
            };
            match parse_item(text, context.reading, arena) {
                Err(missing @ ItemError::Missing("resourceType")) => {
                    for enclosed in enclosed(text, arena, missing) {
                        let parsed = enclosed.and_then(|text| {
                            parse_item(text.as_bytes(), context.reading, arena)
                                .map(|parsed| (text.as_bytes(), parsed))
                        });
                        place.take(parsed, tally, &mut then);
                        place.position += 1;
                    }
                }
                parsed => place.take(parsed.map(|parsed| (text, parsed)), tally, &mut then),
            }
        }
    }
}

/// The items of an envelope, or the one error why there are none.
fn enclosed<'i>(
    text: &'i [u8],
    arena: &'i Bump,
    missing: ItemError,
) -> Vec<Result<&'i str, ItemError>> {
    match open_envelope(text, arena) {
        Ok(items) if items.len() as u64 >= MAX_ENCLOSED => vec![Err(ItemError::TooDeep)],
        Ok(items) => items.into_iter().map(Ok).collect(),
        Err(summary @ ItemError::Summary { .. }) => vec![Err(summary)],
        Err(_) => vec![Err(missing)],
    }
}

/// Where an item was found.
struct Place {
    file: usize,
    index: u64,
    offset: u64,
    position: u64,
}

impl Place {
    fn take(
        &self,
        parsed: Result<(&[u8], Parsed<'_>), ItemError>,
        tally: &mut Tally,
        then: &mut impl FnMut(&Found<'_>, &mut Tally),
    ) {
        let (text, parsed) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return self.problem(&error, tally),
        };
        let head = head(&parsed);
        if head.account_id.is_empty() {
            return self.problem(&ItemError::Missing("accountId"), tally);
        }
        if head.region.is_empty() {
            return self.problem(&ItemError::Missing("awsRegion"), tally);
        }
        match parsed {
            Parsed::Skipped(_) => tally.occurred(&head),
            Parsed::Item(item) => {
                let Self { index, offset, position, .. } = *self;
                then(&Found { item, text, index, offset, position }, tally);
            }
        }
    }

    fn problem(&self, error: &ItemError, tally: &mut Tally) {
        let within = match error {
            ItemError::Broken { offset, .. } | ItemError::NotText { offset } => *offset as u64,
            ItemError::TooDeep | ItemError::Missing(_) | ItemError::Summary { .. } => 0,
        };
        let message = format!("item {} {error}", self.index + 1);
        tally.problem(self.file, Some(self.index), self.offset + within, message);
    }
}

/// What is known of any well-formed item.
pub(super) fn head<'i>(parsed: &Parsed<'i>) -> Head<'i> {
    match parsed {
        Parsed::Item(item) => Head {
            account_id: item.account_id,
            region: item.region,
            resource_type: item.resource_type,
            status: item.status,
            capture_time: item.capture_time,
        },
        Parsed::Skipped(item) => Head {
            account_id: item.account_id,
            region: item.region,
            resource_type: item.resource_type,
            status: item.status,
            capture_time: item.capture_time,
        },
    }
}
