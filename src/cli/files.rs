//! The YAML files that commands read, and what to call what they hold.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::CommandError;
use super::plural::counted;
use manifest::document::Diagnostic;
use manifest::{Excluded, Objects, STANDARD_INPUT, load_paths_without};

/// Which files of folders are left out.
#[derive(Debug, Args)]
pub(super) struct Exclusion {
    /// Leave out files that match this pattern, in the syntax of .gitignore; may be given several
    /// times. A file .plumblineignore in a folder has such patterns, one per line.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
}

/// The baselines to work on.
#[derive(Debug, Args)]
pub(super) struct BaselineFiles {
    /// A YAML file or folder with `SecurityBaseline`s and the objects that they refer to, or `-`
    /// for standard input; may be given several times.
    ///
    /// If they contain no `AwsAccount`, every baseline applies to all accounts and regions in the
    /// snapshot or, with --live, to the account of the credentials.
    #[arg(long, value_name = "PATH", required = true)]
    baseline: Vec<PathBuf>,
    #[command(flatten)]
    exclusion: Exclusion,
}

impl Exclusion {
    /// Reads files and folders, and says what is wrong with what is in them.
    ///
    /// # Errors
    ///
    /// When a pattern is none, or standard input would be read twice.
    pub(super) fn load(
        &self,
        paths: &[PathBuf],
    ) -> Result<(Objects, Vec<Diagnostic>), CommandError> {
        once(paths.iter().map(PathBuf::as_path))?;
        let excluded = Excluded::matching(&self.exclude)
            .map_err(|error| CommandError::Usage(format!("--exclude: {error}")))?;
        Ok(load_paths_without(paths.iter().map(PathBuf::as_path), &excluded))
    }
}

impl BaselineFiles {
    /// Reads the files, and says what is wrong with what is in them.
    ///
    /// # Errors
    ///
    /// When a pattern is none, or standard input would be read twice.
    pub(super) fn load(&self) -> Result<(Objects, Vec<Diagnostic>), CommandError> {
        self.exclusion.load(&self.baseline)
    }

    /// The paths, as they were given.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.baseline
    }
}

/// Refuses to read standard input more than once, which gives nothing the second time.
pub(super) fn once<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<(), CommandError> {
    let inputs = paths.into_iter().filter(|path| *path == Path::new(STANDARD_INPUT)).count();
    if inputs < 2 {
        return Ok(());
    }
    let problem = "standard input can be read only once: give `-` once, and files for the rest";
    Err(CommandError::Usage(problem.to_owned()))
}

/// Paths as a sentence lists them.
pub(super) fn listed(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

/// What was read: `3 files: 2 baselines, 1 account`.
pub(super) fn summary(objects: &Objects) -> String {
    let mut parts: Vec<String> =
        objects.counts().map(|(called, count)| counted(count, called)).collect();
    if objects.others > 0 {
        parts.push(format!("{} of other API groups", counted(objects.others, "object")));
    }
    let files = counted(objects.files, "file");
    if parts.is_empty() {
        format!("{files}: no object")
    } else {
        format!("{files}: {}", parts.join(", "))
    }
}
