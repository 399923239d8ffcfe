//! What is known of each place: whether it takes changes, and when it is to be read next.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::time::Duration;

use rustc_hash::FxHasher;
use tokio::time::Instant;

use super::read_back::ReadBack;
use crate::publish::{OthersFindings, Place, PlaceState};
use engine::drift::FindingId;

/// Reads lag behind writes by less than this. AWS gives no figure ("eventually consistent"); the
/// lag that is seen is of seconds.
const LAG: Duration = Duration::from_mins(15);

/// The first reading of a place may take so long with all its pauses.
const FIRST_READ: Duration = Duration::from_hours(1);

/// A place that another Plumbline has is read again within this time.
const OCCUPIED: Duration = Duration::from_hours(1);

/// One place.
#[derive(Debug)]
pub(super) struct PlaceEntry {
    pub(super) state: PlaceState,
    /// When it is to be read again; never where that is too far off to say.
    due: Option<Instant>,
    /// When Security Hub last answered there.
    heard: Option<Instant>,
    /// It has been read before.
    pub(super) was_read: bool,
    /// It is not known whether the last writes were taken: it is read before the next comparison.
    unsettled: bool,
    /// What this process wrote there so lately that a read may not show it yet.
    recent: HashMap<FindingId, Instant>,
    /// A reading that was broken off.
    reading: Option<ReadBack>,
    /// Findings under Plumbline's prefix that are none of its own.
    pub(super) foreign: usize,
    /// What another Plumbline of the installation keeps there.
    pub(super) others: OthersFindings,
}

impl PlaceEntry {
    /// A place of which nothing is known.
    pub(super) fn new() -> Self {
        Self {
            state: PlaceState::Unread("it has not been read yet".to_owned()),
            due: None,
            heard: None,
            was_read: false,
            unsettled: false,
            recent: HashMap::new(),
            reading: None,
            foreign: 0,
            others: OthersFindings::default(),
        }
    }

    /// Whether it is to be read before the next comparison.
    pub(super) fn is_due(&self) -> bool {
        let is_read = matches!(self.state, PlaceState::Ready | PlaceState::Occupied(_));
        !is_read || self.unsettled || self.due.is_some_and(|due| due <= Instant::now())
    }

    /// The reading of all that stands there, which may have begun before. What was written meanwhile is
    /// newer than what it shows, which is known only for a while.
    pub(super) fn reading(&mut self) -> &mut ReadBack {
        let within = if self.was_read { LAG } else { FIRST_READ };
        self.reading = self.reading.take().filter(|reading| reading.is_fresh(within));
        self.reading.get_or_insert_with(ReadBack::new)
    }

    /// Ends the reading: it is whole, or of no use.
    pub(super) fn end_reading(&mut self) -> Option<ReadBack> {
        self.reading.take()
    }

    /// How many findings were read so far, where all of them take longer than anybody waits.
    pub(super) fn is_being_read(&self) -> Option<usize> {
        self.reading.as_ref().map(ReadBack::count)
    }

    /// Until when a reading goes on before the next comparison. What was written and may not have been
    /// taken has to be known.
    pub(super) fn reads_until(&self, part: Option<Duration>) -> Option<Instant> {
        part.filter(|_| !self.unsettled).and_then(|part| Instant::now().checked_add(part))
    }

    /// It was read whole, and is to be read again within `interval`. The first read may not show yet what
    /// another process wrote last, in whose place this one works now: another follows soon.
    pub(super) fn read(&mut self, place: &Place, interval: Duration) {
        let period = if self.was_read { spread(place, interval) } else { LAG.min(interval) };
        self.due = Instant::now().checked_add(period);
        self.was_read = true;
        self.unsettled = false;
        self.state = PlaceState::Ready;
        self.heard();
    }

    /// All that stands there is another's: it is read again before long, for that may go.
    pub(super) fn occupied(&mut self, place: &Place, message: String) {
        self.due = Instant::now().checked_add(spread(place, OCCUPIED));
        self.state = PlaceState::Occupied(message);
    }

    /// Security Hub answered there.
    pub(super) fn heard(&mut self) {
        self.heard = Some(Instant::now());
    }

    /// Whether nothing was called there for the time, or for half of it or more.
    pub(super) fn is_silent(&self, place: &Place, time: Duration) -> bool {
        self.heard.is_none_or(|heard| heard.elapsed() >= spread(place, time))
    }

    /// Something is being written there.
    pub(super) fn unsettle(&mut self) {
        self.unsettled = true;
    }

    /// It is known again what stands there.
    pub(super) fn settle(&mut self) {
        self.unsettled = false;
    }

    /// A finding was written there.
    pub(super) fn wrote(&mut self, id: &FindingId) {
        self.recent.insert(id.clone(), Instant::now());
    }

    /// Whether a read that began now might not show the finding as it was written.
    pub(super) fn is_recent(&self, id: &FindingId) -> bool {
        self.recent.get(id).is_some_and(|written| written.elapsed() < LAG)
    }

    /// Lets go of what every read shows by now.
    pub(super) fn forget_old_writes(&mut self) {
        self.recent.retain(|_, written| written.elapsed() < LAG);
        self.recent.shrink_to_fit();
    }
}

/// Half of the interval to all of it, by the place: places are not all read at once.
fn spread(place: &Place, interval: Duration) -> Duration {
    let hash = BuildHasherDefault::<FxHasher>::default().hash_one(place);
    let part = u32::try_from(hash % 1000).unwrap_or_default();
    interval / 2 + interval / 2 * part / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Partition;

    #[test]
    fn reads_are_spread_over_the_second_half_of_the_interval() {
        const DAY: Duration = Duration::from_hours(24);
        let place = |number: u64| Place {
            account: format!("{:012}", number + 100_000_000_000).parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            partition: Partition::Aws,
        };
        let due: Vec<Duration> = (0..400).map(|number| spread(&place(number), DAY)).collect();
        assert!(due.iter().all(|due| (DAY / 2..=DAY).contains(due)));
        let early = due.iter().filter(|due| **due < DAY * 3 / 4).count();
        assert!((100..300).contains(&early), "{early}");
    }
}
