//! Passes items on to a worker: of each resource the one that counts, and of one of which none does
//! that it is unreadable.

use super::ItemSink;
use super::contents::Resources;
use super::items::{Context, Event, Found, ItemReader, ONLY_SUMMARY};
use super::lost::LostItem;
use super::pass::{Handler, Job};
use super::recount::ASK_AGAIN;
use super::settle::{Settled, Why};
use super::tally::Tally;
use cel::Value;
use engine::evaluation::ItemKey;
use model::{ConfigurationItem, ItemStatus};

/// Passes items on to a worker.
pub(in crate::source) struct Evaluate<'c, W> {
    context: &'c Context<'c>,
    reader: ItemReader,
    worker: W,
    /// Which items are passed on: all where there is none.
    resources: Option<&'c Resources>,
    /// The keys of items, in their order; none where nobody tells them apart.
    keys: &'c [ItemKey],
}

impl<'c, W: ItemSink> Evaluate<'c, W> {
    /// Passes on the item of each resource that counts.
    pub(super) fn of_settled(
        context: &'c Context<'c>,
        resources: &'c Resources,
        worker: W,
    ) -> Self {
        let reader = ItemReader::default();
        Self { context, reader, worker, resources: Some(resources), keys: &[] }
    }

    /// Passes on every item with its key, for they were chosen before.
    pub(in crate::source) fn keyed(
        context: &'c Context<'c>,
        keys: &'c [ItemKey],
        worker: W,
    ) -> Self {
        Self { context, reader: ItemReader::default(), worker, resources: None, keys }
    }
}

impl<W: ItemSink + Send> Handler for Evaluate<'_, W> {
    fn chunk(&mut self, job: &Job) {
        let Self { context, reader, worker, resources, keys } = self;
        let key_of = |found: &Found<'_>| {
            let number = usize::try_from(found.place.index).ok()?;
            keys.get(number).copied()
        };
        reader.read(job, context, |event, tally| match event {
            Event::Whole(found) => match key_of(found) {
                Some(key) if !found.item.status.is_deleted() => {
                    worker.keyed_item(key, found.item);
                }
                Some(_) => {}
                None => whole(found, context, *resources, worker, tally),
            },
            Event::Lost(item) => {
                let key = key(&item, context);
                let is_settled = resources.is_some_and(|it| {
                    it.by_key.contains_key(&key) || it.fact_reads.is_lost_older(&item)
                });
                if !is_settled && !item.announced {
                    worker.item(unreadable(&item));
                }
            }
        });
        worker.chunk_done(job.sequence);
    }
}

fn key(item: &LostItem, context: &Context<'_>) -> u64 {
    context.key([&item.account_id, &item.region, &item.resource_type, &item.id])
}

fn whole(
    found: &Found<'_>,
    context: &Context<'_>,
    resources: Option<&Resources>,
    worker: &mut impl ItemSink,
    tally: &mut Tally,
) {
    if resources.is_some_and(|it| it.fact_reads.is_older(&found.item)) {
        return;
    }
    let contested = resources.filter(|resources| !resources.by_key.is_empty());
    let key = contested.map(|_| found.key(context));
    let settled = contested.zip(key).and_then(|(it, key)| it.by_key.get(&key));
    let here = Some(found.place.position);
    match settled {
        None => pass_on(&found.item, worker),
        Some(Settled::Item(position)) if Some(*position) == here => {
            if contested.zip(key).is_some_and(|(it, key)| it.doubled.contains(&key)) {
                found.place.problem(0, SECOND, tally);
            }
            pass_on(&found.item, worker);
        }
        Some(Settled::Unreadable(position, why)) if *position == here => {
            if let Some(what) = describe(*why) {
                found.place.problem(0, what, tally);
            }
            worker.item(ConfigurationItem { status: ItemStatus::Unreadable, ..found.item });
        }
        Some(Settled::Item(_) | Settled::Unreadable(..)) => {}
    }
}

const SECOND: &str = "describes a resource that the snapshot already contains; the newest item is \
    used";

fn pass_on(item: &ConfigurationItem<'_>, worker: &mut impl ItemSink) {
    if !item.status.is_deleted() {
        worker.item(*item);
    }
}

/// What is wrong with the items of a resource, where that was not said at the item itself.
fn describe(why: Why) -> Option<&'static str> {
    match why {
        Why::Broken => None,
        Why::Elsewhere => Some(
            "is older than another item of the same resource, which was too large for a \
             notification or which the API left unprocessed: request that item and save it too",
        ),
        Why::Undated => {
            Some("is one of several items of the same resource, one of which has no capture time")
        }
        Why::Contradictory => {
            Some("contradicts another item of the same resource and capture time")
        }
    }
}

/// Tells of resources of which only lost items are known.
pub(super) fn tell_unseen<W: ItemSink>(
    context: &Context<'_>,
    resources: &Resources,
    worker: &mut W,
    sequence: u64,
    tally: &mut Tally,
) {
    for (_, item) in &resources.unseen {
        if !context.reading().reads(&item.resource_type) {
            continue;
        }
        if item.announced {
            let LostItem { resource_type, id, .. } = item;
            let message =
                format!("the item of {resource_type} {id} {ONLY_SUMMARY}, or {ASK_AGAIN}");
            tally.problem(item.file, None, 0, message);
        }
        worker.item(unreadable(item));
    }
    worker.chunk_done(sequence);
}

/// All that is known of a lost item.
fn unreadable(item: &LostItem) -> ConfigurationItem<'_> {
    ConfigurationItem {
        resource_type: &item.resource_type,
        id: &item.id,
        name: None,
        arn: None,
        account_id: &item.account_id,
        region: &item.region,
        status: ItemStatus::Unreadable,
        capture_time: item.captured,
        value: Value::Map(&[]),
    }
}

/// The workers, and what they met.
pub(in crate::source) fn finish<W>(readers: Vec<Evaluate<'_, W>>) -> (Vec<W>, Tally) {
    let mut tally = Tally::default();
    let workers = readers.into_iter().map(|reader| {
        tally.merge(reader.reader.tally);
        reader.worker
    });
    (workers.collect(), tally)
}
