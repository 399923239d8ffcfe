//! Reads the items of those resources again that have several, and settles which of them counts.

use std::hash::{BuildHasher as _, Hasher as _};

use bumpalo::Bump;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::contents::Resources;
use super::fact_reads::FactReads;
use super::files::SnapshotFile;
use super::input::Files;
use super::items::{Context, Event, Found, ItemReader};
use super::lost::{Lost, LostItem};
use super::pass::{Handler, Job, pass};
use super::settle::{Copy, CopyKind, Settled, second_in_snapshot, settle as settle_copies};
use super::tally::Tally;
use cel::Value;
use model::{ItemStatus, Parsed, Reading, Traces, parse_item};

/// The resources that are not settled by themselves.
pub(super) struct Contested<'c> {
    pub(super) keys: &'c FxHashSet<u64>,
    /// The items that are lost, by their resource.
    pub(super) lost: Vec<(u64, LostItem)>,
    /// Items that are elsewhere, of nobody knows which account and region.
    pub(super) loose: &'c [LostItem],
    /// When account facts were read last: what is older has no say.
    pub(super) fact_reads: FactReads,
}

/// Collects the items of contested resources, on one thread.
struct Collector<'c> {
    context: &'c Context<'c>,
    contested: &'c FxHashSet<u64>,
    loose: &'c FxHashMap<u64, &'c LostItem>,
    fact_reads: &'c FactReads,
    everything: &'c Reading,
    reader: ItemReader,
    arena: Bump,
    copies: Vec<(u64, Copy)>,
    /// Which of those that are elsewhere are of resources that are known.
    answered: FxHashSet<u64>,
}

impl Handler for Collector<'_> {
    fn chunk(&mut self, job: &Job) {
        let Self { context, contested, loose, everything, reader, arena, copies, answered, .. } =
            self;
        let fact_reads = self.fact_reads;
        reader.read(job, context, |event, _| {
            let Event::Whole(found) = event else { return };
            if fact_reads.is_older(&found.item) {
                return;
            }
            let key = found.key(context);
            let elsewhere = if loose.is_empty() {
                None
            } else {
                let loose_key = context.loose_key(found.item.resource_type, found.item.id);
                loose.get(&loose_key).map(|item| (loose_key, *item))
            };
            if elsewhere.is_some() || contested.contains(&key) {
                arena.reset();
                let copy = copy(found, context, everything, arena);
                copies.push((key, copy));
                if let Some((loose_key, item)) = elsewhere {
                    answered.insert(loose_key);
                    copies.push((key, Copy { region: copy.region, ..lost_copy(item, context) }));
                }
            }
        });
    }
}

/// Settles which item of each contested resource counts.
pub(super) fn settle(
    files: &[SnapshotFile],
    context: &Context<'_>,
    contested: Contested<'_>,
    tally: &mut Tally,
    is_snapshot: impl Fn(usize) -> bool,
    (threads, progress): (usize, &(dyn Fn(u64) + Sync)),
) -> Resources {
    let Contested { keys, mut lost, loose, fact_reads } = contested;
    if keys.is_empty() && loose.is_empty() {
        return Resources { fact_reads, ..Resources::default() };
    }
    lost.retain(|(_, item)| !fact_reads.is_lost_older(item));
    let everything = Reading::everything();
    let by_name: FxHashMap<u64, &LostItem> =
        loose.iter().map(|item| (context.loose_key(&item.resource_type, &item.id), item)).collect();
    let collector = |_| Collector {
        context,
        contested: keys,
        loose: &by_name,
        fact_reads: &fact_reads,
        everything: &everything,
        reader: ItemReader::default(),
        arena: Bump::new(),
        copies: Vec::new(),
        answered: FxHashSet::default(),
    };
    let mut read = Files::new(files, progress);
    let collectors: Vec<_> = (0..threads.max(1)).map(collector).collect();
    let collectors = pass(|chunk| read.next_chunk(chunk), collectors, &mut 0);
    let mut copies: Vec<(u64, Copy)> =
        lost.iter().map(|(key, item)| (*key, lost_copy(item, context))).collect();
    let mut answered = FxHashSet::default();
    for collector in collectors {
        copies.extend(collector.copies);
        answered.extend(collector.answered);
    }
    for (key, item) in by_name {
        if !answered.contains(&key) {
            let LostItem { resource_type, id, .. } = item;
            let message = format!("the API left {resource_type} {id} unprocessed: {ASK_AGAIN}");
            tally.problem(item.file, None, 0, message);
            tally.lost(Lost { resource_type: resource_type.parse().ok(), ..Lost::default() });
        }
    }
    Resources { fact_reads, ..resources(copies, lost, is_snapshot) }
}

/// What to do about what the API did not get to.
pub(super) const ASK_AGAIN: &str = "request it again and save that answer too";

fn resources(
    mut copies: Vec<(u64, Copy)>,
    lost: Vec<(u64, LostItem)>,
    is_snapshot: impl Fn(usize) -> bool,
) -> Resources {
    copies.sort_unstable_by_key(|(key, copy)| (*key, copy.position));
    let mut resources = Resources::default();
    for of_one in copies.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((key, _)) = of_one.first() else { continue };
        let of_one: Vec<Copy> = of_one.iter().map(|(_, copy)| *copy).collect();
        resources.by_key.insert(*key, settle_copies(&of_one));
        if second_in_snapshot(&of_one, &is_snapshot).is_some() {
            resources.doubled.insert(*key);
        }
    }
    let mut named = FxHashSet::default();
    let unseen = lost.into_iter().filter(|(key, _)| {
        matches!(resources.by_key.get(key), Some(Settled::Unreadable(None, _)))
            && named.insert(*key)
    });
    resources.unseen = unseen.collect();
    resources
}

fn lost_copy(item: &LostItem, context: &Context<'_>) -> Copy {
    Copy {
        file: item.file,
        position: item.position,
        region: context.hash(&item.region),
        captured: item.captured,
        state_id: None,
        kind: if item.announced { CopyKind::Announced } else { CopyKind::Broken },
        content: 0,
    }
}

fn copy(found: &Found<'_>, context: &Context<'_>, everything: &Reading, arena: &Bump) -> Copy {
    let (content, is_whole) = match parse_item(found.text, everything, arena) {
        Ok(Parsed::Item(item)) => (content(item.value, item.status), true),
        Ok(Parsed::Skipped(_)) | Err(_) => (0, false),
    };
    let item = &found.item;
    Copy {
        file: found.place.file,
        position: found.place.position,
        region: context.hash(item.region),
        captured: item.capture_time.filter(|_| !found.to_come),
        state_id: Traces::of(found.text).state_id,
        kind: match item.status {
            _ if !is_whole => CopyKind::Broken,
            _ if found.to_come => CopyKind::ToCome,
            ItemStatus::NotRecorded | ItemStatus::DeletedNotRecorded => CopyKind::Unrecorded,
            _ => CopyKind::Recorded,
        },
        content,
    }
}

/// Tells apart what items say, but for the region and time that they say it of, and the ARN, which
/// may name the region. Names that nobody chose make no two contents meet by accident.
fn content(value: Value<'_>, status: ItemStatus) -> u64 {
    let Value::Map(fields) = value else { return 0 };
    let said = fields
        .iter()
        .filter(|(name, _)| !matches!(name, Value::String("region" | "captureTime" | "arn")));
    // Whether it was discovered or changed says nothing of the resource itself.
    let is_gone = status.is_deleted();
    said.map(|(name, value)| digest(&[*name, *value])).fold(u64::from(is_gone), u64::wrapping_add)
}

/// A number for a value: one for all ways of writing the same.
fn digest(values: &[Value<'_>]) -> u64 {
    let mut hasher = rustc_hash::FxBuildHasher.build_hasher();
    for value in values {
        add(value, &mut hasher);
    }
    hasher.finish()
}

fn add(value: &Value<'_>, hasher: &mut FxHasher) {
    hasher.write_u8(value.type_name() as u8);
    match value {
        Value::Bool(value) => hasher.write_u8(u8::from(*value)),
        Value::Int(number) => hasher.write_i64(*number),
        Value::UInt(number) => hasher.write_u64(*number),
        Value::Double(number) => hasher.write_u64(number.to_bits()),
        Value::String(text) => {
            hasher.write_usize(text.len());
            hasher.write(text.as_bytes());
        }
        Value::List(values) => {
            hasher.write_usize(values.len());
            values.iter().for_each(|value| add(value, hasher));
        }
        // Fields have no order.
        Value::Map(fields) => hasher.write_u64(
            fields.iter().map(|(name, value)| digest(&[*name, *value])).fold(0, u64::wrapping_add),
        ),
        Value::Timestamp(time) => {
            hasher.write_i64(time.seconds);
            hasher.write_u32(time.nanoseconds);
        }
        // Of the others a configuration item holds none but null.
        Value::Null
        | Value::Bytes(_)
        | Value::Duration(_)
        | Value::Type(_)
        | Value::Optional(_)
        | Value::Ip(_)
        | Value::Cidr(_) => {}
    }
}
