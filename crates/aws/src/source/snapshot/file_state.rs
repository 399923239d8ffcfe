//! What tells the files of a snapshot from what lies in their places later.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// No file system counts time in longer steps: FAT's are of 2 s, ext3's and HFS+'s of 1 s, and those of
/// others of 10 ms at most.
const LONGEST_STEP: Duration = Duration::from_secs(2);

/// What tells a file from another that lies in its place later, or from itself after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileState {
    /// A file of a file system.
    OnDisk(DiskState),
    /// An object of a bucket: its name, and what tells its content from any other.
    InBucket(PathBuf, String),
}

/// What a file system says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DiskState {
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
    pub(super) fn of(name: &Path, metadata: &fs::Metadata) -> Self {
        Self::OnDisk(DiskState {
            name: name.to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    pub(super) fn of_object(name: &Path, content: String) -> Self {
        Self::InBucket(name.to_owned(), content)
    }

    /// Whether the next change will be seen: file systems count time in steps, and what changes twice
    /// within one looks as if it had changed once.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let Self::OnDisk(DiskState { changed: (seconds, nanoseconds), .. }) = self else {
            return true;
        };
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(*seconds), u32::try_from(*nanoseconds))
        else {
            return false;
        };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        now.duration_since(changed).is_ok_and(|since| since > LONGEST_STEP)
    }
}
