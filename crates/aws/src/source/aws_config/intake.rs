//! Takes into the mirror what messages tell, in between reads.
//!
//! A message counts for what is read anyway: the first read of a type comes before all messages about it,
//! and a later one proves by counts that none was lost. What a message does not hold is fetched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::need::Need;
use super::row::{Heads, State};
use super::unread::Unread;
use crate::source::changes::{ChangedState, ItemChange};
use crate::source::mirror::{Mirror, News, Part};
use crate::{ConfigClient, ResourceKey, is_enumerated};
use cel::Timestamp;
use model::{AccountId, Region, ResourceType, is_global};

/// Takes what messages tell of one account. Clones are one.
#[derive(Debug, Clone)]
pub struct ChangeIntake(Arc<IntakeState>);

#[derive(Debug)]
struct IntakeState {
    account: AccountId,
    mirror: Arc<Mirror>,
    /// Who is asked for items that messages do not hold; none for what an aggregator shows.
    services: BTreeMap<Region, ConfigClient>,
    /// Of the types that are read, whether that is more than batches give.
    types: Mutex<BTreeMap<ResourceType, bool>>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The mirror holds it.
    News,
    /// The mirror holds the same, or what is newer.
    Repeated,
    /// Nobody reads the type or region.
    NotRead,
    /// Only a read can bring it.
    ToRead,
}

impl ChangeIntake {
    pub(super) fn new(
        account: AccountId,
        mirror: &Arc<Mirror>,
        services: BTreeMap<Region, ConfigClient>,
    ) -> Self {
        let (mirror, types) = (Arc::clone(mirror), Mutex::default());
        Self(Arc::new(IntakeState { account, mirror, services, types }))
    }

    /// These types are read from now on.
    pub(super) fn reads(&self, needs: &BTreeMap<ResourceType, Need>) {
        let types = needs.iter().map(|(name, need)| (name.clone(), need.beyond_batches));
        *self.0.types.lock().unwrap_or_else(PoisonError::into_inner) = types.collect();
    }

    /// Takes a change. The mirror holds it when this returns; an item that has to be fetched is fetched.
    ///
    /// # Errors
    ///
    /// When the mirror cannot keep it, or it cannot be fetched yet: the message has to come again.
    pub async fn take(&self, change: &ItemChange) -> Result<Taken, Unread> {
        let mirror = &self.0.mirror;
        let beyond_batches = self.beyond_batches(&change.resource_type);
        let (Some(beyond_batches), Some(part)) = (beyond_batches, self.part(change)) else {
            return Ok(Taken::NotRead);
        };
        let captured = change.captured.unwrap_or(EARLIEST);
        let news = News { region: &change.region, id: &change.id, captured, text: None };
        let is_news = match &change.state {
            ChangedState::Gone => mirror.take(&part, &news)?,
            ChangedState::Item { text, .. } => {
                mirror.take(&part, &News { text: Some(text), ..news })?
            }
            ChangedState::Elsewhere => match mirror.would_take(&part, &news) {
                Some(false) if change.captured.is_some() => Some(false),
                Some(_) => return self.fetch(change, &part, beyond_batches).await,
                None => None,
            },
        };
        Ok(match is_news {
            Some(true) => Taken::News,
            Some(false) => Taken::Repeated,
            None => Taken::NotRead,
        })
    }

    /// Whether more is read of a type than batches give; nothing where nothing is.
    fn beyond_batches(&self, resource_type: &ResourceType) -> Option<bool> {
        let types = self.0.types.lock().unwrap_or_else(PoisonError::into_inner);
        types.get(resource_type).copied()
    }

    /// Where the change belongs; nothing where nobody reads it. Of a global resource, every region that
    /// records it tells, and one of them is read.
    fn part(&self, change: &ItemChange) -> Option<Part> {
        let resource_type = change.resource_type.clone();
        let regions = self.0.mirror.regions_of(&resource_type);
        if !is_global(resource_type.as_str()) {
            let region = regions.into_iter().find(|region| *region.as_str() == *change.region)?;
            return Some(Part { region, resource_type });
        }
        let region = regions.into_iter().next()?;
        let of_other = change.recorded_in.as_ref() != Some(&region);
        // That another region does not record it says nothing of this one.
        let is_unrecorded = matches!(&change.state, ChangedState::Item { is_unrecorded: true, .. });
        (!(is_unrecorded && of_other)).then_some(Part { region, resource_type })
    }

    /// Fetches an item that the message does not hold.
    async fn fetch(
        &self,
        change: &ItemChange,
        part: &Part,
        beyond_batches: bool,
    ) -> Result<Taken, Unread> {
        let IntakeState { account, mirror, services, .. } = &*self.0;
        let Some(service) =
            services.get(&part.region).filter(|_| is_enumerated(&part.resource_type))
        else {
            return Ok(Taken::ToRead);
        };
        let key = ResourceKey { resource_type: part.resource_type.clone(), id: change.id.clone() };
        let item = if beyond_batches {
            service.newest(&key).await?
        } else {
            let batch = service.batch(std::slice::from_ref(&key)).await?;
            if !batch.unprocessed.is_empty() {
                return Err(Unread::not_delivered(format!("{} was not looked up", key.id)));
            }
            batch.items.into_iter().next().map(|(_, item)| item)
        };
        let Some(item) = item else { return Ok(Taken::ToRead) }; // gone since
        let head = Heads::new(account, [&part.resource_type]).of(&item)?;
        if head.id != change.id || head.state == State::Unreadable {
            return Err(Unread::not_delivered(format!(
                "another item came than that of {}",
                key.id
            )));
        }
        let (Some(found), announced) = (head.captured, change.captured.unwrap_or(EARLIEST)) else {
            return Ok(Taken::ToRead);
        };
        if found.seconds < announced.seconds {
            let detail = format!("AWS Config does not show the newest item of {} yet", key.id);
            return Err(Unread::not_delivered(detail));
        }
        let text = (head.state == State::There).then_some(item.as_str());
        let captured = found.max(announced);
        let news = News { region: &head.region, id: &head.id, captured, text };
        Ok(match mirror.take(part, &news)? {
            Some(true) => Taken::News,
            Some(false) => Taken::Repeated,
            None => Taken::NotRead,
        })
    }
}

/// Before every item: what is announced without a time is fetched, and has its own.
const EARLIEST: Timestamp = Timestamp { seconds: 0, nanoseconds: 0 };

#[cfg(test)]
mod tests;
