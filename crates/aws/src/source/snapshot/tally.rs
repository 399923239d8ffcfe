//! What a read came to: how many items of which types, and what could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::files::SnapshotFile;
use super::lost::Lost;
use cel::Timestamp;
use model::{AccountId, ItemStatus, Region, ResourceType, canonical_type};

/// How many problems are kept of a read, and of each of its threads.
const MAX_PROBLEMS: usize = 1000;
/// So many parts of which something was lost are distinguished; beyond that, anything may be lost.
const MAX_LOST: usize = 1000;

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
    /// Of what something was lost that nobody can name more closely. The resources that can be named
    /// were given to the workers as unreadable.
    pub lost: BTreeSet<Lost>,
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
    /// Which item of the file it is, counted from 1, if it is an item.
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
    /// Whether some item is of a type that is recorded.
    pub recorded: bool,
    /// The newest time at which one was recorded.
    pub newest_capture: Option<Timestamp>,
}

impl Occurrence {
    fn add(&mut self, other: Self) {
        self.items += other.items;
        self.recorded |= other.recorded;
        self.newest_capture = self.newest_capture.max(other.newest_capture);
    }
}

/// What of a place is no name that AWS gives.
fn wrong([account_id, region, resource_type]: [&str; 3]) -> Option<Wrong> {
    if account_id.parse::<AccountId>().is_err() {
        return Some(Wrong::Account);
    }
    if region != "global" && region.parse::<Region>().is_err() {
        return Some(Wrong::Region);
    }
    let is_type = resource_type.parse::<ResourceType>().is_ok();
    (!is_type || canonical_type(resource_type).is_some()).then_some(Wrong::Type)
}

impl ReadReport {
    pub(super) fn nothing_read() -> Self {
        Self::default()
    }

    /// Adds what an earlier reading of the same found lost, and said.
    pub(super) fn add_lost(&mut self, before: &Self) {
        self.lost.extend(before.lost.iter().cloned());
        for problem in &before.problems {
            if !self.problems.contains(problem) && self.problems.len() < MAX_PROBLEMS {
                self.problems.push(problem.clone());
                self.problem_count += 1;
            }
        }
        self.complete &= before.complete;
        self.problem_count = self.problem_count.max(before.problem_count);
    }
}

/// What one thread met.
#[derive(Debug, Default)]
pub(in crate::source) struct Tally {
    pub(super) items: u64,
    /// How many problems were not kept.
    pub(super) left_out: u64,
    problems: Vec<TalliedProblem>,
    lost: BTreeSet<Lost>,
    /// By account, region and type, joined as `key` says.
    types: FxHashMap<Box<str>, MetType>,
    /// Room to join a key in.
    key: String,
}

/// A type that was met in an account's region.
#[derive(Debug)]
struct MetType {
    place: TypeInRegion,
    occurrence: Occurrence,
    /// What of the place is no name that AWS gives.
    wrong: Option<Wrong>,
}

/// What of an item's head is no name that AWS gives, so that nobody would look at the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Account,
    Region,
    Type,
}

/// A [`ReadProblem`] whose file is known by its number.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TalliedProblem {
    file: usize,
    offset: u64,
    item: Option<u64>,
    message: String,
}

/// The head of an item.
#[derive(Clone, Copy)]
pub(super) struct ItemHead<'i> {
    pub(super) account_id: &'i str,
    pub(super) region: &'i str,
    pub(super) resource_type: &'i str,
    pub(super) status: ItemStatus,
    pub(super) capture_time: Option<Timestamp>,
}

impl Tally {
    /// Counts an item of a type. What is wrong with where it says that it belongs, if anything is.
    pub(super) fn occurred(&mut self, head: &ItemHead<'_>) -> Option<Wrong> {
        self.items += 1;
        let recorded = !head.status.is_unrecorded();
        let items = u64::from(!head.status.is_deleted() && recorded);
        let ItemHead { account_id, region, resource_type, .. } = *head;
        let newest = head.capture_time.filter(|_| recorded);
        self.count(
            [account_id, region, resource_type],
            Occurrence { items, recorded, newest_capture: newest },
        )
    }

    fn count(&mut self, place: [&str; 3], seen: Occurrence) -> Option<Wrong> {
        self.key.clear();
        for part in place {
            self.key.push_str(part);
            self.key.push('\n');
        }
        if let Some(met) = self.types.get_mut(self.key.as_str()) {
            met.occurrence.add(seen);
            return met.wrong;
        }
        let wrong = wrong(place);
        let [account_id, region, resource_type] = place.map(Into::into);
        let place = TypeInRegion { account_id, region, resource_type };
        self.types.insert(self.key.as_str().into(), MetType { place, occurrence: seen, wrong });
        wrong
    }

    /// Notes that something of a part was lost.
    pub(in crate::source) fn lost(&mut self, lost: Lost) {
        if self.lost.len() >= MAX_LOST {
            self.lost = BTreeSet::from([Lost::default()]);
        }
        self.lost.insert(lost);
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
            self.problems.push(TalliedProblem { file, offset, item, message: message.into() });
        } else {
            self.left_out += 1;
        }
    }

    /// Whether nothing was wrong, and nothing lost.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.left_out == 0 && self.lost.is_empty()
    }

    /// Adds what another thread met.
    pub(super) fn merge(&mut self, other: Self) {
        self.items += other.items;
        for MetType { place, occurrence, .. } in other.types.values() {
            let TypeInRegion { account_id, region, resource_type } = place;
            let place = [&**account_id, &**region, &**resource_type];
            self.count(place, *occurrence);
        }
        self.left_out += other.left_out;
        self.problems.extend(other.problems);
        other.lost.into_iter().for_each(|lost| self.lost(lost));
    }

    /// The report.
    pub(in crate::source) fn finish(mut self, files: &[SnapshotFile]) -> ReadReport {
        let problem_count = self.problems.len() as u64 + self.left_out;
        self.problems.sort_unstable();
        self.problems.truncate(MAX_PROBLEMS);
        let name = |file: usize| files.get(file).map(|file| file.name.clone()).unwrap_or_default();
        let problems =
            self.problems.into_iter().map(|TalliedProblem { file, offset, item, message }| {
                ReadProblem { file: name(file), offset, item, message }
            });
        let problems = problems.collect();
        let types = self.types.into_values();
        let types = types.filter(|met| met.wrong.is_none() && met.occurrence.recorded);
        let types = types.map(|met| (met.place, met.occurrence)).collect();
        ReadReport {
            items: self.items,
            complete: problem_count == 0,
            problems,
            problem_count,
            lost: self.lost,
            types,
        }
    }
}
