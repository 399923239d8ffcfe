//! The id of a state folder, by which findings are known to be of whoever uses it.
//!
//! Made once, and kept in the folder: a copy of the folder is the same publisher, a new folder is another.

use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use thiserror::Error;

use engine::drift::PublisherId;
use model::InvalidName;

const NAME: &str = "publisher";
const NEW: &str = "publisher.new";

/// Why a state folder has no id.
#[derive(Debug, Error)]
pub enum MarkError {
    /// The folder or the file could not be used.
    #[error(
        "cannot keep the id of this Plumbline in {path}: {source}; name a folder that can be written \
         to and that stays with --state"
    )]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// What stands there is no id.
    #[error(
        "{path} is damaged: {source}; restore it, or delete it and take the findings over with --adopt"
    )]
    Invalid {
        /// The file.
        path: String,
        /// Why not.
        source: InvalidName,
    },
}

/// Whether a state folder has an id.
#[must_use]
pub fn has_mark(folder: &Path) -> bool {
    folder.join(NAME).exists()
}

/// The id of a state folder. One that has none gets one, which is on the disk before it is used.
///
/// # Errors
///
/// When it cannot be read, or not be kept.
pub fn mark_of_folder(folder: &Path) -> Result<PublisherId, MarkError> {
    let path = folder.join(NAME);
    let failed = |source| MarkError::Io { path: path.display().to_string(), source };
    match fs::read_to_string(&path) {
        Ok(text) => text
            .trim()
            .parse()
            .map_err(|source| MarkError::Invalid { path: path.display().to_string(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = PublisherId::folder(&random_name());
            keep(folder, &path, &id).map_err(failed)?;
            // Of two that make one at once, the first counts.
            let kept = fs::read_to_string(&path).map_err(failed)?;
            Ok(kept.trim().parse().unwrap_or(id))
        }
        Err(error) => Err(failed(error)),
    }
}

fn keep(folder: &Path, path: &Path, id: &PublisherId) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let new = folder.join(format!("{NEW}.{}", std::process::id()));
    let mut file = File::create(&new)?;
    writeln!(file, "{}", id.as_str())?;
    file.sync_all()?;
    let linked = fs::hard_link(&new, path); // fails where somebody else was faster
    let moved = match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(&new, path),
        _ => fs::remove_file(&new),
    };
    moved?;
    File::open(folder)?.sync_all()
}

/// Random enough that no two folders have one: 128 bits of hashers' seeds, and the time.
fn random_name() -> String {
    let half = || {
        let mut hasher = RandomState::new().build_hasher();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        hasher.write_u128(since.as_nanos());
        hasher.write_u32(std::process::id());
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_id_for_ever_and_no_other_folder_has_it() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let below = one.path().join("below");
        let id = mark_of_folder(&below).unwrap();
        assert_eq!(mark_of_folder(&below).unwrap(), id);
        assert_ne!(mark_of_folder(other.path()).unwrap(), id);
        let names: Vec<_> =
            fs::read_dir(&below).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, [NAME], "nothing else is left there");
    }

    #[test]
    fn an_id_that_is_damaged_is_an_error_and_no_new_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "\u{1b}[2J").unwrap();
        let error = mark_of_folder(folder.path()).unwrap_err();
        assert!(error.to_string().contains("is damaged"), "{error}");
    }
}
