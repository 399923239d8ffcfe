//! What a message of a change queue tells: which resources changed, and as of when.
//!
//! Messages are what `EventBridge` sends of AWS Config ("Monitoring AWS Config with Amazon `EventBridge`",
//! AWS Config Developer Guide), directly or through SNS, or what AWS Config's delivery channel sends to SNS.
//! They come again, late, and in any order.

use std::time::Duration;

use bumpalo::Bump;
use serde::Deserialize;
use thiserror::Error;

use cel::Timestamp;
use model::{
    AccountId, Announced, ConfigurationItem, Enclosed, ItemError, Parsed, Reading, Region,
    ResourceType, Traces, open_envelope, parse_item,
};

/// An item of a later time than this from now was not captured yet: clocks differ by less.
const SKEW: Duration = Duration::from_mins(15);

/// A change of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// The account.
    pub account: AccountId,
    pub(super) resource_type: ResourceType,
    pub(super) id: String,
    /// The region that the item names, which may be `global`.
    pub(super) region: String,
    /// The region whose recorder says so, where that is known.
    pub(super) recorded_in: Option<Region>,
    /// As of when; nothing for what is reported without a time.
    pub(super) captured: Option<Timestamp>,
    pub(super) state: ChangedState,
}

/// What a resource has become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChangedState {
    /// This item. Whether its recorder does not record the type any more.
    Item { text: String, is_unrecorded: bool },
    /// It is gone.
    Gone,
    /// The message does not hold the item, or not in a form that can be read: it has to be fetched.
    Elsewhere,
}

/// A message that cannot be understood, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MessageError {
    /// It is no message of AWS Config, or an item in it is broken.
    #[error("its item {0}")]
    Item(#[from] ItemError),
    /// An item lacks its account, type, region or id, or has another than AWS has.
    #[error("its item has no {0} that AWS uses")]
    Nameless(&'static str),
    /// An account's event holds an item of another account.
    #[error("an event of account {sender} contains an item of account {account}")]
    Contradiction {
        /// Whose event it is.
        sender: String,
        /// Whose item it holds.
        account: AccountId,
    },
    /// An item's time has not come yet.
    #[error("its item was captured in the future")]
    Future,
}

/// What a message tells, and what of it cannot be understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeMessage {
    /// The changes that it tells. None where it is about no item.
    pub changes: Vec<ItemChange>,
    /// Why some of it cannot be understood.
    pub error: Option<MessageError>,
}

/// Whose event it is: `account` and `region` of an event of `EventBridge`.
#[derive(Debug, Default, Deserialize)]
struct Sender {
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    region: Option<String>,
    /// The event, where SNS passes it on.
    #[serde(default, rename = "Message")]
    message: Option<String>,
}

impl ChangeMessage {
    /// Reads the body of a message, as of `now`.
    #[must_use]
    pub fn read(body: &str, now: Timestamp) -> Self {
        let (arena, mut read) = (Bump::new(), Self::default());
        // The message itself is the outermost envelope, whatever is in it.
        let enclosing = format!("{{\"body\":{}}}", body.trim());
        let enclosed = match open_envelope(enclosing.as_bytes(), &arena) {
            Ok(enclosed) => enclosed,
            Err(error) => return Self { error: Some(error.into()), ..read },
        };
        let sender = Sender::of(body);
        let reading = Reading::everything();
        for enclosed in enclosed {
            let change = match enclosed {
                Enclosed::Announced(Announced(traces)) => ItemChange::elsewhere(traces, &sender),
                Enclosed::Item(text) => match parse_item(text.as_bytes(), &reading, &arena) {
                    Ok(Parsed::Item(item)) => ItemChange::of(&item, text, &sender),
                    Ok(Parsed::Skipped(_)) => continue, // nothing is skipped where everything is read
                    Err(error) => {
                        read.error = Some(error.into());
                        let traces = Traces::of_broken(text.as_bytes()).unwrap_or_default();
                        let Ok(change) = ItemChange::elsewhere(traces, &sender) else { continue };
                        Ok(change)
                    }
                },
            };
            match change.and_then(|change| change.checked(&sender, now)) {
                Ok(change) => read.changes.push(change),
                Err(error) => read.error = Some(error),
            }
        }
        read
    }
}

impl Sender {
    fn of(body: &str) -> Self {
        let read = |text: &str| sonic_rs::from_str::<Self>(text).unwrap_or_default();
        let outer = read(body);
        match &outer.message {
            Some(message) if outer.account.is_none() => read(message),
            _ => outer,
        }
    }

    fn region(&self) -> Option<Region> {
        self.region.as_ref()?.parse().ok()
    }
}

impl ItemChange {
    fn of(item: &ConfigurationItem<'_>, text: &str, sender: &Sender) -> Result<Self, MessageError> {
        let is_unrecorded = item.status.is_unrecorded();
        let state = if item.status.is_deleted() {
            ChangedState::Gone
        } else {
            ChangedState::Item { text: text.to_owned(), is_unrecorded }
        };
        Ok(Self {
            account: named(Some(item.account_id), "account")?,
            resource_type: named(Some(item.resource_type), "resourceType")?,
            id: item.id.to_owned(),
            region: item.region.to_owned(),
            recorded_in: sender.region().or_else(|| item.region.parse().ok()),
            captured: Some(
                item.capture_time.ok_or(MessageError::Nameless("configurationItemCaptureTime"))?,
            ),
            state,
        })
    }

    fn elsewhere(traces: Traces, sender: &Sender) -> Result<Self, MessageError> {
        let Traces { account_id, region, resource_type, id, capture_time, state_id: _ } = traces;
        let region = region.unwrap_or_default().into_string();
        Ok(Self {
            account: named(account_id.as_deref(), "account")?,
            resource_type: named(resource_type.as_deref(), "resourceType")?,
            id: id.ok_or(MessageError::Nameless("resourceId"))?.into_string(),
            recorded_in: sender.region().or_else(|| region.parse().ok()),
            region,
            captured: capture_time.filter(|time| *time < NEVER),
            state: ChangedState::Elsewhere,
        })
    }

    /// The change, if it may be believed.
    fn checked(self, sender: &Sender, now: Timestamp) -> Result<Self, MessageError> {
        if let Some(sender) = &sender.account
            && *sender != *self.account.as_str()
        {
            let sender = sender.chars().take(12).collect();
            return Err(MessageError::Contradiction { sender, account: self.account });
        }
        let latest = clock::later(now, SKEW);
        if self.captured.is_some_and(|captured| captured > latest) {
            return Err(MessageError::Future);
        }
        if self.region != "global" && self.region.parse::<Region>().is_err() {
            return Err(MessageError::Nameless("awsRegion"));
        }
        Ok(self)
    }
}

/// Stands for the time of what is announced without one.
const NEVER: Timestamp = Timestamp { seconds: 253_402_300_799, nanoseconds: 0 }; // 9999-12-31T23:59:59Z

fn named<T: std::str::FromStr>(text: Option<&str>, what: &'static str) -> Result<T, MessageError> {
    text.and_then(|text| text.parse().ok()).ok_or(MessageError::Nameless(what))
}

#[cfg(test)]
mod tests;
