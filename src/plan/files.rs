//! The files that hold objects.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::api::document::{Diagnostic, SourceFile};

/// How much of a JSON file is looked at to tell an object from a snapshot, which may be huge.
const HEAD: u64 = 1024;
/// The largest file that is read as objects.
const MAX_BYTES: u64 = 16 << 20;

/// The file at `path`, or the files that hold objects in the folder there and below it, in the
/// order of their names, and what cannot be read. Hidden files are passed over.
pub fn object_files(path: &Path) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    if path.is_dir() {
        collect(path, &mut files, &mut mistakes);
    } else {
        add(path.to_owned(), &mut files, &mut mistakes);
    }
    (files, mistakes)
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>, mistakes: &mut Vec<Diagnostic>) {
    match entries(folder) {
        Err(error) => mistakes.push(unreadable(folder, &error)),
        Ok(entries) => {
            for entry in entries.into_iter().filter(|entry| !is_hidden(entry)) {
                if entry.is_dir() {
                    collect(&entry, files, mistakes);
                } else if holds_objects(&entry) {
                    add(entry, files, mistakes);
                }
            }
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn add(path: PathBuf, files: &mut Vec<SourceFile>, mistakes: &mut Vec<Diagnostic>) {
    match read(&path) {
        Ok(text) => files.push(SourceFile::new(path, text)),
        Err(error) => mistakes.push(unreadable(&path, &error)),
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
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
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_BYTES {
        let message = "the file is larger than 16 MiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("cannot be read: {error}");
    Diagnostic { file: SourceFile::new(path, ""), range: 0..0, message, help: None }
}
