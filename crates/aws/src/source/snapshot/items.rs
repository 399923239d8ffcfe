//! Reads the items of a chunk, out of their envelopes where they stand in some.

use std::hash::{BuildHasher, RandomState};

use bumpalo::Bump;

use super::files::SnapshotFile;
use super::lost::{Loss, Lost, LostItem, Spot, loss};
use super::pass::Job;
use super::tally::{ItemHead, Tally, Wrong};
use cel::Timestamp;
use cel::format_timestamp;
use model::{
    Announced, ConfigurationItem, Enclosed, ItemError, LostPart, MAX_ENCLOSED, Parsed, Reading,
    SplitReport, Traces, is_global, open_envelope, parse_item,
};

/// An item of a later time than this many seconds from now was not captured yet: clocks differ by
/// less.
pub(super) const SKEW: i64 = 15 * 60;
/// While a snapshot is delivered, which takes a while, items are captured.
const DELIVERY: i64 = 60 * 60;

/// What all threads share.
pub(in crate::source) struct Context<'r> {
    reading: &'r Reading,
    /// With a new key for each read, so that nobody can choose names whose hashes meet.
    hasher: RandomState,
    files: Vec<FileContext>,
}

/// What is known of a file before it is read.
#[derive(Debug, Default)]
struct FileContext {
    /// The latest time at which an item in it can have been captured.
    latest: Option<Timestamp>,
    lost: Lost,
}

impl<'r> Context<'r> {
    /// For items that are no file's.
    pub(in crate::source) fn new(reading: &'r Reading, hasher: RandomState) -> Self {
        Self { reading, hasher, files: Vec::new() }
    }

    /// For items of these files, as of `now`.
    pub(super) fn of_files(
        reading: &'r Reading,
        hasher: RandomState,
        files: &[SnapshotFile],
        now: Timestamp,
    ) -> Self {
        let later =
            |time: Timestamp, by| Timestamp { seconds: time.seconds.saturating_add(by), ..time };
        let file = |file: &SnapshotFile| {
            let taken = file.delivery.as_ref().map(|it| later(it.taken_at, DELIVERY));
            let latest = taken.into_iter().chain([later(now, SKEW)]).min();
            FileContext { latest, lost: Lost::of_file(file) }
        };
        Self { reading, hasher, files: files.iter().map(file).collect() }
    }

    pub(super) fn reading(&self) -> &'r Reading {
        self.reading
    }

    /// Tells resources apart, across accounts and regions. Global ones have no region.
    pub(super) fn key(&self, [account_id, region, resource_type, id]: [&str; 4]) -> u64 {
        let region = if is_of_account(region, resource_type) { "" } else { region };
        self.hasher.hash_one((account_id, region, resource_type, id))
    }

    /// Tells resources apart where neither account nor region is known.
    pub(super) fn loose_key(&self, resource_type: &str, id: &str) -> u64 {
        self.hasher.hash_one((resource_type, id))
    }

    pub(super) fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    /// Whether items are of files, where their places can be looked up.
    fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Whether a time has not come yet.
    pub(super) fn is_to_come(&self, file: usize, time: Timestamp) -> bool {
        self.files.get(file).and_then(|file| file.latest).is_some_and(|latest| latest < time)
    }

    pub(super) fn spot(&self, file: usize, position: u64) -> Spot<'_> {
        /// What is no file's may be anything.
        static ANYTHING: Lost = Lost { account_id: None, region: None, resource_type: None };
        let of_file = self.files.get(file).map_or(&ANYTHING, |file| &file.lost);
        Spot { file, position, of_file }
    }
}

/// Whether a resource belongs to its account and to none of its regions.
pub(super) fn is_of_account(region: &str, resource_type: &str) -> bool {
    region == "global" || is_global(resource_type)
}

/// What an item came to.
pub(super) enum Event<'e, 'i> {
    /// An item of a type that is read.
    Whole(&'e Found<'i>),
    /// An item that is lost, of a resource that is known.
    Lost(LostItem),
}

/// An item of a type that is read, and where it was found.
pub(super) struct Found<'i> {
    pub(super) item: ConfigurationItem<'i>,
    pub(super) text: &'i [u8],
    pub(super) place: ItemPlace,
    /// Whether its capture time has not come yet.
    pub(super) to_come: bool,
}

impl Found<'_> {
    pub(super) fn key(&self, context: &Context<'_>) -> u64 {
        let ConfigurationItem { account_id, resource_type, id, region, .. } = self.item;
        context.key([account_id, region, resource_type, id])
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
        mut then: impl FnMut(Event<'_, '_>, &mut Tally),
    ) {
        let Self { arena, tally } = self;
        for (span, text) in job.chunk.texts() {
            arena.reset();
            let place = ItemPlace {
                file: job.origin.file,
                index: span.index,
                offset: span.offset,
                position: position(job.origin.items_before + span.index),
            };
            let mut at = At { place, context, tally, then: &mut then };
            match parse_item(text, context.reading, arena) {
                Err(missing @ ItemError::Missing("resourceType")) => {
                    at.enclosed(text, arena, &missing);
                }
                parsed => at.take(text, parsed),
            }
        }
    }
}

/// The position of the first item in what stands so far down the input. Later items have greater
/// positions, also those of later files.
pub(super) const fn position(items_before: u64) -> u64 {
    items_before * (MAX_ENCLOSED as u64 + 1)
}

/// Tallies what was wrong with a file as a whole, and gives the lost items that are known.
pub(super) fn file_problems(
    (file, before, report): (usize, u64, SplitReport),
    context: &Context<'_>,
    tally: &mut Tally,
) -> Vec<LostItem> {
    let mut items = Vec::new();
    let spot = |index| context.spot(file, position(before + index));
    if report.problem_count > report.problems.len() as u64 {
        tally.left_out += report.problem_count - report.problems.len() as u64;
        tally.lost(spot(0).of_file.clone());
    }
    for problem in report.problems {
        let spot = spot(problem.index);
        let message = format!("item {}: {}", problem.index + 1, problem.message);
        tally.problem(file, Some(problem.index + 1), problem.offset, message);
        match problem.part {
            LostPart::Anything => tally.lost(spot.of_file.clone()),
            LostPart::Item(traces) => match loss(&traces, spot, false) {
                Loss::Resource(item) => items.push(item),
                Loss::Part(lost) => tally.lost(lost),
            },
        }
    }
    items
}

/// Where an item was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemPlace {
    pub(super) file: usize,
    pub(super) index: u64,
    /// Where it is in its file, in bytes.
    pub(super) offset: u64,
    pub(super) position: u64,
}

impl ItemPlace {
    /// Notes what is wrong with the item here.
    pub(super) fn problem(&self, within: u64, what: &str, tally: &mut Tally) {
        let number = self.index + 1;
        let message = format!("item {number} {what}");
        tally.problem(self.file, Some(number), self.offset + within, message);
    }
}

/// Where items are taken.
struct At<'t, 'r, F> {
    place: ItemPlace,
    context: &'t Context<'r>,
    tally: &'t mut Tally,
    then: &'t mut F,
}

impl<F: FnMut(Event<'_, '_>, &mut Tally)> At<'_, '_, F> {
    /// Takes what an envelope holds, or why it holds nothing.
    fn enclosed(&mut self, text: &[u8], arena: &Bump, missing: &ItemError) {
        match open_envelope(text, arena) {
            Ok(enclosed) => {
                for one in enclosed {
                    match one {
                        Enclosed::Item(text) => {
                            let parsed = parse_item(text.as_bytes(), self.context.reading, arena);
                            self.take(text.as_bytes(), parsed);
                        }
                        Enclosed::Announced(announced) => self.announced(&announced),
                    }
                    self.place.position += 1;
                }
            }
            Err(error @ (ItemError::TooMany(_) | ItemError::Doubled { .. })) => {
                self.broken(text, &error);
            }
            Err(_) => self.broken(text, missing),
        }
    }

    fn take(&mut self, text: &[u8], parsed: Result<Parsed<'_>, ItemError>) {
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return self.broken(text, &error),
        };
        let head = head(&parsed);
        if head.account_id.is_empty() {
            return self.broken(text, &ItemError::Missing("accountId"));
        }
        if head.region.is_empty() {
            return self.broken(text, &ItemError::Missing("awsRegion"));
        }
        let to_come =
            head.capture_time.filter(|time| self.context.is_to_come(self.place.file, *time));
        let known =
            ItemHead { capture_time: head.capture_time.filter(|_| to_come.is_none()), ..head };
        if let Some(wrong) = self.tally.occurred(&known) {
            self.place.problem(0, &describe(wrong, &head), self.tally);
            return self.lose(&Traces::of(text));
        }
        if let Some(time) = to_come {
            let time = format_timestamp(time);
            let what = format!("was captured at {time}, which is in the future");
            self.place.problem(0, &what, self.tally);
        }
        if let Parsed::Item(item) = parsed {
            let (place, to_come) = (self.place, to_come.is_some());
            let found = Found { item, text, place, to_come };
            (self.then)(Event::Whole(&found), self.tally);
        }
    }

    /// Takes word of an item that is elsewhere. It matters where its type is read.
    fn announced(&mut self, Announced(traces): &Announced) {
        let spot = self.context.spot(self.place.file, self.place.position);
        match loss(traces, spot, true) {
            Loss::Resource(item) => (self.then)(Event::Lost(item), self.tally),
            Loss::Part(lost) => {
                let reading = self.context.reading;
                if lost.resource_type.as_ref().is_none_or(|name| reading.reads(name.as_str())) {
                    self.place.problem(0, ONLY_SUMMARY, self.tally);
                    self.tally.lost(lost);
                }
            }
        }
    }

    fn broken(&mut self, text: &[u8], error: &ItemError) {
        let (within, what) = match error {
            ItemError::Broken { offset, message } => (*offset, format!("is broken: {message}")),
            ItemError::NotText { offset } => (*offset, "is not UTF-8 text from here on".to_owned()),
            ItemError::Doubled { offset, .. } => (*offset, error.to_string()),
            ItemError::TooDeep
            | ItemError::TooMany(_)
            | ItemError::NoTime
            | ItemError::Missing(_) => (0, error.to_string()),
        };
        let traces = Traces::of_broken(text);
        let others = if traces.is_some() { "" } else { "; other items may be lost as well" };
        match &traces {
            Some(Traces { resource_type: Some(name), id: Some(id), .. })
                if !self.context.has_files() =>
            {
                let message = format!("the item of {name} {id} {what}");
                self.tally.problem(self.place.file, None, 0, message);
            }
            _ => self.place.problem(within as u64, &format!("{what}{others}"), self.tally),
        }
        if let Some(traces) = traces {
            self.lose(&traces);
        } else {
            let spot = self.context.spot(self.place.file, self.place.position);
            self.tally.lost(spot.of_file.clone());
        }
    }

    fn lose(&mut self, traces: &Traces) {
        let spot = self.context.spot(self.place.file, self.place.position);
        match loss(traces, spot, false) {
            Loss::Resource(item) => (self.then)(Event::Lost(item), self.tally),
            Loss::Part(lost) => self.tally.lost(lost),
        }
    }
}

/// What is wrong with an item of which there is only word.
pub(super) const ONLY_SUMMARY: &str = "is only a summary, because the item was too large for a \
    notification: take it from a snapshot or the API";

fn describe(wrong: Wrong, head: &ItemHead<'_>) -> String {
    match wrong {
        Wrong::Account => {
            format!(
                "has the account {:?}, which is not an account id (twelve digits)",
                head.account_id
            )
        }
        Wrong::Region => format!("has the region {:?}, which is not an AWS region", head.region),
        Wrong::Type => {
            format!(
                "has the type {:?}, which is not spelled as AWS Config spells it",
                head.resource_type
            )
        }
    }
}

/// What is known of any well-formed item.
pub(super) fn head<'i>(parsed: &Parsed<'i>) -> ItemHead<'i> {
    match parsed {
        Parsed::Item(item) => ItemHead {
            account_id: item.account_id,
            region: item.region,
            resource_type: item.resource_type,
            status: item.status,
            capture_time: item.capture_time,
        },
        Parsed::Skipped(item) => ItemHead {
            account_id: item.account_id,
            region: item.region,
            resource_type: item.resource_type,
            status: item.status,
            capture_time: item.capture_time,
        },
    }
}
