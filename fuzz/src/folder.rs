//! A folder in memory for the targets that read files, one for each process.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let in_memory = memory.is_dir().then(|| tempfile::tempdir_in(memory).ok()).flatten();
    in_memory.unwrap_or_else(|| tempfile::tempdir().unwrap())
});

/// The path of a file in it.
pub fn file(name: &str) -> PathBuf {
    FOLDER.path().join(name)
}
