//! The files that hold objects.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};
use thiserror::Error;

use crate::document::{Diagnostic, SourceFile};
use model::wide_text_problem;

/// The file of patterns, in a folder, of what is not read in it and below it.
pub const IGNORE_FILE: &str = ".plumblineignore";
/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// How much of a JSON file is looked at to tell an object from a snapshot, which may be huge.
const HEAD: u64 = 1024;
/// The largest file that is read as objects.
const MAX_BYTES: u64 = 16 << 20;

/// Which files of folders are not read: those that match a pattern as `.gitignore` has them, relative
/// to the folder.
#[derive(Debug, Clone, Default)]
pub struct Excluded(Vec<String>);

/// A pattern that is none.
#[derive(Debug, Error)]
#[error("{pattern:?} is not a pattern of file names: {source}")]
pub struct InvalidPattern {
    pattern: String,
    source: ignore::Error,
}

impl Excluded {
    /// What matches any of these patterns.
    ///
    /// # Errors
    ///
    /// The first text that is no pattern.
    pub fn matching(patterns: &[String]) -> Result<Self, InvalidPattern> {
        for pattern in patterns {
            let tried = OverrideBuilder::new("").add(&format!("!{pattern}")).map(|_| ());
            tried.map_err(|source| InvalidPattern { pattern: pattern.clone(), source })?;
        }
        Ok(Self(patterns.to_vec()))
    }

    /// The patterns as they hold below a folder.
    fn below(&self, folder: &Path) -> Override {
        let mut patterns = OverrideBuilder::new(folder);
        for pattern in &self.0 {
            // Each was tried when it was given.
            let _ = patterns.add(&format!("!{pattern}"));
        }
        patterns.build().unwrap_or_else(|_| Override::empty())
    }
}

/// Files that were read, and what is wrong with those that could not be.
#[derive(Debug, Default)]
struct Files {
    read: Vec<SourceFile>,
    mistakes: Vec<Diagnostic>,
}

/// The file at `path` (`-` is standard input), or the files that hold objects in the folder there
/// and below it, in the order of their names, and what cannot be read. Hidden files, and what is
/// excluded here or by an ignore file, are passed over.
pub fn object_files(path: &Path, excluded: &Excluded) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    object_files_again(path, excluded, |_| false)
}

/// The same, of what was read before: a JSON file that held objects is one of theirs whatever it
/// begins with now.
pub fn object_files_again(
    path: &Path,
    excluded: &Excluded,
    held_objects: impl Fn(&Path) -> bool,
) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    let mut files = Files::default();
    if path == Path::new(STANDARD_INPUT) {
        files.add("standard input".into(), text_of(io::stdin().lock()));
    } else if path.is_dir() {
        files.collect(path, excluded, held_objects);
    } else {
        files.add(path.to_owned(), read(path));
    }
    (files.read, files.mistakes)
}

impl Files {
    fn collect(
        &mut self,
        folder: &Path,
        excluded: &Excluded,
        held_objects: impl Fn(&Path) -> bool,
    ) {
        let mut walk = WalkBuilder::new(folder);
        walk.standard_filters(false)
            .hidden(true)
            .parents(false)
            .follow_links(true)
            .add_custom_ignore_filename(IGNORE_FILE)
            .overrides(excluded.below(folder))
            .sort_by_file_name(Ord::cmp);
        for entry in walk.build() {
            match entry {
                Ok(entry) => {
                    let broken = entry.error().map(|error| unreadable(entry.path(), error));
                    self.mistakes.extend(broken);
                    self.entry(entry, &held_objects);
                }
                Err(error) => self.mistakes.extend(unlisted(folder, &error)),
            }
        }
    }

    fn entry(&mut self, entry: DirEntry, held_objects: impl Fn(&Path) -> bool) {
        let is = |of: fn(&FileType) -> bool| entry.file_type().as_ref().is_some_and(of);
        let path = entry.path();
        if is(FileType::is_file) {
            if holds_objects(path) || held_objects(path) {
                let text = read(path);
                self.add(entry.into_path(), text);
            }
        } else if !is(FileType::is_dir) && has_ending_of_objects(path) {
            // A pipe would be waited for, perhaps for ever.
            let error = io::Error::other("it is not a regular file");
            self.add(entry.into_path(), Err(error));
        }
    }

    fn add(&mut self, path: PathBuf, text: io::Result<String>) {
        match text {
            Ok(text) => self.read.push(SourceFile::new(path, text)),
            Err(error) => self.mistakes.push(unreadable(&path, &error)),
        }
    }
}

/// What cannot be reached below a folder. A link to nowhere that would hold no object is none of
/// ours, and a ring of links hides nothing.
fn unlisted(folder: &Path, error: &ignore::Error) -> Option<Diagnostic> {
    match error {
        ignore::Error::Loop { .. } => None,
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            unlisted(folder, err)
        }
        ignore::Error::WithPath { path, err } => {
            (path.is_dir() || has_ending_of_objects(path)).then(|| unreadable(path, err.as_ref()))
        }
        error => Some(unreadable(folder, error)),
    }
}

/// Whether a file is named like one of objects, in whatever case.
pub fn has_ending_of_objects(path: &Path) -> bool {
    matches!(ending(path).as_str(), "yaml" | "yml" | "json")
}

/// A file's ending in lower case: `yaml` of `baseline.YAML`.
fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

fn holds_objects(path: &Path) -> bool {
    match ending(path).as_str() {
        "yaml" | "yml" => true,
        // What cannot be read is read once more, and said.
        "json" => head(path).map_or(true, |head| {
            // One that was emptied may have held objects.
            head.contains("\"apiVersion\"") || head.trim().is_empty()
        }),
        _ => false,
    }
}

fn head(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut bytes)?;
    // Of UTF-16 and UTF-32 the letters stand between zeros.
    bytes.retain(|byte| *byte != 0);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read(path: &Path) -> io::Result<String> {
    text_of(File::open(path)?)
}

fn text_of(input: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    let read = input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if read as u64 > MAX_BYTES {
        let message = "the file is larger than 16 MiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    if let Some(problem) = wide_text_problem(&bytes) {
        return Err(invalid(problem.to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        invalid(format!("byte {at} is not valid UTF-8: save it as UTF-8"))
    })
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Diagnostic {
    let message = format!("cannot be read: {error}");
    Diagnostic { file: SourceFile::new(path, ""), range: 0..0, message, help: None }
}
