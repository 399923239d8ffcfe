//! An account of an operator, and what was published of it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::waiting::eventually;

use super::Operated;
use crate::yaml::repository;

/// An AWS account with a snapshot of its own.
pub(crate) struct Account<'o> {
    pub(super) operated: &'o Operated,
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Account<'_> {
    /// The file that stands for what AWS Config delivered.
    pub(crate) fn snapshot(&self) -> PathBuf {
        self.operated.folder.path().join(format!("{}.json", self.name))
    }

    /// Turns on the versions of the bucket that has none.
    pub(crate) fn fix(&self) {
        self.change("\"status\": \"Suspended\"", "\"status\": \"Enabled\"");
    }

    /// Turns them off again, as the quickstart has it.
    pub(crate) fn damage(&self) {
        let snapshot = repository("deploy/samples/quickstart/snapshot.json");
        let snapshot = fs::read_to_string(snapshot).unwrap();
        self.deliver(&snapshot.replace("111122223333", &self.id));
    }

    fn change(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.snapshot()).unwrap();
        assert!(text.contains(from));
        self.deliver(&text.replace(from, to));
    }

    /// Delivers a snapshot, as one step.
    pub(crate) fn deliver(&self, snapshot: &str) {
        let new = self.snapshot().with_extension("new");
        fs::write(&new, snapshot).unwrap();
        fs::rename(new, self.snapshot()).unwrap();
    }

    /// Every publication, in order.
    pub(crate) fn published(&self) -> Vec<Value> {
        let file = self.operated.folder.path().join("state").join(&self.id).join("findings.jsonl");
        let text = fs::read_to_string(file).unwrap_or_default();
        // A line that is being written ends nowhere yet.
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.collect()
    }

    /// The finding of the bucket without versions, as it was published last.
    pub(crate) fn finding(&self) -> Option<Value> {
        let of_bucket = |finding: &Value| {
            finding["Id"].as_str().is_some_and(|id| id.ends_with("/acme-orders-exports"))
        };
        self.published().into_iter().rfind(of_bucket)
    }

    /// Waits until the finding says this of compliance, workflow and record.
    pub(crate) async fn finding_says(&self, expected: [&str; 3]) {
        eventually(&format!("a finding says {expected:?}"), async || {
            finding_is(&self.finding()?, expected).then_some(())
        })
        .await;
    }
}

/// Whether a finding says this of compliance, workflow and record.
pub(crate) fn finding_is(finding: &Value, expected: [&str; 3]) -> bool {
    let said =
        [&finding["Compliance"]["Status"], &finding["Workflow"]["Status"], &finding["RecordState"]];
    said == expected
}
