//! Values as JSON, to compare them.

use std::path::Path;

use aws::source::{ItemSink, ReadReport, Snapshot};
use cel::{Timestamp, Value};
use model::{ConfigurationItem, Reading};
use serde_json::{Map, Value as Json, json};

/// A value as JSON. What JSON has no type for becomes a map that names its type.
pub(crate) fn json_of(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(number) => json!(number),
        Value::UInt(number) => json!({"uint": number}),
        Value::Double(number) => json!({"double": number.to_bits()}),
        Value::String(text) => json!(text),
        Value::List(values) => values.iter().map(json_of).collect(),
        Value::Map(entries) => {
            let fields = entries.iter().map(|(key, value)| {
                (key.as_str().expect("fields have names").to_owned(), json_of(value))
            });
            Json::Object(fields.collect::<Map<_, _>>())
        }
        Value::Timestamp(time) => json!({"time": [time.seconds, time.nanoseconds]}),
        other => panic!("no item holds {other:?}"),
    }
}

/// After all times of the items.
const NOW: Timestamp = Timestamp { seconds: 4_000_000_000, nanoseconds: 0 };

/// Keeps the items that it is given.
#[derive(Default)]
pub(crate) struct Collector(pub(crate) Vec<Json>);

impl ItemSink for Collector {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        self.0.push(json_of(&item.value));
    }
}

/// Reads a path whole: its items and how it went.
pub(crate) fn read(path: &Path) -> (Vec<Json>, ReadReport) {
    let snapshot = Snapshot::open(path).unwrap();
    let contents = snapshot.contents(NOW, 1, &|_| {});
    let (workers, report) =
        snapshot.read(&contents, &Reading::everything(), vec![Collector::default()], &|_| {});
    (workers.into_iter().flat_map(|collector| collector.0).collect(), report)
}

/// Reads a text as a file would be.
pub(crate) fn read_text(text: &[u8]) -> (Vec<Json>, ReadReport) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("items.json");
    std::fs::write(&path, text).unwrap();
    read(&path)
}
