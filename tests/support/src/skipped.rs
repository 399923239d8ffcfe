//! What is skipped on this machine, and why: said where it is skipped, and once more at the end.
//!
//! `cargo test` runs one process for each file of tests. Each notes what it skips in a file of the
//! run, which is that of Cargo's own process; the package `summary`, whose test comes last, tells it
//! all.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _, stderr}; // past the harness's capture
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::thread;

/// The tests that were skipped, by why.
pub type Skipped = BTreeMap<String, BTreeSet<String>>;

/// Notes that this test is skipped. `why` says what is missing and how to get it.
pub fn skip(why: &str) {
    let test = format!("{}: {}", file(), thread::current().name().unwrap_or("a test"));
    _ = writeln!(stderr(), "SKIPPED: {test}: {why}");
    let noted = fs::create_dir_all(folder()).and_then(|()| note(&of_run(), &test, why));
    noted.unwrap_or_else(|error| panic!("cannot note what is skipped: {error}"));
}

fn note(run: &Path, test: &str, why: &str) -> io::Result<()> {
    let mut run = OpenOptions::new().create(true).append(true).open(run)?;
    // One write: processes that write at once leave whole lines.
    run.write_all(format!("{test}\t{}\n", why.replace(['\t', '\n'], " ")).as_bytes())
}

/// What this run of Cargo has skipped so far. Notes of other runs are removed.
pub fn of_this_run() -> Skipped {
    let noted = fs::read_to_string(of_run()).unwrap_or_default();
    _ = fs::remove_dir_all(folder());
    read(&noted)
}

fn read(noted: &str) -> Skipped {
    let mut skipped = Skipped::new();
    for (test, why) in noted.lines().filter_map(|line| line.split_once('\t')) {
        skipped.entry(why.to_owned()).or_default().insert(test.to_owned());
    }
    skipped
}

/// What is said at the end.
pub fn summary(skipped: &Skipped) -> String {
    if skipped.is_empty() {
        return "\nNo test that ran skipped anything.\n".to_owned();
    }
    let count: usize = skipped.values().map(BTreeSet::len).sum();
    let mut text = format!("\n{count} TESTS WERE SKIPPED and show nothing:\n");
    for (why, tests) in skipped {
        let mut files: BTreeMap<&str, usize> = BTreeMap::new();
        for test in tests {
            *files.entry(test.split(':').next().unwrap_or_default()).or_default() += 1;
        }
        let files: Vec<String> = files.iter().map(|(file, of)| format!("{of} of {file}")).collect();
        _ = writeln!(text, "  {}: {why}", files.join(", "));
    }
    text + "`make test` gets what is missing, and fails where it cannot.\n\n"
}

fn folder() -> PathBuf {
    crate::program().with_file_name("skipped")
}

fn of_run() -> PathBuf {
    folder().join(parent_id().to_string())
}

/// The name of this file of tests: that of its process, without the hash that Cargo gives it.
fn file() -> String {
    let test = env::current_exe().unwrap_or_default();
    let name = test.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    name.rsplit_once('-').map_or(name.clone(), |(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_tests_by_file_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("1");
        for (test, why) in [
            ("kill: one", "no\ndouble"),
            ("live: two", "no\ndouble"),
            ("live: three", "no\ndouble"),
            ("live: three", "no\ndouble"),
            ("image: four", "no image"),
        ] {
            note(&run, test, why).unwrap();
        }
        let text = summary(&read(&fs::read_to_string(run).unwrap()));
        assert!(text.contains("\n4 TESTS WERE SKIPPED"), "{text}");
        assert!(text.contains("  1 of kill, 2 of live: no double\n"), "{text}");
        assert!(text.contains("  1 of image: no image\n"), "{text}");
        assert!(!summary(&Skipped::new()).contains("SKIPPED"));
    }
}
