//! Places in which another Plumbline of the same installation publishes: what it keeps stays as it is.

use super::commit::CommitStep;
use super::unseen::{SeenFindings, UnseenFindings};
use super::{Hubs, PlaceState, SecurityHub};
use crate::publish::{OthersFindings, Place, is_vacant};
use engine::drift::FindingChange;

impl<H: Hubs> SecurityHub<H> {
    /// What another Plumbline of the installation keeps in a place: how many, and in words.
    pub fn others(&self, place: &Place) -> Option<(usize, String)> {
        let entry = self.places.get(place)?;
        let others = (!entry.others.is_empty()).then_some(&entry.others)?;
        let is_occupied = matches!(entry.state, PlaceState::Occupied(_));
        let message = others.message(place, &self.publisher.installation, is_occupied);
        Some((others.count(), message))
    }

    /// The places in which another Plumbline of the installation has findings.
    pub fn others_places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|(_, entry)| !entry.others.is_empty()).map(|(place, _)| place)
    }

    /// Takes note of what was read of others. A place in which nothing stands but theirs is theirs.
    pub(super) fn note_others(&mut self, place: &Place, others: OthersFindings) {
        let is_occupied = !others.is_empty() && is_vacant(&self.known, place);
        let Some(entry) = self.places.get_mut(place) else { return };
        if !others.is_empty() {
            let message = others.message(place, &self.publisher.installation, is_occupied);
            if entry.others != others {
                tracing::warn!(
                    event = "other_publisher", account = %place.account, region = %place.region,
                    "{message}",
                );
            }
            if is_occupied {
                entry.occupied(place, message);
            }
        }
        entry.others = others;
    }

    /// What is to be read before these steps, of whose findings some are not known.
    pub(super) fn unseen<'c>(&self, place: &Place, steps: &[CommitStep<'c>]) -> UnseenFindings<'c> {
        let unseen: Vec<_> = steps.iter().filter_map(CommitStep::unseen).collect();
        let is_vacant = !unseen.is_empty() && is_vacant(&self.known, place);
        UnseenFindings::of(&unseen, place, &self.known, (&self.publisher, is_vacant))
    }

    /// Takes note of what was read before findings were published for the first time.
    pub(super) fn saw(&mut self, place: &Place, seen: SeenFindings) {
        self.known.absorb(seen.own);
        let Some(entry) = self.places.get(place).filter(|_| !seen.others.is_empty()) else {
            return;
        };
        let mut others = entry.others.clone();
        others.extend(seen.others);
        self.note_others(place, others);
    }

    /// Whether a change is of a finding that is another's.
    pub(super) fn is_others(&self, place: &Place, change: &FindingChange) -> bool {
        let entry = self.places.get(place);
        entry.is_some_and(|entry| entry.others.has(&change.finding().id))
    }
}
