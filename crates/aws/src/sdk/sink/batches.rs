//! Findings in batches as large as `BatchImportFindings` takes them.

use std::io::{self, Write};

use super::deliver::{Bulk, EntryFailure};
use super::encode::encode;
use crate::{AwsError, SecurityHubService};
use engine::drift::Finding;
use engine::drift::asff::{Document, limits};

/// What stands around the findings of a request.
const AROUND: usize = r#"{"Findings":[]}"#.len();

/// Cuts findings into batches, each made when it is asked for.
pub(super) struct Batches<I> {
    findings: I,
    /// What had no place in the batch before.
    carried: Option<(Document, usize)>,
}

impl<'f, I: Iterator<Item = &'f Finding>> Batches<I> {
    pub(super) fn of(findings: I) -> Self {
        Self { findings, carried: None }
    }

    /// The next finding, with its bytes in a request.
    fn next_finding(&mut self) -> Option<(Document, usize)> {
        self.carried.take().or_else(|| {
            let document = self.findings.next()?.to_asff();
            let bytes = bytes(&document) + 1; // the comma
            Some((document, bytes))
        })
    }
}

impl<'f, I: Iterator<Item = &'f Finding>> Iterator for Batches<I> {
    type Item = Vec<Document>;

    fn next(&mut self) -> Option<Vec<Document>> {
        let mut batch = Vec::new();
        let mut total = AROUND;
        while batch.len() < limits::BATCH {
            let Some((finding, bytes)) = self.next_finding() else { break };
            if !batch.is_empty() && total + bytes > limits::BATCH_BYTES {
                self.carried = Some((finding, bytes));
                break;
            }
            total += bytes;
            batch.push(finding);
        }
        (!batch.is_empty()).then_some(batch)
    }
}

/// How long the finding is as JSON, which is what goes over the wire.
fn bytes(document: &Document) -> usize {
    let mut counter = Counter(0);
    // Counting does not fail, and a document has no keys that are not text.
    let counted = serde_json::to_writer(&mut counter, document);
    counted.map_or(limits::FINDING, |()| counter.0)
}

struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Imports findings.
pub(super) struct Import<'h, H>(pub(super) &'h H);

impl<H: SecurityHubService> Bulk for Import<'_, H> {
    type Entry = Document;

    fn id(entry: &Document) -> &str {
        &entry.id
    }

    async fn send(&self, findings: &[Document]) -> Result<Vec<EntryFailure>, AwsError> {
        let encoded = || findings.iter().cloned().map(encode).collect();
        let failed = self.0.import(&encoded).await?;
        let failures = failed.into_iter().map(|failed| EntryFailure {
            id: failed.id,
            code: failed.code,
            message: failed.message,
        });
        Ok(failures.collect())
    }
}
