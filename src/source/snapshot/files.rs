//! Finds the files of a snapshot and tells when each was taken.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::SnapshotError;
use crate::resource::Timestamp;

/// How files that may hold items end.
const ENDINGS: [&str; 6] = [".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"];
/// How deeply folders are searched: AWS's delivery has nine levels, and links may make rings.
const MAX_FOLDERS: usize = 32;

/// One file.
#[derive(Debug)]
pub(in crate::source) struct SnapshotFile {
    /// Its path, or a name for it.
    pub(super) name: PathBuf,
    /// What was kept of it, if it cannot be opened anew.
    kept: Option<File>,
    /// Its size as it lies there.
    pub(super) bytes: u64,
    pub(super) taken_at: Option<Timestamp>,
}

impl SnapshotFile {
    fn at(path: PathBuf, metadata: &fs::Metadata) -> Self {
        let taken_at = delivered_at(&path).or_else(|| changed_at(metadata));
        Self { name: path, kept: None, bytes: metadata.len(), taken_at }
    }

    /// Keeps what can be read only once in a temporary file.
    pub(super) fn keep(name: &str, mut input: impl Read) -> io::Result<Self> {
        let mut kept = tempfile::tempfile()?;
        let bytes = io::copy(&mut input, &mut kept)?;
        Ok(Self { name: name.into(), kept: Some(kept), bytes, taken_at: None })
    }

    /// The file, from its beginning. Only one reader at a time.
    pub(super) fn open(&self) -> io::Result<File> {
        let Some(kept) = &self.kept else { return File::open(&self.name) };
        let mut file = kept.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

/// The files at a path: itself, or those in the folder, sorted by path.
pub(super) fn find(path: &Path) -> Result<Vec<SnapshotFile>, SnapshotError> {
    let metadata = fs::metadata(path).map_err(|source| cannot_open(path, source))?;
    if !metadata.is_dir() {
        File::open(path).map_err(|source| cannot_open(path, source))?;
        return Ok(vec![SnapshotFile::at(path.to_owned(), &metadata)]);
    }
    let mut files = Vec::new();
    search(path, MAX_FOLDERS, &mut files)?;
    if files.is_empty() {
        return Err(SnapshotError::NoFiles(path.to_owned()));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn search(folder: &Path, room: usize, files: &mut Vec<SnapshotFile>) -> Result<(), SnapshotError> {
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
                let rings = io::Error::other("folders stand in each other too deeply");
                return Err(cannot_open(&path, rings));
            }
            search(&path, room - 1, files)?;
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            files.push(SnapshotFile::at(path, &metadata));
        }
    }
    Ok(())
}

fn cannot_open(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Open { path: path.to_owned(), source }
}

/// The time in the name of a snapshot that AWS delivered:
/// `123456789012_Config_eu-west-1_ConfigSnapshot_20240501T100000Z_<id>.json.gz`.
fn delivered_at(path: &Path) -> Option<Timestamp> {
    let name = path.file_name()?.to_str()?;
    let (_, after) = name.split_once("_ConfigSnapshot_")?;
    let time = after.get(..16).filter(|time| time.is_ascii())?;
    let (date, time) = time.strip_suffix('Z')?.split_once('T')?;
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
    let (hour, minute, second) = (time.get(..2)?, time.get(2..4)?, time.get(4..6)?);
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

fn changed_at(metadata: &fs::Metadata) -> Option<Timestamp> {
    let since: std::time::Duration =
        metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH).duration_since(UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(since.as_secs()).ok()?;
    Some(Timestamp { seconds, nanoseconds: since.subsec_nanos() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_delivered_snapshot_is_in_its_name() {
        let name = "/a/123456789012_Config_eu-west-1_ConfigSnapshot_20240501T100000Z_6f0c.json.gz";
        assert_eq!(
            delivered_at(Path::new(name)),
            Some(Timestamp { seconds: 1_714_557_600, nanoseconds: 0 })
        );
        for name in ["snapshot.json", "x_ConfigSnapshot_", "x_ConfigSnapshot_20241301T100000Z_"] {
            assert_eq!(delivered_at(Path::new(name)), None, "{name}");
        }
    }

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
    fn a_folder_without_such_files_is_an_error_and_so_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(find(folder.path()), Err(SnapshotError::NoFiles(_))));
        assert!(matches!(find(&folder.path().join("x")), Err(SnapshotError::Open { .. })));
    }
}
