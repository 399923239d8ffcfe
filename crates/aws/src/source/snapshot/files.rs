//! Finds the files of a snapshot. When they changed on this disk says nothing of when AWS Config
//! took them: copies are always new.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use model::{AccountId, Region};
use rustix::fs::OFlags;

use super::SnapshotError;
use super::delivery::{self, Delivery};
use super::fetching::{Allowance, Fetched, PATIENCE};
use super::file_state::FileState;
use super::lost::Lost;
use super::stored::StoredFile;

/// How files that may hold items end.
const ENDINGS: [&str; 6] = [".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"];
/// What AWS's names of delivered snapshots contain, in small letters.
const DELIVERED: &str = "_configsnapshot_";
/// How deeply folders are searched: AWS's delivery has nine levels, and links may make rings.
const MAX_FOLDERS: usize = 32;
/// A search waits so much longer for each file that it finds.
const EACH_FILE: Duration = Duration::from_millis(10);
/// So much is got from a file at once.
const BLOCK: u64 = 64 << 10;

/// What is said of a bucket that does not answer in time.
const SILENT_BUCKET: &str = "S3 does not answer, or is too slow: less than 1 MiB in a second after \
    the first minute";

/// One file.
#[derive(Debug)]
pub(in crate::source) struct SnapshotFile {
    /// Its path, or a name for it.
    pub(super) name: PathBuf,
    /// What it is read from, where that is no file system.
    elsewhere: Option<Elsewhere>,
    /// Its size as it lies there.
    pub(super) bytes: u64,
    /// What AWS's name for it says.
    pub(super) delivery: Option<Delivery>,
    /// What it speaks of, where AWS's name says that it holds the history of a type.
    pub(super) history: Option<Lost>,
    /// When it last changed, to notice a change while it is read.
    changed: Option<SystemTime>,
    /// What tells it from what may lie there later; nothing where it was kept.
    state: Option<FileState>,
    access: Access,
}

/// What a file is read from that is on no file system.
#[derive(Debug)]
enum Elsewhere {
    /// What was kept of it, since it cannot be opened again.
    Kept(File),
    /// An object of a bucket.
    Object(StoredFile),
}

/// How a file is opened, and how long it is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access {
    pub(super) open: fn(&Path) -> io::Result<File>,
    pub(super) patience: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self { open: open_regular, patience: PATIENCE }
    }
}

impl SnapshotFile {
    fn at(path: PathBuf, metadata: &fs::Metadata) -> Self {
        let (state, changed) = (Some(FileState::of(&path, metadata)), metadata.modified().ok());
        Self { bytes: metadata.len(), changed, state, ..Self::named(path) }
    }

    /// A file of a name, of which nothing else is known yet.
    fn named(name: PathBuf) -> Self {
        Self {
            elsewhere: None,
            bytes: 0,
            delivery: Delivery::of(&name),
            history: delivery::history_of(&name),
            changed: None,
            state: None,
            access: Access::default(),
            name,
        }
    }

    /// An object of a bucket: its name, size, and what tells its content from any other.
    pub(in crate::source) fn stored(
        name: PathBuf,
        (bytes, content): (u64, String),
        stored: StoredFile,
    ) -> Self {
        let state = Some(FileState::of_object(&name, content));
        Self { elsewhere: Some(Elsewhere::Object(stored)), bytes, state, ..Self::named(name) }
    }

    /// The id of the snapshot that it is, if it is one; nothing where nobody has looked yet.
    #[allow(clippy::option_option)] // that nobody has looked is something else than none
    pub(super) fn known_id(&self) -> Option<Option<Box<str>>> {
        match &self.elsewhere {
            Some(Elsewhere::Object(stored)) => Some(stored.snapshot_id.clone()),
            _ => None,
        }
    }

    /// The account and region that AWS's name for it says.
    pub(super) fn of(&self) -> Option<(&AccountId, &Region)> {
        let delivered = self.delivery.as_ref().map(|it| (&it.account, &it.region));
        let history = || {
            let history = self.history.as_ref()?;
            history.account_id.as_ref().zip(history.region.as_ref())
        };
        delivered.or_else(history)
    }

    /// What tells the file, as it was found, from what may lie there later.
    pub(super) const fn state(&self) -> Option<&FileState> {
        self.state.as_ref()
    }

    /// The same, opened in another way.
    #[cfg(test)]
    pub(super) fn with(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// Keeps what can be read only once in a temporary file.
    pub(super) fn keep(name: &str, mut input: impl Read) -> io::Result<Self> {
        let mut kept = tempfile::tempfile()?;
        let bytes = io::copy(&mut input, &mut kept)?;
        let elsewhere = Some(Elsewhere::Kept(kept));
        Ok(Self { elsewhere, bytes, ..Self::named(name.into()) })
    }

    /// What these files, read once, are waited for.
    pub(super) fn allowance(files: &[Self]) -> Rc<Allowance> {
        let patience = files.iter().map(|file| file.access.patience).min();
        let bytes = files.iter().map(|file| file.bytes).sum();
        Rc::new(Allowance::of(bytes, patience.unwrap_or(PATIENCE)))
    }

    /// The file, from its beginning. Only one reader at a time.
    pub(super) fn open(&self, allowance: &Rc<Allowance>) -> io::Result<Box<dyn Read>> {
        let (blocks, silence) = match &self.elsewhere {
            Some(Elsewhere::Kept(kept)) => {
                let mut file = kept.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                return Ok(Box::new(file));
            }
            Some(Elsewhere::Object(stored)) => {
                let object = Arc::clone(&stored.object);
                let blocks = Fetched::begin(&self.name, move |then| object.give_blocks(then));
                (blocks?, Some(SILENT_BUCKET))
            }
            None => {
                let (path, open) = (self.name.clone(), self.access.open);
                let blocks =
                    Fetched::begin(&self.name, move |then| give_blocks(|| open(&path), then));
                (blocks?, None)
            }
        };
        let (allowance, block) = (Rc::clone(allowance), io::Cursor::default());
        Ok(Box::new(FetchedFile { blocks, allowance, block, silence, done: false }))
    }

    /// Whether it is another file than the one that was found, as far as that can be determined.
    pub(super) fn has_changed(&self, allowance: &Allowance) -> bool {
        // Each part of an object is asked for as the one that was listed.
        if self.elsewhere.is_some() {
            return false;
        }
        let path = self.name.clone();
        let now = Fetched::begin(&self.name, move |then| {
            then(fs::metadata(&path).ok());
        });
        let now = now.and_then(|now| now.next(allowance)).ok().flatten().flatten();
        now.is_none_or(|now| now.len() != self.bytes || now.modified().ok() != self.changed)
    }
}

/// Opens a regular file. What would be waited for, such as a pipe, or never ends, such as a device, is
/// refused, also where it took the file's place a moment ago.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    let at_once = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(at_once).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

fn not_regular() -> io::Error {
    io::Error::other("it is not a regular file")
}

/// Gives a file's blocks, no more than it has when it is opened.
fn give_blocks(
    open: impl FnOnce() -> io::Result<File>,
    then: &mut dyn FnMut(io::Result<Vec<u8>>) -> bool,
) {
    let opened = open().and_then(|file| Ok((file.metadata()?.len(), file)));
    let (mut left, mut file) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            then(Err(error));
            return;
        }
    };
    loop {
        let mut block = Vec::with_capacity(usize::try_from(left.min(BLOCK)).unwrap_or_default());
        let read = file.by_ref().take(left.min(BLOCK)).read_to_end(&mut block);
        left = left.saturating_sub(block.len() as u64);
        let goes_on = !block.is_empty() && read.is_ok();
        if !then(read.map(|_| block)) || !goes_on {
            return;
        }
    }
}

/// A file whose blocks another thread gets.
struct FetchedFile {
    blocks: Fetched<io::Result<Vec<u8>>>,
    allowance: Rc<Allowance>,
    block: io::Cursor<Vec<u8>>,
    /// What to say where nothing comes, if not that of a file system.
    silence: Option<&'static str>,
    done: bool,
}

impl Read for FetchedFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.block.read(into)?;
            if read > 0 || into.is_empty() || self.done {
                return Ok(read);
            }
            let next = self.blocks.next(&self.allowance).map_err(|error| match self.silence {
                Some(silence) if error.kind() == io::ErrorKind::TimedOut => {
                    io::Error::new(io::ErrorKind::TimedOut, silence)
                }
                _ => error,
            });
            match next?.transpose()? {
                Some(block) => self.block = io::Cursor::new(block),
                None => self.done = true,
            }
        }
    }
}

/// The files at a path: itself, or those in the folder, sorted by path.
pub(super) fn find(path: &Path) -> Result<Vec<SnapshotFile>, SnapshotError> {
    let (searched, allowance) = (path.to_owned(), Allowance::of(0, PATIENCE));
    let found = Fetched::begin(path, move |then| {
        let mut give = |file| then(Ok(file));
        if let Err(error) = list(&searched, &mut give) {
            then(Err(error));
        }
    });
    let found = found.map_err(|source| cannot_open(path, source))?;
    let mut files = Vec::new();
    while let Some(file) = found.next(&allowance).map_err(|source| cannot_open(path, source))? {
        files.push(file?);
        allowance.extend(EACH_FILE);
    }
    if files.is_empty() {
        return Err(SnapshotError::NoFiles(path.to_owned()));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Gives the files at a path, for as long as somebody takes them.
fn list(path: &Path, give: &mut dyn FnMut(SnapshotFile) -> bool) -> Result<(), SnapshotError> {
    let metadata = fs::metadata(path).map_err(|source| cannot_open(path, source))?;
    if metadata.is_dir() {
        return search(path, MAX_FOLDERS, give).map(drop);
    }
    let file = open_regular(path).map_err(|source| cannot_open(path, source))?;
    let metadata = file.metadata().map_err(|source| cannot_open(path, source))?;
    give(SnapshotFile::at(path.to_owned(), &metadata));
    Ok(())
}

/// Whether somebody still takes files.
fn search(
    folder: &Path,
    room: usize,
    give: &mut dyn FnMut(SnapshotFile) -> bool,
) -> Result<bool, SnapshotError> {
    let cannot_list = |source| cannot_open(folder, source);
    for entry in fs::read_dir(folder).map_err(cannot_list)? {
        let path = entry.map_err(cannot_list)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if name.starts_with('.') {
            continue;
        }
        let metadata = fs::metadata(&path).map_err(|source| cannot_open(&path, source))?;
        if metadata.is_dir() {
            if room == 0 {
                let rings = io::Error::other("the folders are nested too deeply");
                return Err(cannot_open(&path, rings));
            }
            if !search(&path, room - 1, give)? {
                return Ok(false);
            }
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            if !metadata.is_file() {
                return Err(cannot_open(&path, not_regular()));
            }
            if !give(SnapshotFile::at(path, &metadata)) {
                return Ok(false);
            }
        } else if name.contains(DELIVERED) {
            let error = io::Error::other(
                "AWS Config's name is followed by another ending than .json.gz: rename the file, or \
                 remove it",
            );
            return Err(cannot_open(&path, error));
        }
    }
    Ok(true)
}

fn cannot_open(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Open { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
