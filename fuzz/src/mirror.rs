//! The mirror of an account's items: whatever was put, read again whole, forgotten or found no room, it
//! gives back each resource's latest item as it was put, and counts what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aws::source::{ItemSink, Mirror, MirrorSpace, Part};
use bumpalo::Bump;
use cel::Timestamp;
use metrics::Metrics;
use model::{ConfigurationItem, Parsed, Reading, parse_item};
use serde_json::{Value as Json, json};

use crate::by_hand::json_of;

/// When parts are read.
const NOW: Timestamp = Timestamp { seconds: 1_769_904_000, nanoseconds: 0 };

static EVERYTHING: LazyLock<Reading> = LazyLock::new(Reading::everything);
static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics::new().unwrap());
static PARTS: LazyLock<[Part; 3]> = LazyLock::new(|| {
    [("eu-west-1", "AWS::S3::Bucket"), ("us-east-1", "AWS::S3::Bucket"), ("eu-west-1", "AWS::T::T")]
        .map(|(region, name)| Part {
            region: region.parse().unwrap(),
            resource_type: name.parse().unwrap(),
        })
});

/// What a part holds: each resource's text, and whether this read brought it.
type Expected = BTreeMap<String, (String, bool)>;

/// The first byte is the room; then each step is a byte, and the texts of items a length and bytes.
pub fn check(data: &[u8]) {
    let Some((room, mut rest)) = data.split_first() else { return };
    let room = (*room != 0).then(|| u64::from(*room) * 200);
    let mirror = Mirror::within(MirrorSpace::new(room, METRICS.aws().clone()));
    let mut expected: [Expected; 3] = Default::default();
    let mut next = || {
        let (byte, after) = rest.split_first()?;
        rest = after;
        Some(*byte)
    };
    while let Some(step) = next() {
        let number = usize::from(step >> 4) % PARTS.len();
        let (part, held) = (&PARTS[number], &mut expected[number]);
        match step & 0xf {
            0 => {
                mirror.begin(part, NOW);
                held.values_mut().for_each(|(_, brought)| *brought = false);
            }
            1 => {
                mirror.finish(part).unwrap();
                held.retain(|_, (_, brought)| *brought);
            }
            2 => {
                mirror.forget(part);
                held.clear();
            }
            3 => is_given_back(&mirror, &expected),
            _ => {
                let id = format!("r{}", step & 0x3);
                let length = usize::from(next().unwrap_or(0)) * 3;
                let text = text(part, &id, length, next().unwrap_or(0));
                match mirror.put(part, (part.region.as_str(), &id), None, &text) {
                    Ok(()) => drop(held.insert(id, (text, true))),
                    Err(_) => {
                        assert!(room.is_some(), "there is room");
                        held.clear();
                    }
                }
            }
        }
    }
    is_given_back(&mirror, &expected);
}

fn text(part: &Part, id: &str, length: usize, seed: u8) -> String {
    // What does not compress takes room.
    let mut state = u32::from(seed);
    let noise = (0..length).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + u8::try_from(state >> 24).unwrap() % 90)
    });
    let item = json!({
        "resourceType": part.resource_type.as_str(), "resourceId": id, "awsAccountId": "111122223333",
        "awsRegion": part.region.as_str(), "configuration": {"a": noise.collect::<String>()},
    });
    item.to_string()
}

#[derive(Default)]
struct Given(Vec<Json>);

impl ItemSink for Given {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        self.0.push(json_of(&item.value));
    }
}

fn is_given_back(mirror: &Mirror, expected: &[Expected; 3]) {
    let parts: BTreeSet<Part> = PARTS.iter().cloned().collect();
    let (workers, report) = mirror.read(&parts, &EVERYTHING, vec![Given::default()]);
    assert!(report.complete, "{:?}", report.problems);
    let arena = Bump::new();
    let texts = expected.iter().flat_map(|held| held.values());
    let parsed = texts.map(|(text, _)| match parse_item(text.as_bytes(), &EVERYTHING, &arena) {
        Ok(Parsed::Item(item)) => json_of(&item.value),
        other => panic!("{other:?}"),
    });
    let sorted = |items: Vec<Json>| {
        let texts = items.into_iter().map(|item| item.to_string());
        texts.collect::<BTreeSet<_>>()
    };
    let count: usize = expected.iter().map(BTreeMap::len).sum();
    let found: Vec<Json> = workers.into_iter().flat_map(|worker| worker.0).collect();
    assert_eq!((mirror.len(), found.len()), (count as u64, count));
    assert_eq!(sorted(found), sorted(parsed.collect()));
}
