use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::files::Access;
use super::*;
use crate::source::recorder_item::RECORDER;
use cel::{Projection, Step, Value};
use model::ItemStatus;

/// After all times of the items.
const NOW: Timestamp = Timestamp { seconds: 1_720_000_000, nanoseconds: 0 };

/// Keeps what it is given, with the number of its chunk.
#[derive(Default)]
struct Collector {
    chunk: Vec<String>,
    items: Vec<(u64, String)>,
}

impl ItemSink for Collector {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        let state = item.value.get("configuration").and_then(|value| value.get("state"));
        let state = state.as_ref().and_then(Value::as_str).unwrap_or("-");
        let state = if item.status == ItemStatus::Unreadable { "?" } else { state };
        self.chunk.push(format!("{}/{}/{state}", item.region, item.id));
    }

    fn chunk_done(&mut self, sequence: u64) {
        self.items.extend(self.chunk.drain(..).map(|item| (sequence, item)));
    }
}

fn item(resource_type: &str, region: &str, id: &str, day: u8, state: &str) -> String {
    format!(
        r#"{{"configuration":{{"state":"{state}"}},"configurationItemCaptureTime":"2024-05-{day:02}T00:00:00Z","awsAccountId":"123456789012","configurationItemStatus":"{}","resourceType":"{resource_type}","resourceId":"{id}","awsRegion":"{region}"}}"#,
        if state == "gone" { "ResourceDeleted" } else { "OK" }
    )
}

fn queue(id: &str, day: u8, state: &str) -> String {
    item("AWS::SQS::Queue", "eu-west-1", id, day, state)
}

fn role(region: &str, id: &str, day: u8, state: &str) -> String {
    item("AWS::IAM::Role", region, id, day, state)
}

fn snapshot(items: &[String]) -> String {
    format!(
        r#"{{"fileVersion":"1.0","configSnapshotId":"s","configurationItems":[{}]}}"#,
        items.join(",")
    )
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Reads files of these names and contents; gives what the workers were given, in order.
fn read(files: &[(&str, &[u8])]) -> (Vec<String>, ReadReport) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = match files {
        [(name, _)] => folder.path().join(name),
        _ => folder.path().to_owned(),
    };
    let read = read_path(&path, 2);
    assert_eq!(read_path(&path, 1).0, read.0, "the number of threads makes no difference");
    read
}

fn read_path(path: &Path, threads: usize) -> (Vec<String>, ReadReport) {
    let workers = (0..threads).map(|_| Collector::default()).collect();
    let snapshot = Snapshot::open(path).unwrap();
    let seen = AtomicU64::new(0);
    let progress = |bytes| seen.store(bytes, Ordering::Relaxed);
    let contents = snapshot.contents(NOW, threads, &progress);
    assert_eq!(seen.swap(0, Ordering::Relaxed), snapshot.total_bytes());
    let (workers, report) = snapshot.read(&contents, &Reading::everything(), workers, &progress);
    assert_eq!(seen.load(Ordering::Relaxed), snapshot.total_bytes());
    let items = in_order(workers);
    let everything = Reading::everything();
    let workers = (0..threads).map(|_| Collector::default()).collect();
    let once = snapshot.read_at_once((&everything, &everything), workers, NOW, &progress);
    if once.is_sure {
        assert_eq!(in_order(once.workers), items);
        assert_eq!(format!("{:?}", once.contents.unwrap().report), format!("{report:?}"));
    }
    (items, report)
}

fn in_order(workers: Vec<Collector>) -> Vec<String> {
    let mut items: Vec<_> = workers.into_iter().flat_map(|worker| worker.items).collect();
    items.sort_by_key(|(sequence, _)| *sequence);
    items.into_iter().map(|(_, item)| item).collect()
}

/// Whether one reading is enough for these files.
fn is_enough(files: &[(&str, &[u8])]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let everything = Reading::everything();
    let readings = (&everything, &everything);
    let snapshot = Snapshot::open(folder.path()).unwrap();
    snapshot.read_at_once(readings, vec![Collector::default()], NOW, &|_| {}).is_sure
}

#[test]
fn one_reading_is_enough_where_each_resource_has_one_whole_item_and_the_files_stay_as_they_are() {
    let one = snapshot(&[queue("a", 1, "x"), role("eu-west-1", "r", 1, "x")]);
    let another = snapshot(&[queue("b", 1, "gone")]);
    assert!(is_enough(&[("1.json", one.as_bytes()), ("2.jsonl", queue("c", 2, "x").as_bytes())]));
    // A resource that is gone has one item, too.
    assert!(is_enough(&[("2.json", another.as_bytes())]));
    let with = |item: &str| is_enough(&[("1.json", one.as_bytes()), ("2.jsonl", item.as_bytes())]);
    assert!(!with(&queue("a", 2, "y")), "a newer item");
    assert!(!with(&queue("a", 2, "gone")), "it is gone");
    assert!(!with(&role("us-east-1", "r", 2, "y")), "another region records it, too");
    assert!(!with(r#"{"resourceType":"AWS::SQS::Queue""#), "a broken item");
    let to_come = queue("d", 1, "x").replace("2024", "2999");
    assert!(!with(&to_come), "an item of a time to come");
    let rival = another.replace(r#""configSnapshotId":"s""#, r#""configSnapshotId":"t""#);
    assert!(!is_enough(&[("1.json", one.as_bytes()), ("2.json", rival.as_bytes())]), "rivals");
    assert!(!is_enough(&[("1.json", one.as_bytes()), ("2.json.gz", b"\x1f\x8b")]), "half a file");
}

fn messages(report: &ReadReport) -> Vec<String> {
    report.problems.iter().map(|problem| problem.message.clone()).collect()
}

#[test]
fn a_recorder_is_given_as_it_is_wanted_though_more_of_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = item(RECORDER, "eu-west-1", "r", 1, "x").replace("\"state\"", "\"State\"");
    fs::write(folder.path().join("r.jsonl"), text).unwrap();
    let mut part = Projection::NOTHING;
    part.add(&["configuration", "state"].map(|name| Step::Field(name.into())));
    let types = || [(RECORDER.parse().unwrap(), part.clone())];
    let (wanted, all) = (Reading::new(types()), survey_reading(types()));
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let contents = snapshot.contents(NOW, 1, &|_| {});
    let (workers, _) = snapshot.read(&contents, &wanted, vec![Collector::default()], &|_| {});
    assert_eq!(in_order(workers), ["eu-west-1/r/x"]);
    let once = snapshot.read_at_once((&wanted, &all), vec![Collector::default()], NOW, &|_| {});
    assert_eq!((once.is_sure, in_order(once.workers)), (true, vec!["eu-west-1/r/x".to_owned()]));
}

#[test]
fn a_snapshot_file_gives_each_of_its_items() {
    let text = snapshot(&[queue("a", 1, "x"), queue("b", 2, "y")]);
    for text in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let (items, report) = read(&[("s.json", &text)]);
        assert_eq!(items, ["eu-west-1/a/x", "eu-west-1/b/y"]);
        assert!(report.complete && report.items == 2, "{report:?}");
        let (place, occurrence) = report.types.first_key_value().unwrap();
        assert_eq!((&*place.region, &*place.resource_type), ("eu-west-1", "AWS::SQS::Queue"));
        assert_eq!(
            (occurrence.items, occurrence.newest_capture),
            (2, Timestamp::parse("2024-05-02T00:00:00Z"))
        );
    }
}

#[test]
fn items_come_in_the_order_of_the_input_whatever_the_threads() {
    let items: Vec<String> = (0..6000).map(|at| queue(&format!("q{at:05}"), 1, "x")).collect();
    let (found, report) = read(&[("s.json", snapshot(&items).as_bytes())]);
    let expected: Vec<String> = (0..6000).map(|at| format!("eu-west-1/q{at:05}/x")).collect();
    assert_eq!(found, expected);
    assert!(report.complete);
}

#[test]
fn a_gzip_file_of_several_members_is_read_to_its_end() {
    let text = snapshot(&[queue("a", 1, "x"), queue("b", 1, "y")]);
    let (head, tail) = text.as_bytes().split_at(100);
    let (items, report) = read(&[("s.json.gz", &[gzip(head), gzip(tail)].concat())]);
    assert_eq!((items.len(), report.complete), (2, true));
}

#[test]
fn a_file_cut_anywhere_is_never_complete() {
    let text = snapshot(&[queue("a", 1, "x"), role("global", "r", 1, "y")]).into_bytes();
    let zipped = gzip(&text);
    for whole in [text, zipped] {
        for end in 0..whole.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("s.json");
            fs::write(&path, &whole[..end]).unwrap();
            let (_, report) = read_path(&path, 1);
            assert!(!report.complete && !report.problems.is_empty(), "cut at byte {end}");
        }
    }
}

#[test]
fn of_a_history_the_newest_item_counts_and_deleted_resources_are_gone() {
    let first =
        [queue("a", 1, "old"), queue("b", 1, "x"), queue("c", 3, "gone"), queue("c", 2, "x")]
            .join("\n");
    let second = snapshot(&[queue("a", 2, "new"), queue("d", 1, "x")]);
    let (items, report) =
        read(&[("1.jsonl", first.as_bytes()), ("2.json.gz", &gzip(second.as_bytes()))]);
    assert_eq!(items, ["eu-west-1/b/x", "eu-west-1/a/new", "eu-west-1/d/x"]);
    assert!(report.complete && report.items == 6, "{report:?}");
}

#[test]
fn a_global_resource_counts_once_whatever_regions_record_it() {
    let roles = [
        role("eu-west-1", "r", 1, "old"),
        queue("a", 1, "x"),
        role("us-east-1", "r", 3, "new"),
        role("global", "r", 2, "mid"),
        role("eu-west-1", "s", 1, "x"),
        role("us-east-1", "s", 2, "gone"),
    ];
    let (items, report) = read(&[("s.json", snapshot(&roles).as_bytes())]);
    assert_eq!(items, ["eu-west-1/a/x", "us-east-1/r/new"]);
    assert!(report.complete, "{report:?}");
    let (items, _) = read(&[("s.jsonl", roles.join("\n").as_bytes())]);
    assert_eq!(items, ["eu-west-1/a/x", "us-east-1/r/new"]);
}

#[test]
fn a_regional_resource_that_stands_twice_in_a_snapshot_is_a_problem() {
    let (_, report) =
        read(&[("s.json", snapshot(&[queue("a", 1, "x"), queue("a", 2, "y")]).as_bytes())]);
    assert!(!report.complete);
    assert!(messages(&report)[0].contains("already contains"), "{report:?}");
    let elsewhere = item("AWS::SQS::Queue", "us-east-1", "a", 1, "x");
    let (_, report) = read(&[("s.json", snapshot(&[queue("a", 1, "x"), elsewhere]).as_bytes())]);
    assert!(report.complete);
}

#[test]
fn a_broken_item_is_reported_with_its_place_and_the_rest_is_read() {
    let good = [queue("a", 1, "x"), queue("c", 1, "z")];
    let broken = queue("b", 1, "y").replace(r#""y""#, "nope");
    let text = snapshot(&[good[0].clone(), broken.clone(), good[1].clone()]);
    let (items, report) = read(&[("s.json", text.as_bytes())]);
    assert_eq!(items, ["eu-west-1/a/x", "eu-west-1/c/z", "eu-west-1/b/?"]);
    assert!(!report.complete && report.problem_count == 1 && report.lost.is_empty());
    let problem = &report.problems[0];
    assert_eq!(problem.item, Some(2));
    let at = u64::try_from(text.find("nope").unwrap()).unwrap();
    assert!(problem.offset.abs_diff(at) <= 4, "{problem:?} {at}");
    assert!(
        problem.file.ends_with("s.json") && problem.message.starts_with("item 2 is broken"),
        "{problem:?}"
    );
}

#[test]
fn items_that_do_not_say_whose_they_are_are_problems() {
    for (key, name) in [
        ("awsAccountId", "accountId"),
        ("awsRegion", "awsRegion"),
        ("resourceType", "resourceType"),
    ] {
        let text = snapshot(&[queue("a", 1, "x").replace(key, "other")]);
        let (items, report) = read(&[("s.json", text.as_bytes())]);
        assert_eq!(items, [""; 0]);
        assert!(!report.complete && messages(&report)[0].contains(name), "{report:?}");
    }
}

#[test]
fn notifications_are_read_and_summaries_are_problems() {
    let event = format!(r#"{{"messageType":"x","configurationItem":{}}}"#, queue("a", 1, "x"));
    let scheduled = r#"{"messageType":"ScheduledNotification"}"#;
    let (items, report) = read(&[("n.jsonl", format!("{event}\n{scheduled}\n").as_bytes())]);
    assert_eq!(items, ["eu-west-1/a/x"]);
    assert!(report.complete, "{report:?}");
    let summary =
        r#"{"configurationItemSummary":{"resourceType":"AWS::SQS::Queue","resourceId":"a"}}"#;
    let (_, report) = read(&[("n.jsonl", summary.as_bytes())]);
    assert!(!report.complete && messages(&report)[0].contains("only a summary"), "{report:?}");
}

#[test]
fn an_empty_file_is_not_an_empty_account() {
    let (_, report) = read(&[("s.json", b"")]);
    assert!(!report.complete && messages(&report)[0].contains("it is empty"), "{report:?}");
    let (_, report) = read(&[("a.json", b""), ("b.json", snapshot(&[]).as_bytes())]);
    assert!(!report.complete);
    let (_, report) = read(&[("s.json", snapshot(&[]).as_bytes())]);
    assert!(report.complete);
}

#[test]
fn without_workers_nothing_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.json"), snapshot(&[])).unwrap();
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let contents = snapshot.contents(NOW, 1, &|_| {});
    let reading = Reading::everything();
    assert!(!snapshot.read(&contents, &reading, Vec::<Collector>::new(), &|_| {}).1.complete);
}

#[test]
fn what_can_be_read_once_is_kept_and_read_as_often_as_needed() {
    let text = [queue("a", 1, "x"), queue("a", 2, "y")].join("\n");
    let kept = SnapshotFile::keep("standard input", text.as_bytes()).unwrap();
    let snapshot = Snapshot::of(vec![kept]);
    let contents = snapshot.contents(NOW, 1, &|_| {});
    let (workers, report) =
        snapshot.read(&contents, &Reading::everything(), vec![Collector::default()], &|_| {});
    assert_eq!(workers[0].items, [(0, "eu-west-1/a/y".to_owned())]);
    assert!(report.complete);
    let (account, region) = ("123456789012".parse().unwrap(), "eu-west-1".parse().unwrap());
    assert_eq!(contents.taken_at(&account, &region), Timestamp::parse("2024-05-02T00:00:00Z"));
}

/// How often the files at a path are read from the beginning, for contents and items together.
fn readings(text: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.json");
    fs::write(&path, text).unwrap();
    let snapshot = Snapshot::open(&path).unwrap();
    let ends = AtomicU64::new(0);
    let before = AtomicU64::new(u64::MAX);
    let progress = |bytes| {
        // The end is reported once more when nothing follows it.
        if before.swap(bytes, Ordering::Relaxed) != bytes && bytes == snapshot.total_bytes() {
            ends.fetch_add(1, Ordering::Relaxed);
        }
    };
    let contents = snapshot.contents(NOW, 1, &progress);
    before.store(u64::MAX, Ordering::Relaxed);
    snapshot.read(&contents, &Reading::everything(), vec![Collector::default()], &progress);
    usize::try_from(ends.into_inner()).unwrap()
}

#[test]
fn a_third_reading_is_only_for_resources_with_several_items() {
    let items: Vec<String> = (0..2000).map(|at| queue(&format!("q{at}"), 1, "x")).collect();
    assert_eq!(readings(&snapshot(&items)), 2);
    let doubled = [&items[..], &[queue("q0", 2, "y")]].concat();
    assert_eq!(readings(&doubled.join("\n")), 3);
}

#[test]
fn a_file_that_hangs_is_lost_and_holds_up_neither_others_nor_the_next_reading() {
    let folder = tempfile::tempdir().unwrap();
    let [silent, good] = ["a.json", "b.json"].map(|name| folder.path().join(name));
    for path in [&silent, &good] {
        fs::write(path, snapshot(&[queue("a", 1, "x")])).unwrap();
    }
    let mut files = files::find(folder.path()).unwrap();
    // A pipe that nobody writes to answers as a server does that is silent, once nothing refuses it.
    fs::remove_file(&silent).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&silent).status();
    assert!(made.unwrap().success());
    let access = Access { open: |path| fs::File::open(path), patience: Duration::from_millis(300) };
    // The other one is waited for as usual: a busy machine may take longer than this.
    let waited_for_briefly = files.remove(0).with(access);
    files.insert(0, waited_for_briefly);
    let snapshot = Snapshot::of(files);
    let contents = snapshot.contents(NOW, 1, &|_| {});
    let (workers, report) =
        snapshot.read(&contents, &Reading::everything(), vec![Collector::default()], &|_| {});
    let items: Vec<_> = workers[0].items.iter().map(|(_, item)| item.as_str()).collect();
    assert_eq!(items, ["eu-west-1/a/x"]);
    assert!(!report.complete && report.lost.contains(&Lost::default()), "{report:?}");
    let messages = messages(&report);
    assert!(messages.iter().any(|it| it.contains("still waits for an answer")), "{messages:?}");
    // Once it answers, it is read again.
    fs::OpenOptions::new().write(true).open(&silent).unwrap();
}
