//! Looks once at every item of a snapshot, for what every item has.

use rustc_hash::FxHashSet;

use super::fact_reads::FactReads;
use super::files::SnapshotFile;
use super::input::Files;
use super::items::{Context, Event, ItemReader, file_problems, is_of_account, position};
use super::lost::{Loss, Lost, LostItem, loss};
use super::pass::{Handler, Job, pass};
use super::places::SnapshotPlaces;
use super::tally::Tally;
use crate::source::recorder_item::{RECORDER, RecorderItem};
use cel::Timestamp;
use model::{Traces, canonical_type, fact_types};

/// So many lost items are distinguished on each thread; of more, all of their type may be lost.
const MAX_LOST_ITEMS: usize = 1 << 16;

/// A configuration recorder that was met: its key, its position, its place, and itself where it can be
/// understood.
pub(super) type Met = (u64, u64, (Box<str>, Box<str>), Option<RecorderItem>);

/// What one reading of everything brought.
pub(super) struct Survey {
    pub(super) tally: Tally,
    pub(super) places: SnapshotPlaces,
    pub(super) facts: FactReads,
    pub(super) contested: FxHashSet<u64>,
    pub(super) lost: Vec<(u64, LostItem)>,
    pub(super) recorders: Vec<Met>,
    /// What the API left out without saying whose it is.
    pub(super) loose: Vec<LostItem>,
    pub(super) items: u64,
}

/// Looks at every item, on one thread.
pub(super) struct Surveyor<'c> {
    context: &'c Context<'c>,
    places: SnapshotPlaces,
    facts: FactReads,
    /// Each item's resource and where it is.
    keys: Vec<(u64, u64)>,
    contested: Vec<u64>,
    lost: Vec<(u64, LostItem)>,
    recorders: Vec<Met>,
}

/// Reads items for nothing else.
struct SurveyReader<'c> {
    surveyor: Surveyor<'c>,
    reader: ItemReader,
}

impl Handler for SurveyReader<'_> {
    fn chunk(&mut self, job: &Job) {
        let Self { surveyor, reader } = self;
        reader.read(job, surveyor.context, |event, tally| surveyor.meet(event, tally));
    }
}

impl<'c> Surveyor<'c> {
    pub(super) fn new(context: &'c Context<'c>) -> Self {
        Self {
            context,
            places: SnapshotPlaces::default(),
            facts: FactReads::default(),
            keys: Vec::new(),
            contested: Vec::new(),
            lost: Vec::new(),
            recorders: Vec::new(),
        }
    }

    /// Takes note of an item, or of one that is lost.
    pub(super) fn meet(&mut self, event: Event<'_, '_>, tally: &mut Tally) {
        let Self { context, places, facts, keys, contested, lost, recorders } = self;
        match event {
            Event::Whole(found) => {
                let key = found.key(context);
                let (item, place) = (&found.item, found.place);
                keys.push((key, place.position));
                if found.to_come {
                    contested.push(key);
                }
                // When somebody asked for facts says nothing of when AWS Config delivered.
                let captured = item.capture_time.filter(|_| !found.to_come);
                if fact_types::is_fact(item.resource_type) {
                    facts.meet(item, captured);
                } else {
                    places.meet(place.file, item, captured);
                }
                if item.resource_type == RECORDER
                    && !item.status.is_deleted()
                    && !item.status.is_unrecorded()
                {
                    let of = (item.account_id.into(), item.region.into());
                    recorders.push((key, place.position, of, RecorderItem::of(item.value)));
                }
            }
            Event::Lost(item) => {
                facts.meet_lost(&item, lost_time(&item, context));
                keep_lost(item, context, lost, tally);
            }
        }
    }
}

/// When an item that cannot be understood was captured, as far as it says so.
pub(super) fn lost_time(item: &LostItem, context: &Context<'_>) -> Option<Timestamp> {
    item.captured.filter(|time| !item.announced && !context.is_to_come(item.file, *time))
}

fn keep_lost(
    item: LostItem,
    context: &Context<'_>,
    lost: &mut Vec<(u64, LostItem)>,
    tally: &mut Tally,
) {
    let LostItem { account_id, region, resource_type, id, .. } = &item;
    let key = context.key([account_id, region, resource_type, id]);
    if lost.len() < MAX_LOST_ITEMS {
        lost.push((key, item));
    } else {
        tally.lost(Lost {
            account_id: account_id.parse().ok(),
            region: region.parse().ok().filter(|_| !is_of_account(region, resource_type)),
            resource_type: resource_type.parse().ok(),
        });
    }
}

/// A type's name as AWS Config spells it.
fn canonical(name: &str) -> Box<str> {
    canonical_type(name).unwrap_or(name).into()
}

impl Survey {
    /// Looks at every item, on so many threads.
    pub(super) fn of(
        files: &[SnapshotFile],
        context: &Context<'_>,
        threads: usize,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Self {
        let reader =
            |_| SurveyReader { surveyor: Surveyor::new(context), reader: ItemReader::default() };
        let mut read = Files::new(files, progress);
        let readers: Vec<_> = (0..threads.max(1)).map(reader).collect();
        let readers = pass(|chunk| read.next_chunk(chunk), readers, &mut 0);
        let met = readers.into_iter().map(|it| (it.surveyor, it.reader.tally));
        Self::sum(met, read, context)
    }

    /// What the threads met together, in files that were read to their ends.
    pub(super) fn sum<'c>(
        met: impl Iterator<Item = (Surveyor<'c>, Tally)>,
        read: Files<'_>,
        context: &Context<'_>,
    ) -> Self {
        let mut survey = Self {
            tally: Tally::default(),
            places: SnapshotPlaces::default(),
            facts: FactReads::default(),
            contested: FxHashSet::default(),
            lost: Vec::new(),
            recorders: Vec::new(),
            loose: Vec::new(),
            items: read.items(),
        };
        let mut keys = Vec::new();
        for (mut surveyor, tally) in met {
            survey.tally.merge(tally);
            survey.places.merge(surveyor.places);
            survey.facts.merge(surveyor.facts);
            survey.contested.extend(surveyor.contested);
            survey.lost.append(&mut surveyor.lost);
            survey.recorders.append(&mut surveyor.recorders);
            // The first one's memory is used on, for there may be millions.
            if keys.is_empty() { keys = surveyor.keys } else { keys.append(&mut surveyor.keys) }
        }
        for (file, before, mut report) in read.reports() {
            let announced = std::mem::take(&mut report.announced);
            survey.left_out(file, before, announced, context);
            for item in file_problems((file, before, report), context, &mut survey.tally) {
                survey.facts.meet_lost(&item, lost_time(&item, context));
                keep_lost(item, context, &mut survey.lost, &mut survey.tally);
            }
        }
        keys.sort_unstable();
        let twice = keys.windows(2).filter_map(|two| match two {
            [(key, _), (other, _)] if key == other => Some(*key),
            _ => None,
        });
        survey.contested.extend(twice);
        survey.contested.extend(survey.lost.iter().map(|(key, _)| *key));
        survey
    }

    /// Whether nothing is broken, missing or wrong.
    pub(super) fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.loose.is_empty() && self.tally.is_clean()
    }

    /// Notes what the API named as left out of its answers.
    fn left_out(
        &mut self,
        file: usize,
        before: u64,
        announced: Vec<(u64, Traces)>,
        context: &Context<'_>,
    ) {
        for (index, traces) in announced {
            let position = position(before + index);
            match loss(&traces, context.spot(file, position), true) {
                Loss::Resource(item) => {
                    keep_lost(item, context, &mut self.lost, &mut self.tally);
                }
                Loss::Part(_) => {
                    let text = |text: Option<Box<str>>| text.unwrap_or_default();
                    self.loose.push(LostItem {
                        account_id: "".into(),
                        region: "".into(),
                        resource_type: text(traces.resource_type.as_deref().map(canonical)),
                        id: text(traces.id),
                        captured: None,
                        announced: true,
                        file,
                        position,
                    });
                }
            }
        }
    }
}
