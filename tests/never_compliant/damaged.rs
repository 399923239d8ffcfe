//! Files in which the newest item of some resource is damaged: whatever happens to it, no older item
//! speaks for it, and no resource is taken for gone.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use aws::source::{ItemSink, ReadReport, Snapshot};
use cel::Timestamp;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::{ConfigurationItem, ItemStatus, Reading};
use serde_json::{Value as Json, json};

use crate::world::{ACCOUNT, REGIONS};
use support::random::Random;

/// After all times of the items, but for those of a time to come.
const NOW: Timestamp = Timestamp { seconds: 1_770_000_000, nanoseconds: 0 };
const BUCKET: &str = "AWS::S3::Bucket";
const ROLE: &str = "AWS::IAM::Role";
/// So many resources are in one file.
const RESOURCES: usize = 24;

/// A resource: its type, its region unless it is global, its id.
type Key = (String, String, String);

/// The items of some resources, the newest of each last.
struct History {
    items: Vec<(Key, Vec<Json>)>,
}

/// What is said of each resource: what its newest item says, or that nothing is known.
#[derive(Debug, Default, PartialEq)]
struct Said {
    states: BTreeMap<Key, Option<String>>,
    /// The ids of resources that were given twice.
    twice: Vec<String>,
}

impl ItemSink for Said {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        let region = if item.resource_type == ROLE { "" } else { item.region };
        let key = (item.resource_type.into(), region.into(), item.id.into());
        let state = item.value.get("configuration").and_then(|it| it.get("state"));
        let state = state.and_then(|state| state.as_str().map(str::to_owned));
        let state = state.filter(|_| item.status != ItemStatus::Unreadable);
        if self.states.insert(key, state).is_some() {
            self.twice.push(item.id.into());
        }
    }
}

impl History {
    fn new(dice: &mut Random, most_copies: usize) -> Self {
        let items = (0..RESOURCES).map(|number| {
            let (name, id) = (dice.pick(&[BUCKET, BUCKET, ROLE]), format!("r-{number}"));
            let home = dice.pick(&REGIONS);
            let copies = 1 + dice.below(most_copies);
            let copies = (0..copies).map(|age| {
                let region = if name == ROLE { dice.pick(&REGIONS) } else { home };
                item(dice, name, region, &id, age, age > 0 && age + 1 == copies)
            });
            let region = if name == ROLE { "" } else { home };
            let copies: Vec<Json> = copies.collect();
            ((name.to_owned(), region.to_owned(), id), copies)
        });
        Self { items: items.collect() }
    }

    /// What is true of each resource that is there.
    fn truth(&self) -> BTreeMap<Key, String> {
        let newest = self.items.iter().filter_map(|(key, items)| Some((key, items.last()?)));
        let there = newest.filter(|(_, item)| item["configurationItemStatus"] == "OK");
        there.map(|(key, item)| (key.clone(), state(item).to_owned())).collect()
    }
}

fn state(item: &Json) -> &str {
    item["configuration"]["state"].as_str().unwrap()
}

fn item(dice: &mut Random, name: &str, region: &str, id: &str, age: usize, last: bool) -> Json {
    let gone = last && dice.once_in(4);
    json!({
        "version": "1.3", "configurationItemCaptureTime": format!("2026-01-{:02}T00:00:00Z", age + 1),
        "configurationStateId": age,
        "configuration": {
            "policy": r#"{"Statement":[{"Sid":"a"},{"Sid":"b"}]}"#,
            "rules": [{"port": 22}, {"port": 443}],
            "state": dice.pick(&["on", "off"]),
        },
        "relationships": [{"resourceId": "k", "resourceType": "AWS::KMS::Key"}, {"resourceId": "l"}],
        "awsAccountId": ACCOUNT, "resourceType": name, "resourceId": id, "awsRegion": region,
        "configurationItemStatus": if gone { "ResourceDeleted" } else { "OK" },
    })
}

/// The text of an item to which something happened.
fn damage(dice: &mut Random, item: &Json) -> String {
    let mut changed = item.clone();
    let text = item.to_string();
    let state = format!("\"state\":\"{}\"", state(item));
    let (field, value) = match dice.below(20) {
        0 => ("configurationItemCaptureTime", Json::Null),
        1 => ("configurationItemCaptureTime", json!("soon")),
        2 => ("configurationItemCaptureTime", json!("2999-01-01T00:00:00Z")),
        3 => ("configurationItemCaptureTime", json!(-1e300)),
        4 => ("configuration", json!([])),
        5 => ("configurationItemStatus", json!("Fine")),
        6 => ("awsRegion", json!(dice.pick(&["eu-west-1a", "EU-WEST-1", "", "europe"]))),
        7 => {
            let lower = item["resourceType"].as_str().unwrap().to_ascii_lowercase();
            ("resourceType", json!(dice.pick(&[lower.as_str(), "", "bucket"])))
        }
        8 => ("awsAccountId", json!(dice.pick(&["12", "", "11112222333x"]))),
        9 => ("resourceId", json!("")),
        10 => ("resourceId", json!(7)),
        11 => return text.replace(&state, "\"state\":nope"),
        12 => return text.replace(&state, &format!("{state},\"state\":\"on\"")),
        13 => return text.replace(&state, &format!("{state},\"x\":\"\\ud8\"")),
        14 => return text.replacen("{\"", "{\"awsRegion\":\"us-east-1\",\"", 1),
        15 | 16 => return text[..=dice.below(text.len() - 1)].to_owned(),
        17 | 18 => return without_a_mark(dice, text),
        _ => {
            changed["configuration"].take();
            return json!({"configurationItemSummary": changed, "messageType": "x"}).to_string();
        }
    };
    changed[field] = value;
    changed.to_string()
}

/// The text without one of the marks that make its structure.
fn without_a_mark(dice: &mut Random, mut text: String) -> String {
    let marks: Vec<usize> =
        text.match_indices(&['{', '}', '[', ']', ',', ':', '"'][..]).map(|it| it.0).collect();
    text.remove(dice.pick(&marks));
    text
}

/// Reads what a history comes to when some of its newest items are damaged, and a file of it is cut;
/// gives how many resources were looked at, of how many nothing was known, and how many one reading was enough
/// for.
pub(crate) fn check(seed: u64, path: &Path) -> [usize; 3] {
    let mut dice = Random::new(seed);
    let most_copies = if dice.once_in(4) { 1 } else { 3 };
    let history = History::new(&mut dice, most_copies);
    let mut texts = Vec::new();
    let mut damaged = Vec::new();
    // At times several stand in a row.
    let rarely = if dice.once_in(16) { 2 } else { RESOURCES / 2 };
    for (key, items) in &history.items {
        let spoiled = dice.once_in(rarely);
        for (at, item) in items.iter().enumerate() {
            if spoiled && at + 1 == items.len() {
                damaged.push(key.clone());
                texts.push(damage(&mut dice, item));
            } else {
                texts.push(item.to_string());
            }
        }
    }
    for at in (1..texts.len()).rev() {
        texts.swap(at, dice.below(at + 1));
    }
    let mut text = if dice.once_in(3) {
        format!("{{\"configSnapshotId\":\"s\",\"configurationItems\":[{}]}}", texts.join(","))
    } else {
        texts.iter().flat_map(|text| [text.as_str(), "\n"]).collect()
    };
    let is_cut = dice.once_in(8);
    if is_cut {
        // Not between two lines, which nobody can tell.
        text.truncate(text.len() / 2);
        text.push('{');
    }
    let bytes = if dice.once_in(4) { gzip(&text) } else { text.clone().into_bytes() };
    std::fs::write(path, bytes).unwrap();
    let snapshot = Snapshot::open(path).unwrap();
    let contents = snapshot.contents(NOW, 1, &|_| {});
    let reading = Reading::everything();
    let (said, report) = snapshot.read(&contents, &reading, vec![Said::default()], &|_| {});
    let at_once = read_at_once(&snapshot);
    let is_enough = at_once.is_some();
    if let Some(at_once) = at_once {
        assert_eq!(at_once.0, said[0], "seed {seed}: {text}");
        assert_eq!(format!("{:?}", at_once.1), format!("{report:?}"), "seed {seed}: {text}");
    }
    assert!(said[0].twice.is_empty(), "seed {seed}: {:?}", said[0].twice);
    let said = &said[0].states;
    assert!(is_enough || most_copies > 1 || !report.complete, "seed {seed}: {text}");
    let failed =
        |key: &Key| format!("seed {seed}: {key:?} {:?}\n{report:#?}\n{text}", said.get(key));
    let truth = history.truth();
    let mut unknown = 0;
    for (key, _) in &history.items {
        let is_lost = is_lost(&report, key);
        match (said.get(key), truth.get(key)) {
            // Whoever evaluates takes nothing for compliant that is lost in part.
            _ if is_lost => unknown += 1,
            (Some(None), _) => unknown += 1,
            (None, None) => {}
            (Some(Some(said)), Some(truth)) => assert_eq!(said, truth, "{}", failed(key)),
            _ => panic!("{}", failed(key)),
        }
    }
    if is_cut {
        assert!(!report.complete, "seed {seed}");
    }
    for key in &damaged {
        // A sole item without a time says all that there is to say.
        let is_known = said.get(key).cloned().flatten().as_ref() == truth.get(key);
        assert!(is_known || !report.complete, "{}", failed(key));
    }
    let items = history.items.len();
    [items, unknown, if is_enough { items } else { 0 }]
}

/// What one reading says, where it is sure.
fn read_at_once(snapshot: &Snapshot) -> Option<(Said, ReadReport)> {
    let reading = Reading::everything();
    let readings = (&reading, &reading);
    let read = snapshot.read_at_once(readings, vec![Said::default()], NOW, &|_| {});
    let said = read.workers.into_iter().next().filter(|_| read.is_sure)?;
    Some((said, read.contents?.report))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn is_lost(report: &ReadReport, (name, region, _): &Key) -> bool {
    let regions = if region.is_empty() { &REGIONS[..] } else { &[region.as_str()][..] };
    regions.iter().any(|region| report.lost.iter().any(|lost| lost.includes(ACCOUNT, region, name)))
}
