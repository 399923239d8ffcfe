//! What a read came to: how many items of which types, and what could not be read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::files::SnapshotFile;
use crate::resource::{ItemStatus, Timestamp};

/// How many problems are kept of a read, and of each of its threads.
const MAX_PROBLEMS: usize = 1000;

/// How a read went.
#[derive(Debug, Clone, Default)]
pub struct ReadReport {
    /// How many items were understood, those of types that nobody reads among them.
    pub items: u64,
    /// Whether everything there was could be read. Absence means something only if so.
    pub complete: bool,
    /// What could not be read, in the order of the input: the first thousand.
    pub problems: Vec<ReadProblem>,
    /// How many problems there were.
    pub problem_count: u64,
    /// The types that were met, read or not. Types whose items all say that they are not recorded
    /// are not among them.
    pub types: BTreeMap<TypeInRegion, Occurrence>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadProblem {
    /// The file.
    pub file: PathBuf,
    /// Where in the file, decompressed, in bytes.
    pub offset: u64,
    /// How many items stand before it in the file, if it is an item.
    pub item: Option<u64>,
    /// What is wrong.
    pub message: String,
}

/// A type in an account's region, as items name them; the region may be `global`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeInRegion {
    /// The account.
    pub account_id: Box<str>,
    /// The region.
    pub region: Box<str>,
    /// The type.
    pub resource_type: Box<str>,
}

/// How a type occurs in an account's region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occurrence {
    /// How many items there are of resources that are there.
    pub items: u64,
    /// The newest time at which one was recorded.
    pub newest_capture: Option<Timestamp>,
}

impl ReadReport {
    pub(super) fn nothing_read() -> Self {
        Self::default()
    }
}

/// What one thread met.
#[derive(Debug, Default)]
pub(in crate::source) struct Tally {
    pub(super) items: u64,
    /// How many problems were not kept.
    pub(super) left_out: u64,
    problems: Vec<Problem>,
    /// By account, region and type, joined as `key` says.
    types: FxHashMap<Box<str>, (TypeInRegion, Occurrence)>,
    /// Room to join a key in.
    key: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    file: usize,
    offset: u64,
    item: Option<u64>,
    message: String,
}

/// The head of an item.
#[derive(Clone, Copy)]
pub(super) struct Head<'i> {
    pub(super) account_id: &'i str,
    pub(super) region: &'i str,
    pub(super) resource_type: &'i str,
    pub(super) status: ItemStatus,
    pub(super) capture_time: Option<Timestamp>,
}

impl Tally {
    /// Counts an item of a type.
    pub(super) fn occurred(&mut self, head: &Head<'_>) {
        self.items += 1;
        if matches!(head.status, ItemStatus::NotRecorded | ItemStatus::DeletedNotRecorded) {
            return;
        }
        let items = u64::from(!head.status.is_deleted());
        let Head { account_id, region, resource_type, .. } = *head;
        self.count([account_id, region, resource_type], items, head.capture_time);
    }

    fn count(&mut self, place: [&str; 3], items: u64, newest: Option<Timestamp>) {
        self.key.clear();
        for part in place {
            self.key.push_str(part);
            self.key.push('\n');
        }
        if let Some((_, occurrence)) = self.types.get_mut(self.key.as_str()) {
            occurrence.items += items;
            occurrence.newest_capture = occurrence.newest_capture.max(newest);
            return;
        }
        let [account_id, region, resource_type] = place.map(Into::into);
        let place = TypeInRegion { account_id, region, resource_type };
        let occurrence = Occurrence { items, newest_capture: newest };
        self.types.insert(self.key.as_str().into(), (place, occurrence));
    }

    /// Notes a problem.
    pub(in crate::source) fn problem(
        &mut self,
        file: usize,
        item: Option<u64>,
        offset: u64,
        message: impl Into<String>,
    ) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { file, offset, item, message: message.into() });
        } else {
            self.left_out += 1;
        }
    }

    /// Adds what another thread met.
    pub(super) fn merge(&mut self, other: Self) {
        self.items += other.items;
        for (place, occurrence) in other.types.values() {
            let TypeInRegion { account_id, region, resource_type } = place;
            let place = [&**account_id, &**region, &**resource_type];
            self.count(place, occurrence.items, occurrence.newest_capture);
        }
        self.merge_problems(other);
    }

    /// Adds only what went wrong on another thread.
    pub(super) fn merge_problems(&mut self, other: Self) {
        self.left_out += other.left_out;
        self.problems.extend(other.problems);
    }

    /// The report.
    pub(in crate::source) fn finish(mut self, files: &[SnapshotFile]) -> ReadReport {
        let problem_count = self.problems.len() as u64 + self.left_out;
        self.problems.sort_unstable();
        self.problems.truncate(MAX_PROBLEMS);
        let name = |file: usize| files.get(file).map(|file| file.name.clone()).unwrap_or_default();
        let problems = self.problems.into_iter().map(|Problem { file, offset, item, message }| {
            ReadProblem { file: name(file), offset, item, message }
        });
        let problems = problems.collect();
        let types = self.types.into_values().collect();
        ReadReport {
            items: self.items,
            complete: problem_count == 0,
            problems,
            problem_count,
            types,
        }
    }
}
