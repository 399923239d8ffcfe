//! Reads recorded configuration items from files: AWS Config snapshots, plain or gzipped, and
//! everything else that [`Splitter`](model::Splitter) takes, one file, a folder of
//! many, or standard input.
//!
//! Everything is read twice. First what every item has, for what is in the input ([`Contents`]):
//! when it was taken, what its recorders record, what was lost, and which item counts of each
//! resource that has several. Resources with several items are read once more for that. Then the
//! items that count, each resource once: the newest item, and one that says the resource is gone
//! takes it away.
//!
//! Once is not enough: the last item of the last file may be newer than the first one, be broken, or
//! be the one that dates the snapshot, and by then the verdict on the first one is passed on. But
//! mostly all is well. Whoever can hold back what comes of the items may presume so, and read once
//! ([`Snapshot::read_at_once`]); where that was wrong, everything is read again.
//!
//! An item that cannot be understood is never passed over for an older one. Where its resource is
//! known, that resource is given as [unreadable](model::ItemStatus::Unreadable); where it is
//! not, the report says in which types and regions something was lost. Whatever could not be read,
//! opened, decompressed or understood makes a read incomplete and is listed.
//!
//! Only regular files are read, each no further than it went when it was opened, and nothing is waited
//! for longer than its size justifies.

mod at_once;
mod contents;
pub(super) mod delivery;
mod evaluate;
mod fact_reads;
mod fetching;
mod file_state;
pub(super) mod files;
mod first;
pub(super) mod input;
pub(super) mod items;
mod lost;
pub(super) mod pass;
mod places;
mod recount;
mod settle;
pub(super) mod stored;
mod survey;
pub(super) mod tally;

use std::collections::BTreeMap;
use std::hash::RandomState;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use super::delivered::{AccountRegions, DeliveredError};
use at_once::{AtOnce, Presumption};
use cel::Timestamp;
use engine::evaluation::ItemKey;
use file_state::FileState;
use files::SnapshotFile;
use input::Files;
use items::{Context, file_problems};
use model::{AccountId, ConfigurationItem, Reading, Region, UnknownReason};
use pass::pass;
use survey::Survey;

pub use contents::{Contents, survey_reading};
pub(super) use evaluate::{Evaluate, finish};
pub use lost::Lost;
pub use tally::{Occurrence, ReadProblem, ReadReport, TypeInRegion};

/// Of no more files than this the first items are looked at.
const MAX_PEEKED: usize = 16;

/// Files of recorded items, found and not yet read.
#[derive(Debug)]
pub struct Snapshot {
    files: Vec<SnapshotFile>,
    notes: Vec<String>,
    /// What could not be read before anything was.
    problems: Vec<String>,
    unread: BTreeMap<(AccountId, Region), UnreadRegion>,
    newest: BTreeMap<(AccountId, Region), Option<Timestamp>>,
}

/// What was found of a bucket.
#[derive(Debug, Default)]
pub(super) struct FoundFiles {
    pub(super) files: Vec<SnapshotFile>,
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<String>,
    pub(super) unread: BTreeMap<(AccountId, Region), UnreadRegion>,
    /// When the newest snapshot of each region was taken that could be looked through.
    pub(super) newest: BTreeMap<(AccountId, Region), Option<Timestamp>>,
}

/// What is known of the newest snapshot of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewestSnapshot {
    /// It could not be looked for.
    Unknown,
    /// There is none.
    Missing,
    /// It was taken then.
    TakenAt(Timestamp),
}

/// Why nothing of an account's region is in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadRegion {
    /// The reason.
    pub reason: UnknownReason,
    /// In words.
    pub detail: String,
}

/// What tells a snapshot's files from what lies at its path later. Equal states are of equal contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotState {
    files: Vec<FileState>,
    notes: Vec<String>,
    unread: BTreeMap<(AccountId, Region), UnreadRegion>,
}

/// Why there is nothing to read.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The path cannot be opened or listed.
    #[error("cannot open the snapshot {}: {source}", .path.display())]
    Open {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The folder holds no file that could be a snapshot.
    #[error(
        "the folder {} contains no snapshot: no file name ends in .json, .jsonl or .ndjson, \
         optionally followed by .gz",
        .0.display()
    )]
    NoFiles(PathBuf),
    /// Nothing of a bucket can be read.
    #[error(transparent)]
    Delivered(#[from] DeliveredError),
    /// Standard input cannot be kept for reading.
    #[error("cannot keep standard input in a temporary file: {0}")]
    StandardInput(io::Error),
}

impl SnapshotError {
    /// Why what was to be read is unknown.
    #[must_use]
    pub fn unknown_reason(&self) -> UnknownReason {
        match self {
            Self::Delivered(error) => error.unknown_reason(),
            Self::Open { .. } | Self::NoFiles(_) | Self::StandardInput(_) => {
                UnknownReason::NotDelivered
            }
        }
    }
}

/// What is done with the items, on one thread.
pub trait ItemSink {
    /// An item of a type that is read. The newest of its resource, which is there.
    fn item(&mut self, item: ConfigurationItem<'_>);

    /// The same of an item that has a key.
    fn keyed_item(&mut self, _key: ItemKey, item: ConfigurationItem<'_>) {
        self.item(item);
    }

    /// All items of the chunk of this number were given, since the chunk before. Numbers follow the
    /// order of the input; one worker's are increasing.
    fn chunk_done(&mut self, _sequence: u64) {}

    /// Whether what comes of further items can be held back.
    fn has_room(&self) -> bool {
        true
    }
}

/// What reading a snapshot once came to.
pub struct ReadAtOnce<W> {
    /// The workers, in their order.
    pub workers: Vec<W>,
    /// Whether each was given what it had to be; otherwise nothing that came of them counts.
    pub is_sure: bool,
    /// What is in the snapshot; nothing where that takes a reading of its own.
    pub contents: Option<Contents>,
}

/// The text of one file, unzipped where it is gzipped.
///
/// # Errors
///
/// When it cannot be read, or is not a regular file.
pub fn open_text(path: &Path) -> io::Result<Box<dyn io::Read>> {
    input::unzip(files::open_regular(path)?)
}

impl Snapshot {
    /// Finds the files: `path` is a file, a folder that is searched with all folders in it, or `-`
    /// for standard input, which is read to its end and kept in a temporary file.
    ///
    /// # Errors
    ///
    /// When the path cannot be opened, or a folder holds nothing to read. What is wrong with the
    /// contents of a file shows when it is read.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        Self::open_all(&[path])
    }

    /// Finds the files of several paths, as if all of them were in one folder.
    ///
    /// # Errors
    ///
    /// The first of [`Self::open`].
    pub fn open_all(paths: &[impl AsRef<Path>]) -> Result<Self, SnapshotError> {
        let mut files = Vec::new();
        for path in paths.iter().map(AsRef::as_ref) {
            if path == Path::new("-") {
                let kept = SnapshotFile::keep("standard input", io::stdin().lock());
                files.push(kept.map_err(SnapshotError::StandardInput)?);
            } else {
                files.extend(files::find(path)?);
            }
        }
        Ok(Self::of(files))
    }

    fn of(files: Vec<SnapshotFile>) -> Self {
        let (files, notes) = delivery::leave_newest(files);
        let (unread, newest) = (BTreeMap::new(), BTreeMap::new());
        Self { files, notes, problems: Vec::new(), unread, newest }
    }

    /// What was found of a bucket.
    pub(super) fn delivered(found: FoundFiles) -> Self {
        let FoundFiles { mut files, notes, problems, unread, newest } = found;
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Self { files, notes, problems, unread, newest }
    }

    /// This and another, as if the files of both were in one folder.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.files.extend(other.files);
        let Self { files, notes, .. } = Self::of(self.files);
        let notes = self.notes.into_iter().chain(other.notes).chain(notes).collect();
        self.problems.extend(other.problems);
        self.unread.extend(other.unread);
        self.newest.extend(other.newest);
        Self { files, notes, ..self }
    }

    /// What to say of files that are not read: of each account and region the newest of AWS's own
    /// snapshots counts.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What could not be read before anything was. With any of these it does not count as read whole.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Why nothing of an account's region is there, where that is known.
    pub fn unread(&self, account: &AccountId, region: &Region) -> Option<&UnreadRegion> {
        self.unread.get(&(account.clone(), region.clone()))
    }

    /// What is known of the newest snapshot of an account's region; nothing but of a bucket.
    pub fn newest(&self, account: &AccountId, region: &Region) -> NewestSnapshot {
        match self.newest.get(&(account.clone(), region.clone())) {
            None => NewestSnapshot::Unknown,
            Some(None) => NewestSnapshot::Missing,
            Some(Some(taken_at)) => NewestSnapshot::TakenAt(*taken_at),
        }
    }

    /// What tells the files from what lies at the path after any change. Nothing where a change might
    /// not show: of standard input, and of what changed only a moment before `now`.
    pub fn state(&self, now: SystemTime) -> Option<SnapshotState> {
        let files = self.files.iter().map(|file| file.state().filter(|it| it.is_settled(now)));
        let files = files.map(Option::<&FileState>::cloned).collect::<Option<_>>()?;
        Some(SnapshotState { files, notes: self.notes.clone(), unread: self.unread.clone() })
    }

    /// How many bytes one reading goes through, as progress counts them.
    pub fn total_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Finds out what is in the files, as of `now`, on so many threads.
    ///
    /// `progress` hears how many bytes have been read so far, of [`Self::total_bytes`], for each
    /// reading from the beginning.
    pub fn contents(
        &self,
        now: Timestamp,
        threads: usize,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Contents {
        Contents::of(&self.files, now, threads, progress)
    }

    /// Does both in one reading, as of `now`: finds out what is in the files, and gives the items of
    /// types that are `wanted` to the workers, presuming that each of them counts. `all` reads no less
    /// than `wanted` does and than [`survey_reading`].
    pub fn read_at_once<W: ItemSink + Send>(
        &self,
        (wanted, all): (&Reading, &Reading),
        workers: Vec<W>,
        now: Timestamp,
        progress: &(dyn Fn(u64) + Sync),
    ) -> ReadAtOnce<W> {
        // What changed after the snapshot makes items of resources that are in it, too.
        if workers.is_empty() || self.files.iter().any(|file| file.history.is_some()) {
            return ReadAtOnce { workers, is_sure: false, contents: None };
        }
        let (threads, hasher) = (workers.len(), RandomState::new());
        let context = Context::of_files(all, hasher.clone(), &self.files, now);
        let presumption = Presumption::default();
        let mut files = Files::new(&self.files, progress);
        let readers =
            workers.into_iter().map(|worker| AtOnce::new(&context, wanted, &presumption, worker));
        let readers = pass(|chunk| files.next_chunk(chunk), readers.collect(), &mut 0);
        let (workers, met): (_, Vec<_>) = readers.into_iter().map(AtOnce::finish).unzip();
        let survey = Survey::sum(met.into_iter(), files, &context);
        // What cannot be understood of an item depends on what is read of it.
        if !survey.is_clean() {
            return ReadAtOnce { workers, is_sure: false, contents: None };
        }
        let (with, on) = ((hasher, now), (threads, progress));
        let contents = Contents::settled(survey, &self.files, &context, with, on);
        let is_sure = presumption.holds() && contents.is_plain() && !self.has_changed();
        ReadAtOnce { workers, is_sure, contents: Some(contents) }
    }

    /// The accounts and regions of the first items of each file: most likely those of all. Nothing where
    /// there are so many files that looking into each takes longer than it is worth.
    pub fn first_places(&self, now: Timestamp) -> Option<AccountRegions> {
        (self.files.len() <= MAX_PEEKED).then(|| first::places(&self.files, now))
    }

    /// Whether files are others than those that were found.
    fn has_changed(&self) -> bool {
        let allowance = SnapshotFile::allowance(&self.files);
        self.files.iter().any(|file| file.has_changed(&allowance))
    }

    /// Gives each resource's item that counts to one of the workers, each of which runs on a thread
    /// of its own. Gives the workers back in their order.
    ///
    /// Without workers nothing is read, and the report says so.
    pub fn read<W: ItemSink + Send>(
        &self,
        contents: &Contents,
        reading: &Reading,
        workers: Vec<W>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> (Vec<W>, ReadReport) {
        if workers.is_empty() {
            return (workers, ReadReport::nothing_read());
        }
        let hasher = contents.hasher.clone();
        let context = Context::of_files(reading, hasher, &self.files, contents.now);
        let resources = &contents.settled;
        let mut files = Files::new(&self.files, progress);
        let readers =
            workers.into_iter().map(|worker| Evaluate::of_settled(&context, resources, worker));
        let mut sequence = 0;
        let readers = pass(|chunk| files.next_chunk(chunk), readers.collect(), &mut sequence);
        let (mut workers, mut tally) = finish(readers);
        if files.items() != contents.items || self.has_changed() {
            tally.problem(0, None, 0, "the snapshot changed while it was read: read it again");
            tally.lost(Lost::default());
        }
        for report in files.reports() {
            // The resources among these are known from the first reading.
            drop(file_problems(report, &context, &mut tally));
        }
        if let (Some(worker), false) = (workers.first_mut(), resources.unseen.is_empty()) {
            evaluate::tell_unseen(&context, resources, worker, sequence, &mut tally);
        }
        let mut report = tally.finish(&self.files);
        report.add_lost(&contents.report);
        (workers, report)
    }
}

#[cfg(test)]
mod tests;
