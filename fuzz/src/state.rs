//! The state folder: after any bytes in its file, every finding of a whole line is known, what was torn
//! off is said, what is not a finding is refused and left there, and publishing goes on.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use aws::publish::{FindingSink, JsonLines, OpenError};
use engine::drift::asff::Document;
use engine::drift::{Finding, FindingChange, Publisher, fixture};

use crate::folder;

/// Lines of three findings at three times, and of another installation's.
static LINES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut lines = Vec::new();
    for seconds in [0, 60, 30] {
        let ids = ["logs", "🪣", "a"].map(str::to_owned);
        for finding in fixture::findings(&ids, fixture::at(seconds)) {
            lines.push(line(&finding));
            lines.push(line(&Finding { archived: true, ..finding }));
        }
    }
    let text = String::from_utf8(lines[0].clone()).unwrap();
    lines.push(
        text.replace("\"plumbline/installation\":\"", "\"plumbline/installation\":\"x").into(),
    );
    lines
});

fn line(finding: &Finding) -> Vec<u8> {
    let mut line = serde_json::to_vec(&finding.to_asff()).unwrap();
    line.push(b'\n');
    line
}

/// Makes a file and opens its folder. A byte from 0xe0 on stands for one of our lines, or for the end of
/// what is kept of it; others are themselves.
pub fn check(data: &[u8]) {
    let file = file(data);
    let path = folder::file("state");
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("findings.jsonl"), &file).unwrap();
    let read = || fs::read(path.join("findings.jsonl")).unwrap();

    let expected = expected(&file);
    let whole = file.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let opened = JsonLines::open(&path, &Publisher::default());
    let mut sink = match (opened, &expected) {
        (Ok(sink), Ok(_)) => sink,
        (Err(OpenError::Corrupt { line, .. }), Err(expected)) => {
            assert_eq!(line, *expected);
            assert!(
                read() == file || read() == file[..whole],
                "a file that is refused was changed"
            );
            return;
        }
        (opened, expected) => panic!("{opened:?}, expected {expected:?}"),
    };
    let expected = expected.unwrap();
    assert_eq!(sink.torn_bytes(), (file.len() - whole) as u64);
    assert!(read() == file[..whole], "not what was whole");
    same(sink.known().iter(), expected.values());

    let new = fixture::finding("new", fixture::at(90));
    publish(&mut sink, FindingChange::Opened(Arc::new(new.clone())));
    drop(sink);
    let again = JsonLines::open(&path, &Publisher::default()).unwrap();
    assert_eq!(again.torn_bytes(), 0);
    same(again.known().iter(), expected.values().chain([&new]));
}

fn file(data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for byte in data {
        match byte {
            0xff => drop(file.pop()),
            0xfe => file.truncate(file.len().saturating_sub(400)),
            0xe0..0xfe => file.extend(&LINES[usize::from(byte - 0xe0) % LINES.len()]),
            byte => file.push(*byte),
        }
    }
    file
}

/// What is known of the file, or the first line that is no finding.
fn expected(file: &[u8]) -> Result<BTreeMap<String, Finding>, u64> {
    let mut known: BTreeMap<String, Finding> = BTreeMap::new();
    let mut lines: Vec<&[u8]> = file.split(|byte| *byte == b'\n').collect();
    lines.pop();
    let publisher = Publisher::default();
    for (line, number) in lines.into_iter().zip(1_u64..) {
        let document: Document = serde_json::from_slice(line).map_err(|_| number)?;
        let finding = Finding::try_from(document).map_err(|_| number)?;
        let id = finding.id.to_string();
        if known.get(&id).is_none_or(|known| known.updated_at <= finding.updated_at) {
            known.insert(id, finding);
        }
    }
    known.retain(|_, finding| {
        finding.generator.installation == publisher.installation && publisher.owns(finding)
    });
    Ok(known)
}

fn same<'f>(found: impl Iterator<Item = &'f Finding>, expected: impl Iterator<Item = &'f Finding>) {
    let sorted = |findings: Vec<&'f Finding>| {
        let by_id = findings.into_iter().map(|finding| (finding.id.to_string(), finding));
        by_id.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(sorted(found.collect()), sorted(expected.collect()));
}

/// A file does not wait.
fn publish(sink: &mut JsonLines, change: FindingChange) {
    let changes = [change];
    let mut publishing = pin!(sink.publish(&changes));
    let Poll::Ready(published) = publishing.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("a file does not wait");
    };
    assert_eq!(published.unwrap().accepted, 1);
}
