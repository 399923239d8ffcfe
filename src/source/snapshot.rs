//! Reads recorded configuration items from files: AWS Config snapshots, plain or gzipped, and
//! everything else that [`Splitter`](crate::resource::Splitter) takes, one file, a folder of
//! many, or standard input.
//!
//! A read gives each resource once: the newest item counts, and one that says the resource is
//! gone takes it away. Three ways lead there, each exact:
//!
//! - One of AWS's snapshot files holds each resource once, so items are passed on as they are
//!   met. A second one of a resource is reported, and the read is not complete.
//! - In such a file, global resources (IAM's, say) may still stand once for each region, as in a
//!   file made of several regions' snapshots. They are set aside in a temporary file until all
//!   have been met; then the newest of each is passed on.
//! - Anything else may hold a resource's history, so it is read twice: first for which item of
//!   each resource is the newest, then for the items.
//!
//! Nothing is ever resolved by a read that is not complete: whatever could not be read, opened,
//! decompressed or understood makes it incomplete and is listed.

pub(super) mod files;
mod input;
pub(super) mod items;
pub(super) mod newest;
mod once;
pub(super) mod pass;
mod set_aside;
pub(super) mod tally;

use std::hash::RandomState;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use thiserror::Error;

use crate::resource::{ConfigurationItem, Reading, Timestamp};
use files::SnapshotFile;
use input::{Files, Form};
use items::Context;
use pass::pass;
pub use tally::{Occurrence, ReadProblem, ReadReport, TypeInRegion};

/// Files of recorded items, found and not yet read.
#[derive(Debug)]
pub struct Snapshot {
    files: Vec<SnapshotFile>,
    form: Form,
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
        "the folder {} holds no snapshot: none of its files ends in .json, .jsonl or .ndjson, \
         with .gz or without",
        .0.display()
    )]
    NoFiles(PathBuf),
    /// Standard input cannot be kept for reading.
    #[error("cannot keep standard input in a temporary file: {0}")]
    StandardInput(io::Error),
}

/// What is done with the items, on one thread.
pub trait Worker {
    /// An item of a type that is read. The newest of its resource, which is there.
    fn item(&mut self, item: ConfigurationItem<'_>);

    /// The items that follow are those of the chunk of this number. Numbers follow the order of
    /// the input; one worker's are increasing.
    fn chunk_start(&mut self, _sequence: u64) {}

    /// All items of the chunk were given.
    fn chunk_done(&mut self, _sequence: u64) {}
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
        let files = if path == Path::new("-") {
            vec![
                SnapshotFile::keep("standard input", io::stdin().lock())
                    .map_err(SnapshotError::StandardInput)?,
            ]
        } else {
            files::find(path)?
        };
        let form = match files.as_slice() {
            [file] => input::form(file),
            _ => Form::Any,
        };
        Ok(Self { files, form })
    }

    /// When the oldest file was taken: as AWS names it in the file's name, else when the file was
    /// last changed. Nothing for standard input.
    pub fn taken_at(&self) -> Option<Timestamp> {
        self.files.iter().filter_map(|file| file.taken_at).min()
    }

    /// How many bytes a read goes through, as progress counts them.
    pub fn total_bytes(&self) -> u64 {
        let once: u64 = self.files.iter().map(|file| file.bytes).sum();
        match self.form {
            Form::Snapshot => once,
            Form::Any => 2 * once,
        }
    }

    /// Reads everything, and gives each resource's newest item to one of the workers, each of
    /// which runs on a thread of its own. Gives the workers back in their order.
    ///
    /// `progress` is told how many bytes have been read so far, of [`Self::total_bytes`].
    /// Without workers nothing is read, and the report says so.
    pub fn read<W: Worker + Send>(
        &self,
        reading: &Reading,
        workers: Vec<W>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> (Vec<W>, ReadReport) {
        if workers.is_empty() {
            return (workers, ReadReport::nothing_read());
        }
        let context = Context { reading, hasher: RandomState::new() };
        match self.form {
            Form::Snapshot => self.read_once(&context, workers, progress),
            Form::Any => self.read_newest(&context, workers, progress),
        }
    }

    fn read_once<W: Worker + Send>(
        &self,
        context: &Context<'_>,
        workers: Vec<W>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> (Vec<W>, ReadReport) {
        let set_aside = Mutex::new(set_aside::SetAside::default());
        let mut files = Files::new(&self.files, progress);
        let readers =
            workers.into_iter().map(|worker| once::Once::new(context, &set_aside, worker));
        let mut sequence = 0;
        let readers = pass(|chunk| files.next_chunk(chunk), readers.collect(), &mut sequence);
        let (workers, mut tally) = once::finish(readers);
        files.report(&mut tally);

        let mut aside = set_aside::newest(set_aside, &mut tally);
        let readers = workers.into_iter().map(|worker| newest::Evaluate::of_all(context, worker));
        let readers = pass(|chunk| aside.next_chunk(chunk), readers.collect(), &mut sequence);
        let (workers, of_global) = newest::finish(readers);
        tally.merge_problems(of_global);
        (workers, aside.report(tally).finish(&self.files))
    }

    fn read_newest<W: Worker + Send>(
        &self,
        context: &Context<'_>,
        workers: Vec<W>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> (Vec<W>, ReadReport) {
        let index = Mutex::new(newest::Index::default());
        let mut first = Files::new(&self.files, progress);
        let heads = context.reading.heads();
        let of_heads = Context { reading: &heads, hasher: context.hasher.clone() };
        let readers = workers.iter().map(|_| newest::Find::new(&of_heads, &index));
        let mut sequence = 0;
        drop(pass(|chunk| first.next_chunk(chunk), readers.collect(), &mut sequence));
        let index = index.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);

        let mut second = Files::new(&self.files, progress).after(first.bytes());
        let readers =
            workers.into_iter().map(|worker| newest::Evaluate::of_newest(context, &index, worker));
        let mut sequence = 0;
        let readers = pass(|chunk| second.next_chunk(chunk), readers.collect(), &mut sequence);
        let (workers, mut tally) = newest::finish(readers);
        if first.items() != second.items() {
            tally.problem(0, None, 0, "the snapshot changed while it was read: read it again");
        }
        second.report(&mut tally);
        (workers, tally.finish(&self.files))
    }
}

#[cfg(test)]
mod tests;
