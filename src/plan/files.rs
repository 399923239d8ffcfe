//! The files that hold objects.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};
use thiserror::Error;

use crate::api::document::{Diagnostic, SourceFile};

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
    let mut files = Files::default();
    if path == Path::new(STANDARD_INPUT) {
        files.add("standard input".into(), text_of(io::stdin().lock()));
    } else if path.is_dir() {
        files.collect(path, excluded);
    } else {
        files.add(path.to_owned(), read(path));
    }
    (files.read, files.mistakes)
}

impl Files {
    fn collect(&mut self, folder: &Path, excluded: &Excluded) {
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
                    if is_file(&entry) && holds_objects(entry.path()) {
                        let text = read(entry.path());
                        self.add(entry.into_path(), text);
                    }
                }
                Err(error) => self.mistakes.extend(unlisted(folder, &error)),
            }
        }
    }

    fn add(&mut self, path: PathBuf, text: io::Result<String>) {
        match text {
            Ok(text) => self.read.push(SourceFile::new(path, text)),
            Err(error) => self.mistakes.push(unreadable(&path, &error)),
        }
    }
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| !kind.is_dir())
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

fn has_ending_of_objects(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("yaml" | "yml" | "json"))
}

fn holds_objects(path: &Path) -> bool {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => true,
        Some("json") => head(path).is_ok_and(|head| head.contains("\"apiVersion\"")),
        _ => false,
    }
}

fn head(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read(path: &Path) -> io::Result<String> {
    text_of(File::open(path)?)
}

fn text_of(input: impl Read) -> io::Result<String> {
    let mut text = String::new();
    let read = input.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_BYTES {
        let message = "the file is larger than 16 MiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Diagnostic {
    let message = format!("cannot be read: {error}");
    Diagnostic { file: SourceFile::new(path, ""), range: 0..0, message, help: None }
}
