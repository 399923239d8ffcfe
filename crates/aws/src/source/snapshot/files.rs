//! Finds the files of a snapshot. When they changed on this disk says nothing of when AWS Config
//! took them: copies are always new.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::SnapshotError;
use super::delivery::Delivery;
use super::fetching::{Allowance, Fetched, PATIENCE};

/// How files that may hold items end.
const ENDINGS: [&str; 6] = [".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"];
/// What AWS's names of delivered snapshots contain, in small letters.
const DELIVERED: &str = "_configsnapshot_";
/// How deeply folders are searched: AWS's delivery has nine levels, and links may make rings.
const MAX_FOLDERS: usize = 32;
/// A search waits so much longer for each file that it finds.
const EACH_FILE: Duration = Duration::from_millis(10);
/// No file system counts time in longer steps: FAT's are of 2 s, ext3's and HFS+'s of 1 s, and those of
/// others of 10 ms at most.
const LONGEST_STEP: Duration = Duration::from_secs(2);
/// So much is got from a file at once.
const BLOCK: u64 = 64 << 10;

/// One file.
#[derive(Debug)]
pub(in crate::source) struct SnapshotFile {
    /// Its path, or a name for it.
    pub(super) name: PathBuf,
    /// What was kept of it, if it cannot be opened again.
    kept: Option<File>,
    /// Its size as it lies there.
    pub(super) bytes: u64,
    /// What AWS's name for it says.
    pub(super) delivery: Option<Delivery>,
    /// When it last changed, to notice a change while it is read.
    changed: Option<SystemTime>,
    /// What tells it from what may lie there later; nothing where it was kept.
    state: Option<FileState>,
    access: Access,
}

/// What tells a file from another that lies in its place later, or from itself after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileState {
    name: PathBuf,
    device: u64,
    inode: u64,
    bytes: u64,
    /// When its content changed, as its writer may set it: seconds and nanoseconds.
    modified: (i64, i64),
    /// When anything of it changed, which nobody can set.
    changed: (i64, i64),
}

impl FileState {
    fn of(name: &Path, metadata: &fs::Metadata) -> Self {
        Self {
            name: name.to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether the next change will be seen: file systems count time in steps, and what changes twice
    /// within one looks as if it had changed once.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let (Ok(seconds), Ok(nanoseconds)) =
            (u64::try_from(self.changed.0), u32::try_from(self.changed.1))
        else {
            return false;
        };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        now.duration_since(changed).is_ok_and(|since| since > LONGEST_STEP)
    }
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
        let (delivery, changed) = (Delivery::of(&path), metadata.modified().ok());
        let (state, access) = (Some(FileState::of(&path, metadata)), Access::default());
        Self { name: path, kept: None, bytes: metadata.len(), delivery, changed, state, access }
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
        let (name, access) = (name.into(), Access::default());
        let kept = Some(kept);
        Ok(Self { name, kept, bytes, delivery: None, changed: None, state: None, access })
    }

    /// What these files, read once, are waited for.
    pub(super) fn allowance(files: &[Self]) -> Rc<Allowance> {
        let patience = files.iter().map(|file| file.access.patience).min();
        let bytes = files.iter().map(|file| file.bytes).sum();
        Rc::new(Allowance::of(bytes, patience.unwrap_or(PATIENCE)))
    }

    /// The file, from its beginning. Only one reader at a time.
    pub(super) fn open(&self, allowance: &Rc<Allowance>) -> io::Result<Box<dyn Read>> {
        if let Some(kept) = &self.kept {
            let mut file = kept.try_clone()?;
            file.seek(SeekFrom::Start(0))?;
            return Ok(Box::new(file));
        }
        let (path, open) = (self.name.clone(), self.access.open);
        let blocks = Fetched::begin(&self.name, move |then| give_blocks(|| open(&path), then))?;
        let (allowance, block) = (Rc::clone(allowance), io::Cursor::default());
        Ok(Box::new(FetchedFile { blocks, allowance, block, done: false }))
    }

    /// Whether it is another file than the one that was found, as far as that can be determined.
    pub(super) fn has_changed(&self, allowance: &Allowance) -> bool {
        if self.kept.is_some() {
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
    done: bool,
}

impl Read for FetchedFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.block.read(into)?;
            if read > 0 || into.is_empty() || self.done {
                return Ok(read);
            }
            match self.blocks.next(&self.allowance)?.transpose()? {
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
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_folder_is_searched_for_files_that_may_hold_items() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        fs::create_dir_all(folder.path().join(".hidden")).unwrap();
        for name in
            ["b/c/2.json.gz", "b/1.JSONL", "a.json", "notes.txt", ".x.json", ".hidden/y.json"]
        {
            fs::write(folder.path().join(name), "[]").unwrap();
        }
        let found = find(folder.path()).unwrap();
        let names: Vec<_> =
            found.iter().map(|file| file.name.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(
            names,
            [Path::new("a.json"), Path::new("b/1.JSONL"), Path::new("b/c/2.json.gz")]
        );
    }

    #[test]
    fn what_would_be_passed_over_in_silence_or_waited_for_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "[]").unwrap();
        let odd = "111122223333_Config_eu-west-1_ConfigSnapshot_20260502T000000Z_x.json.gz.part";
        let error = |name: &str| {
            let found = find(folder.path()).unwrap_err().to_string();
            fs::remove_file(folder.path().join(name)).unwrap();
            found
        };
        fs::write(folder.path().join(odd), "[]").unwrap();
        assert!(error(odd).contains(odd));
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("b.json")).status();
        assert!(made.unwrap().success());
        assert!(error("b.json").contains("b.json"));
        assert_eq!(find(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn what_may_change_within_the_same_step_of_time_is_not_settled() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "[]").unwrap();
        let found = find(folder.path()).unwrap();
        let (state, changed) = (found[0].state().unwrap(), found[0].changed.unwrap());
        let second = Duration::from_secs(1);
        assert!(!state.is_settled(changed + second), "ext3 and FAT may count both as one time");
        assert!(!state.is_settled(changed - second), "a clock that is behind says nothing");
        assert!(state.is_settled(changed + 3 * second));
    }

    #[test]
    fn a_folder_without_such_files_is_an_error_and_so_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(find(folder.path()), Err(SnapshotError::NoFiles(_))));
        assert!(matches!(find(&folder.path().join("x")), Err(SnapshotError::Open { .. })));
    }

    #[test]
    fn pipes_and_devices_are_neither_waited_for_nor_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("snapshot.json");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [&*pipe, Path::new("/dev/zero"), Path::new("/dev/urandom")] {
            let error = find(path).unwrap_err().to_string();
            assert!(error.contains("not a regular file"), "{error}");
            assert!(open_regular(path).is_err());
        }
    }

    #[test]
    fn no_more_is_read_of_a_file_than_it_had_when_it_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, "0123456789").unwrap();
        let mut read = Vec::new();
        let mut grow = |block: io::Result<Vec<u8>>| {
            read.extend(block.unwrap());
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(b"more").is_ok()
        };
        give_blocks(|| open_regular(&path), &mut grow);
        assert_eq!(read, b"0123456789");
    }
}
