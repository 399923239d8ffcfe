//! Files read as the program reads them, each item as JSON, to compare it.

use std::path::Path;

use aws::source::{ItemSink, ReadReport, Snapshot};
use cel::Timestamp;
use model::{ConfigurationItem, Reading};
use serde_json::Value as Json;

use super::by_hand::json_of;

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
