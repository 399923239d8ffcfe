//! Finds the files of a snapshot. When they changed on this disk says nothing of when AWS Config
//! took them: copies are always new.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::SnapshotError;
use super::delivery::Delivery;

/// How files that may hold items end.
const ENDINGS: [&str; 6] = [".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"];
/// What AWS's names of delivered snapshots contain, in small letters.
const DELIVERED: &str = "_configsnapshot_";
/// How deeply folders are searched: AWS's delivery has nine levels, and links may make rings.
const MAX_FOLDERS: usize = 32;

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
}

impl SnapshotFile {
    fn at(path: PathBuf, metadata: &fs::Metadata) -> Self {
        let (delivery, changed) = (Delivery::of(&path), metadata.modified().ok());
        Self { name: path, kept: None, bytes: metadata.len(), delivery, changed }
    }

    /// Keeps what can be read only once in a temporary file.
    pub(super) fn keep(name: &str, mut input: impl Read) -> io::Result<Self> {
        let mut kept = tempfile::tempfile()?;
        let bytes = io::copy(&mut input, &mut kept)?;
        Ok(Self { name: name.into(), kept: Some(kept), bytes, delivery: None, changed: None })
    }

    /// The file, from its beginning. Only one reader at a time.
    pub(super) fn open(&self) -> io::Result<File> {
        let Some(kept) = &self.kept else { return File::open(&self.name) };
        let mut file = kept.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    /// Whether it is another file than the one that was found.
    pub(super) fn has_changed(&self) -> bool {
        let now = || fs::metadata(&self.name).ok();
        self.kept.is_none()
            && now()
                .is_none_or(|now| now.len() != self.bytes || now.modified().ok() != self.changed)
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
                let rings = io::Error::other("the folders are nested too deeply");
                return Err(cannot_open(&path, rings));
            }
            search(&path, room - 1, files)?;
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            if !metadata.is_file() {
                // A pipe would be waited for, perhaps for ever.
                let error = io::Error::other("it is not a regular file");
                return Err(cannot_open(&path, error));
            }
            files.push(SnapshotFile::at(path, &metadata));
        } else if name.contains(DELIVERED) {
            let error = io::Error::other(
                "AWS Config's name is followed by another ending than .json.gz: rename the file, or \
                 remove it",
            );
            return Err(cannot_open(&path, error));
        }
    }
    Ok(())
}

fn cannot_open(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Open { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
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
    fn a_folder_without_such_files_is_an_error_and_so_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(find(folder.path()), Err(SnapshotError::NoFiles(_))));
        assert!(matches!(find(&folder.path().join("x")), Err(SnapshotError::Open { .. })));
    }
}
