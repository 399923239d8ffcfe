//! What is published lasts, whatever happens in between.

use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::{CHUNK, FINDINGS, JsonLines, OpenError, compaction, recovery};
use crate::publish::{FindingSink, PublishError, Published};
use engine::drift::fixture::{at, finding, findings};
use engine::drift::{Finding, FindingChange, Installation, Publisher};

/// Another installation.
fn blue() -> Publisher {
    let installation: Installation = "blue".parse().unwrap();
    installation.into()
}

/// Runs what never waits.
fn publish(sink: &mut JsonLines, changes: &[FindingChange]) -> Result<Published, PublishError> {
    let mut publishing = pin!(sink.publish(changes));
    let Poll::Ready(published) = publishing.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("a file does not wait");
    };
    published
}

fn opened(names: impl IntoIterator<Item = usize>, seconds: i64) -> Vec<FindingChange> {
    let names: Vec<String> = names.into_iter().map(|name| format!("🪣-{name}")).collect();
    let findings = findings(&names, at(seconds)).into_iter().map(Into::into);
    findings.map(FindingChange::Opened).collect()
}

fn known(sink: &JsonLines) -> Vec<Finding> {
    let mut known: Vec<Finding> = sink.known().iter().cloned().collect();
    known.sort_by(|one, other| one.id.cmp(&other.id));
    known
}

fn open(folder: &Path) -> JsonLines {
    JsonLines::open(folder, &Publisher::default()).unwrap()
}

#[test]
fn what_was_published_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = open(folder.path());
    assert_eq!(publish(&mut sink, &opened(0..3, 0)).unwrap().accepted, 3);
    publish(&mut sink, &opened(1..2, 60)).unwrap();
    let before = known(&sink);
    drop(sink);
    let sink = open(folder.path());
    assert_eq!(known(&sink), before);
    assert_eq!(sink.known().len(), 3);
    assert_eq!(fs::read_to_string(sink.path()).unwrap().lines().count(), 4);
}

#[test]
fn of_two_lines_for_one_finding_the_later_update_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = open(folder.path());
    publish(&mut sink, &opened(0..1, 60)).unwrap();
    publish(&mut sink, &opened(0..1, 0)).unwrap();
    drop(sink);
    assert_eq!(known(&open(folder.path()))[0].updated_at, at(60));
}

/// Two lines as they stand in a file.
fn two_lines() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = open(folder.path());
    publish(&mut sink, &opened(0..2, 0)).unwrap();
    fs::read(sink.path()).unwrap()
}

/// How many of the lines are whole, and how many bytes follow them.
fn whole_lines(bytes: &[u8]) -> (usize, u64) {
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    (parts.len() - 1, parts.last().unwrap().len() as u64)
}

#[test]
fn every_whole_line_of_a_file_cut_at_any_byte_is_read() {
    let file = two_lines();
    for length in 0..=file.len() {
        let recovered = recovery::read(&file[..length], Path::new(FINDINGS)).unwrap();
        let (lines, torn) = whole_lines(&file[..length]);
        assert_eq!((recovered.known.len(), recovered.torn), (lines, torn), "cut at {length}");
        assert_eq!(recovered.length + recovered.torn, length as u64, "cut at {length}");
    }
}

#[test]
fn a_file_cut_at_any_byte_goes_on_after_its_last_whole_line() {
    let file = two_lines();
    let end_of_first = file.iter().position(|byte| *byte == b'\n').unwrap();
    let lengths = (0..file.len()).step_by(131).chain(end_of_first - 1..end_of_first + 3);
    for length in lengths.chain([file.len() - 1, file.len()]) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FINDINGS), &file[..length]).unwrap();
        let mut sink = open(folder.path());
        let (lines, torn) = whole_lines(&file[..length]);
        assert_eq!((sink.known().len(), sink.torn_bytes()), (lines, torn), "cut at {length}");
        publish(&mut sink, &opened(2..3, 0)).unwrap();
        drop(sink);
        assert_eq!(open(folder.path()).known().len(), lines + 1, "cut at {length}");
    }
}

#[test]
fn a_line_that_is_no_finding_is_refused_and_left_there() {
    let folder = tempfile::tempdir().unwrap();
    publish(&mut open(folder.path()), &opened(0..2, 0)).unwrap();
    let file = folder.path().join(FINDINGS);
    let mut lines: Vec<String> =
        fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    lines[0].truncate(40);
    let damaged = lines.join("\n") + "\n";
    fs::write(&file, &damaged).unwrap();
    let error = JsonLines::open(folder.path(), &Publisher::default()).unwrap_err();
    assert!(matches!(error, OpenError::Corrupt { line: 1, .. }), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
}

#[test]
fn a_folder_is_used_by_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let sink = open(folder.path());
    let error = JsonLines::open(folder.path(), &Publisher::default()).unwrap_err();
    assert!(matches!(error, OpenError::Held { .. }));
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    drop(sink);
    open(folder.path());
}

#[test]
fn looking_at_a_folder_writes_nothing_and_needs_no_turn() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = open(folder.path());
    publish(&mut sink, &opened(0..2, 0)).unwrap();
    let mut torn = fs::read(sink.path()).unwrap();
    torn.extend(b"{\"Schema");
    fs::write(sink.path(), &torn).unwrap();
    let left = |of: Publisher| JsonLines::read_only(folder.path(), &of).unwrap().0.len();
    assert_eq!((left(Publisher::default()), left(blue())), (2, 0));
    assert_eq!(fs::read(sink.path()).unwrap(), torn);
}

#[test]
fn a_state_folder_is_one_of_findings_or_has_one_for_each_account() {
    let state = tempfile::tempdir().unwrap();
    assert_eq!(JsonLines::folders(state.path()).unwrap(), [""; 0].map(std::path::PathBuf::from));
    let accounts = ["111122223333", "444455556666"].map(|account| state.path().join(account));
    for account in &accounts {
        drop(open(account));
    }
    fs::create_dir(state.path().join("lost+found")).unwrap();
    assert_eq!(JsonLines::folders(state.path()).unwrap(), accounts);
    assert_eq!(JsonLines::folders(&accounts[0]).unwrap(), &accounts[..1]);
}

#[test]
fn a_file_of_old_lines_is_made_small_without_losing_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = open(folder.path());
    for round in 0..12 {
        publish(&mut sink, &opened(0..CHUNK, round)).unwrap();
    }
    let before = known(&sink);
    let lines = |sink: &JsonLines| fs::read_to_string(sink.path()).unwrap().lines().count();
    assert_eq!(lines(&sink), CHUNK * 2);
    publish(&mut sink, &opened(0..1, 100)).unwrap();
    drop(sink);
    let sink = open(folder.path());
    assert_eq!(lines(&sink), CHUNK * 2 + 1);
    assert_eq!(known(&sink)[1..], before[1..]);
    assert_eq!(known(&sink)[0].updated_at, at(100));
}

#[test]
fn findings_of_another_installation_are_not_known_and_stay_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = open(folder.path());
    publish(&mut sink, &opened(0..3, 0)).unwrap();
    let before = known(&sink);
    drop(sink);
    let blue = JsonLines::open(folder.path(), &blue()).unwrap();
    assert_eq!(blue.known().len(), 0);
    drop(blue);
    assert_eq!(known(&open(folder.path())), before);
}

#[test]
fn a_file_that_is_made_small_keeps_the_findings_of_other_installations() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = open(folder.path());
    for round in 0..11 {
        publish(&mut sink, &opened(0..CHUNK, round)).unwrap();
    }
    let before = known(&sink);
    drop(sink);
    let blue = JsonLines::open(folder.path(), &blue()).unwrap();
    assert_eq!(fs::read_to_string(blue.path()).unwrap().lines().count(), CHUNK);
    drop(blue);
    assert_eq!(known(&open(folder.path())), before);
}

#[test]
fn what_was_archived_long_ago_is_forgotten() {
    const DAY: i64 = 24 * 60 * 60;
    let mut known = engine::drift::KnownFindings::new();
    known.upsert(Finding { archived: true, ..finding("old", at(0)) });
    known.upsert(Finding { archived: true, ..finding("recent", at(50 * DAY)) });
    known.upsert(finding("open", at(0)));
    known.upsert(finding("newest", at(100 * DAY)));
    compaction::forget_long_archived(&mut known);
    let mut left: Vec<&str> = known.iter().map(|finding| finding.resource.id.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["newest", "open", "recent"]);
}
