//! Of which read each account fact is: where files hold several reads of one account or region, the newest
//! counts, and what only an older one holds is gone.
//!
//! What one read says of a subject is of one moment, so that an older fact is of an older read, wherever
//! it stands. That the newest read holds something that cannot be understood makes no older one newer.

use std::collections::BTreeMap;

use super::items::is_of_account;
use super::lost::LostItem;
use cel::Timestamp;
use model::{ConfigurationItem, fact_types};

/// An account and region, and the type that says whether facts were read. Facts of an account as a whole
/// have no region.
type FactSubject = (Box<str>, Box<str>, Box<str>);

/// When the facts of each subject were read last.
#[derive(Debug, Default)]
pub(super) struct FactReads {
    newest: BTreeMap<FactSubject, Timestamp>,
    /// Whether facts of an older read were met.
    has_older: bool,
}

/// What an item or a lost one is about.
#[derive(Clone, Copy)]
struct FactPlace<'i> {
    account_id: &'i str,
    region: &'i str,
    resource_type: &'i str,
}

impl<'i> FactPlace<'i> {
    const fn of(item: &ConfigurationItem<'i>) -> Self {
        let ConfigurationItem { account_id, region, resource_type, .. } = *item;
        Self { account_id, region, resource_type }
    }

    fn of_lost(item: &'i LostItem) -> Self {
        let LostItem { account_id, region, resource_type, .. } = item;
        Self { account_id, region, resource_type }
    }

    /// Nothing for what is no fact.
    fn subject(self) -> Option<FactSubject> {
        let Self { account_id, region, resource_type } = self;
        if !fact_types::is_fact(resource_type) {
            return None;
        }
        let region = if is_of_account(region, resource_type) { "" } else { region };
        let witness = fact_types::witness(resource_type);
        Some((account_id.into(), region.into(), witness.into()))
    }
}

impl FactReads {
    /// Takes note of a fact, of a time that has come.
    pub(super) fn meet(&mut self, item: &ConfigurationItem<'_>, time: Option<Timestamp>) {
        self.note(FactPlace::of(item).subject(), time);
    }

    /// Takes note of an item that cannot be understood.
    pub(super) fn meet_lost(&mut self, item: &LostItem, time: Option<Timestamp>) {
        self.note(FactPlace::of_lost(item).subject(), time);
    }

    fn note(&mut self, subject: Option<FactSubject>, time: Option<Timestamp>) {
        let (Some(subject), Some(time)) = (subject, time) else { return };
        let newest = self.newest.entry(subject).or_insert(time);
        self.has_older |= *newest != time;
        *newest = time.max(*newest);
    }

    /// Adds what another thread met.
    pub(super) fn merge(&mut self, other: Self) {
        self.has_older |= other.has_older;
        for (subject, time) in other.newest {
            self.note(Some(subject), Some(time));
        }
    }

    /// Whether all facts of a subject are of one read.
    pub(super) const fn is_one_of_each(&self) -> bool {
        !self.has_older
    }

    /// Whether an item is a fact of an older read.
    pub(super) fn is_older(&self, item: &ConfigurationItem<'_>) -> bool {
        self.is_before_newest(FactPlace::of(item), item.capture_time)
    }

    /// Whether what cannot be understood is a fact of an older read.
    pub(super) fn is_lost_older(&self, item: &LostItem) -> bool {
        self.is_before_newest(FactPlace::of_lost(item), item.captured)
    }

    fn is_before_newest(&self, place: FactPlace<'_>, time: Option<Timestamp>) -> bool {
        if self.newest.is_empty() || time.is_none() {
            return false;
        }
        let newest = place.subject().and_then(|subject| self.newest.get(&subject).copied());
        newest.is_some_and(|newest| time < Some(newest))
    }
}
