//! Findings in AWS Security Hub, of many accounts and regions.
//!
//! What stands in a place is read back before anything is published there, and again within a day,
//! for other people change and archive findings, too. In between, own writes count as known: reads
//! lag behind them. What another Plumbline published meanwhile is seen before the first publication
//! of a finding (`unseen`). A read that ends before its last page counts for nothing until it has gone on
//! to that.
//!
//! A place whose Security Hub cannot be read, or is not enabled, refuses its changes and says why;
//! all others go on. Killed between any two calls, the next comparison finds what is still to be
//! done (`commit`). Where nothing has changed, nothing is called, but for the question within each
//! hour whether Security Hub is still enabled (`asking`).

mod asking;
mod batches;
mod commit;
mod decode;
mod deliver;
mod encode;
mod halves;
mod occupied;
mod places;
mod read_back;
mod unseen;
mod workflow;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, stream};

use self::commit::{CommitJob, CommitStep, Committed, Half, commit};
use self::places::PlaceEntry;
use self::read_back::{ReadBack, read_back};
use crate::publish::{
    FindingSink, Hubs, Place, PlaceState, PublishError, Published, Refused, not_own, place_of,
};
use crate::{AwsError, Class};
use engine::drift::{FindingChange, KnownFindings, Publisher, Workflow};
use model::AccountId;

/// Places that are read or written at once.
const PLACES_AT_ONCE: usize = 8;
/// What stands in a place is read again within this time.
const READ_WITHIN: Duration = Duration::from_hours(24);
/// The pause before refused findings are sent again; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// Security Hub in many places.
#[derive(Debug)]
pub struct SecurityHub<H> {
    hubs: H,
    publisher: Publisher,
    known: KnownFindings,
    places: HashMap<Place, PlaceEntry>,
    /// Workflows that are ahead of their findings, by the findings' ids.
    halves: HashMap<String, Half>,
    read_within: Duration,
    /// For so long places are read before a comparison; whole where nothing is set.
    part: Option<Duration>,
    pause: Duration,
}

impl<H: Hubs> SecurityHub<H> {
    /// Security Hub of the places that `hubs` opens, for the findings of one publisher.
    pub fn new(publisher: impl Into<Publisher>, hubs: H) -> Self {
        Self {
            hubs,
            publisher: publisher.into(),
            known: KnownFindings::new(),
            places: HashMap::new(),
            halves: HashMap::new(),
            read_within: READ_WITHIN,
            part: None,
            pause: PAUSE,
        }
    }

    /// Reads what stands in a place again within this time, instead of 24 hours.
    #[must_use]
    pub const fn read_within(mut self, interval: Duration) -> Self {
        self.read_within = interval;
        self
    }

    /// Reads each place for so long before a comparison, and the rest afterwards: what takes longer is
    /// compared when it is known.
    #[must_use]
    pub const fn reading_for(mut self, part: Duration) -> Self {
        self.part = Some(part);
        self
    }

    /// How places are opened: accounts and their roles may change while this runs.
    pub const fn hubs_mut(&mut self) -> &mut H {
        &mut self.hubs
    }

    /// Forgets everything about an account, for another process looks after it now.
    pub fn forget(&mut self, account: &AccountId) {
        self.places.retain(|place, _| place.account != *account);
        self.halves.retain(|_, half| half.place.account != *account);
        self.known.retain_where(|of, _, _| of != account);
    }

    /// Whether a place takes changes, and why not.
    pub fn state(&self, place: &Place) -> PlaceState {
        let nobody_asked = || {
            PlaceState::Unread(
                "nothing has been published or read there \
            yet"
                .to_owned(),
            )
        };
        self.places.get(place).map_or_else(nobody_asked, |entry| entry.state.clone())
    }

    /// Why a place takes no changes; nothing where it takes them.
    pub fn refusal(&self, place: &Place) -> Option<String> {
        let takes = self.is_ready(place) && self.hubs.hub(place).is_some();
        (!takes).then(|| self.why_not(place))
    }

    /// How many findings under Plumbline's prefix in a place are none of its own. They are left
    /// alone.
    pub fn foreign(&self, place: &Place) -> usize {
        self.places.get(place).map_or(0, |entry| entry.foreign)
    }

    /// Reads the places that are due, several at once, and whole but where each reads in parts.
    async fn read(&mut self, places: &[Place], part: Option<Duration>) {
        let asked: HashSet<&Place> = places.iter().collect();
        for place in &asked {
            let entry = self.places.entry((*place).clone()).or_insert_with(PlaceEntry::new);
            entry.forget_old_writes();
            if entry.is_due() && self.hubs.hub(place).is_none() {
                let reason = format!("no AwsAccount gives access to account {}", place.account);
                entry.state = PlaceState::Unread(reason);
            }
        }
        let due = self.places.iter_mut().filter(|(place, it)| asked.contains(place) && it.is_due());
        let due = due.filter_map(|(place, entry)| Some((self.hubs.hub(place)?, place, entry)));
        let (publisher, known) = (&self.publisher, &self.known);
        let reads: Vec<BoxFuture<'_, _>> = due
            .map(|(hub, place, entry)| {
                let read = async move {
                    let until = entry.reads_until(part);
                    let read =
                        read_back(&hub, place, (publisher, known), entry.reading(), until).await;
                    (place.clone(), read)
                };
                read.boxed()
            })
            .collect();
        let reads = stream::iter(reads).buffer_unordered(PLACES_AT_ONCE);
        for (place, read) in reads.collect::<Vec<_>>().await {
            match read {
                Ok(true) => self.stands(&place),
                Ok(false) => self.is_reading(&place),
                Err(error) => self.unread(&place, &error),
            }
        }
    }

    /// A place is read in part. One that was read before goes on with what is known of it.
    fn is_reading(&mut self, place: &Place) {
        let Some(entry) = self.places.get_mut(place) else { return };
        let count = entry.is_being_read().unwrap_or_default();
        if entry.state != PlaceState::Ready {
            entry.state = PlaceState::Reading(format!("they are being read, {count} so far"));
        }
    }

    /// Takes what stands in a place as the truth, but for what was written there a moment ago.
    fn stands(&mut self, place: &Place) {
        let Some(entry) = self.places.get_mut(place) else { return };
        let Some(standing) = entry.end_reading().map(ReadBack::finish) else { return };
        if standing.foreign != entry.foreign
            && let Some(example) = &standing.example
        {
            tracing::warn!(
                account = %place.account, region = %place.region, count = standing.foreign, example,
                "findings with Plumbline's prefix were not written by Plumbline; they are ignored",
            );
        }
        entry.foreign = standing.foreign;
        if entry.was_read {
            self.known.retain_where(|account, region, id| {
                (account, region) != (&place.account, &place.region) || entry.is_recent(id)
            });
        }
        entry.read(place, self.read_within);
        self.known.absorb(standing.findings);
        self.note_others(place, standing.others);
    }

    /// A place could not be read. One that was read before goes on with what is known of it if
    /// AWS merely was busy.
    fn unread(&mut self, place: &Place, error: &AwsError) {
        const WHAT: &str = "published findings could not be read back";
        let Some(entry) = self.places.get_mut(place) else { return };
        if !error.class.is_passing() {
            entry.end_reading();
        }
        let state = match error.class {
            Class::NotEnabled => PlaceState::NotEnabled(not_enabled(place, error)),
            _ if error.class.is_passing() && entry.state == PlaceState::Ready => PlaceState::Ready,
            _ => PlaceState::Unread(error.to_string()),
        };
        // What is tried again and fails as before is no news.
        if entry.state == state && state != PlaceState::Ready {
            tracing::debug!(account = %place.account, region = %place.region, %error, "{WHAT}");
        } else {
            tracing::warn!(account = %place.account, region = %place.region, %error, "{WHAT}");
        }
        entry.state = state;
    }

    fn is_being_read(&self, place: &Place) -> bool {
        self.places.get(place).is_some_and(|entry| entry.is_being_read().is_some())
    }

    fn is_ready(&self, place: &Place) -> bool {
        self.places.get(place).is_some_and(|entry| entry.state == PlaceState::Ready)
    }

    /// The changes by place, and those that no place takes.
    fn jobs<'c>(&self, changes: &'c [FindingChange]) -> (Vec<CommitJob<'c, H::Hub>>, Vec<Refused>) {
        let mut by_place: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            by_place.entry(place_of(change.finding())).or_default().push(at);
        }
        let (mut jobs, mut refused) = (Vec::new(), Vec::new());
        for (place, ats) in by_place {
            let hub = self.is_ready(&place).then(|| self.hubs.hub(&place)).flatten();
            let Some(hub) = hub else {
                let message = self.why_not(&place);
                let refuse = |change| Refused { change, message: message.clone() };
                refused.extend(ats.into_iter().map(refuse));
                continue;
            };
            let is_others =
                |at: &usize| changes.get(*at).is_some_and(|it| self.is_others(&place, it));
            let (others, ats): (Vec<usize>, Vec<usize>) = ats.into_iter().partition(is_others);
            refused.extend(others.into_iter().filter_map(|change| {
                Some(Refused { change, message: not_own(&changes.get(change)?.finding().id) })
            }));
            let step = |at: usize| {
                let wanted = changes.get(at)?.finding();
                let known = self.known.get(wanted.id.as_str());
                Some(CommitStep::new(at, wanted, known.as_deref()))
            };
            let steps: Vec<_> = ats.into_iter().filter_map(step).collect();
            let unseen = self.unseen(&place, &steps);
            jobs.push(CommitJob { place, hub, steps, unseen, pause: self.pause });
        }
        (jobs, refused)
    }

    fn why_not(&self, place: &Place) -> String {
        let Place { account, region, .. } = place;
        match self.state(place) {
            PlaceState::NotEnabled(message) | PlaceState::Occupied(message) => message,
            PlaceState::Unread(reason) | PlaceState::Reading(reason) => format!(
                "the findings in account {account}, {region}, could not be read back: {reason}; \
                 nothing is published there until they can be read"
            ),
            PlaceState::Ready => format!(
                "no AwsAccount gives access to account {account} any \
                more"
            ),
        }
    }

    /// Takes note of what became of a place's changes, and gives those that were refused.
    fn committed(&mut self, changes: &[FindingChange], committed: Committed) -> Vec<Refused> {
        let Committed { place, taken, mut refused, set_back, halves, seen, stopped } = committed;
        self.saw(&place, seen);
        let Some(entry) = self.places.get_mut(&place) else { return refused };
        for at in &taken {
            let Some(change) = changes.get(*at) else { continue };
            let mut finding = change.shared();
            if set_back.contains(at) {
                Arc::make_mut(&mut finding).workflow = Workflow::New;
            }
            entry.wrote(&finding.id);
            entry.heard();
            self.known.upsert_briefly(finding);
        }
        self.halves.extend(halves.into_iter().map(Half::by_id));
        match &stopped {
            Some(error) if error.class == Class::NotEnabled => {
                let message = not_enabled(&place, error);
                for refused in &mut refused {
                    refused.message.clone_from(&message);
                }
                entry.state = PlaceState::NotEnabled(message);
            }
            // The last call may have been heard though its answer was not.
            Some(error) if error.class == Class::Transient => {}
            _ => entry.settle(),
        }
        if let Some(error) = stopped {
            tracing::warn!(
                account = %place.account, region = %place.region, %error,
                "not all findings could be published",
            );
        }
        refused
    }
}

impl<H: Hubs> FindingSink for SecurityHub<H> {
    fn known(&self) -> &KnownFindings {
        &self.known
    }

    async fn prepare(&mut self, places: &[Place]) {
        self.read(places, self.part).await;
        self.ask_silent(places).await;
        self.take_back_halves(places).await;
    }

    async fn read_on(&mut self, places: &[Place]) -> bool {
        let rest: Vec<Place> =
            places.iter().filter(|place| self.is_being_read(place)).cloned().collect();
        self.read(&rest, None).await;
        // One that was broken off by a failure is no news: the next turn comes when it is due.
        rest.iter().any(|place| !self.is_being_read(place))
    }

    async fn ask(&mut self, places: &[Place]) -> bool {
        self.ask_silent(places).await
    }

    async fn publish(&mut self, changes: &[FindingChange]) -> Result<Published, PublishError> {
        let (jobs, mut refused) = self.jobs(changes);
        for job in &jobs {
            // Should this be dropped half-way, it is not known what was taken.
            self.places.entry(job.place.clone()).or_insert_with(PlaceEntry::new).unsettle();
        }
        let committing: Vec<BoxFuture<'_, Committed>> = jobs.into_iter().map(commit).collect();
        let mut committing = stream::iter(committing).buffer_unordered(PLACES_AT_ONCE);
        let mut accepted = 0;
        while let Some(committed) = committing.next().await {
            accepted += committed.taken.len();
            refused.extend(self.committed(changes, committed));
        }
        refused.sort_unstable_by_key(|refused| refused.change);
        Ok(Published { accepted, refused })
    }
}

fn not_enabled(place: &Place, error: &AwsError) -> String {
    let Place { account, region, .. } = place;
    format!(
        "Security Hub is not enabled in account {account}, {region} ({}); enable it, or remove \
         the region from the AwsAccount. Nothing is published there until then",
        error.code
    )
}
