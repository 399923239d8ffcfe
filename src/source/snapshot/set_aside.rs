//! Keeps the items of global resources in a temporary file until the newest of each is known.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::items::Found;
use super::pass::Origin;
use super::tally::Tally;
use crate::resource::{Chunk, ItemSpan};

/// About how much text is given back at once.
const CHUNK: usize = 256 << 10;

/// What has been set aside.
#[derive(Default)]
pub(super) struct SetAside {
    file: Option<File>,
    length: u64,
    newest: FxHashMap<u64, Kept>,
    error: Option<io::Error>,
}

/// Where an item is kept, and where it was found.
#[derive(Debug, Clone, Copy)]
struct Kept {
    recorded: i64,
    position: u64,
    /// Where in the temporary file.
    at: u64,
    length: usize,
    index: u64,
    offset: u64,
}

/// Items of one chunk, to be kept together.
#[derive(Default)]
pub(super) struct Batch {
    text: Vec<u8>,
    items: Vec<(u64, Kept)>,
}

impl Batch {
    pub(super) fn add(&mut self, key: u64, found: &Found<'_>) {
        let kept = Kept {
            recorded: found.recorded(),
            position: found.position,
            at: self.text.len() as u64,
            length: found.text.len(),
            index: found.index,
            offset: found.offset,
        };
        self.text.extend_from_slice(found.text);
        self.items.push((key, kept));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl SetAside {
    /// Keeps the items, and remembers those that are newer than what was kept before.
    pub(super) fn keep(&mut self, batch: &Batch) {
        if let Err(error) = self.write(&batch.text) {
            self.error.get_or_insert(error);
            return;
        }
        for (key, kept) in &batch.items {
            let kept = Kept { at: self.length + kept.at, ..*kept };
            let newest = self.newest.entry(*key).or_insert(kept);
            if (newest.recorded, newest.position) < (kept.recorded, kept.position) {
                *newest = kept;
            }
        }
        self.length += batch.text.len() as u64;
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(text)
    }
}

/// The newest item of each global resource, in the order of the input.
pub(super) struct Newest {
    file: Option<File>,
    items: std::vec::IntoIter<Kept>,
    error: Option<io::Error>,
}

/// What to give back of all that was set aside.
pub(super) fn newest(set_aside: Mutex<SetAside>, tally: &mut Tally) -> Newest {
    let SetAside { file, newest, error, .. } =
        set_aside.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = error {
        tally.problem(0, None, 0, format!("cannot keep items in a temporary file: {error}"));
    }
    let mut items: Vec<Kept> = newest.into_values().collect();
    items.sort_unstable_by_key(|kept| kept.position);
    Newest { file, items: items.into_iter(), error: None }
}

impl Newest {
    /// Fills the chunk; nothing when all were given back.
    pub(super) fn next_chunk(&mut self, chunk: &mut Chunk) -> Option<Origin> {
        chunk.text.clear();
        chunk.items.clear();
        let file = self.file.as_mut()?;
        while chunk.text.len() < CHUNK {
            let Some(kept) = self.items.next() else { break };
            let start = chunk.text.len();
            if let Err(error) = read(file, kept, &mut chunk.text) {
                self.error = Some(error);
                self.file = None;
                return None;
            }
            let end = chunk.text.len();
            chunk.items.push(ItemSpan { start, end, offset: kept.offset, index: kept.index });
        }
        (!chunk.items.is_empty()).then_some(Origin { file: 0, items_before: 0 })
    }

    /// The tally with what went wrong here.
    pub(super) fn report(self, mut tally: Tally) -> Tally {
        if let Some(error) = self.error {
            tally.problem(0, None, 0, format!("cannot read a temporary file: {error}"));
        }
        tally
    }
}

fn read(file: &mut File, kept: Kept, text: &mut Vec<u8>) -> io::Result<()> {
    file.seek(SeekFrom::Start(kept.at))?;
    let read = file.take(kept.length as u64).read_to_end(text)?;
    if read < kept.length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
