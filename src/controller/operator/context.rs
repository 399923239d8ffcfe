//! What every part of the operator works with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kube::Client;
use tokio::sync::{Notify, Semaphore};

use super::account::Learned;
use super::events::Events;
use super::settings::OperatorSettings;
use super::stores::Stores;
use crate::controller::Clock;
use crate::controller::sources::AwsAccounts;
use crate::metrics::{Metrics, OperatorMetrics};
use crate::resource::AccountId;

/// What every part of the operator works with.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) settings: OperatorSettings,
    pub(super) stores: Stores,
    pub(super) metrics: Arc<Metrics>,
    pub(super) own_metrics: OperatorMetrics,
    /// AWS, as accounts are reached.
    pub(super) aws: AwsAccounts,
    pub(super) events: Events,
    pub(super) clock: Arc<dyn Clock>,
    /// So many accounts are reached at once, and their roles assumed,
    pub(super) reaches: Semaphore,
    /// so many are read, which takes some memory,
    pub(super) reads: Semaphore,
    /// and so many evaluated, which takes every core. The first two wait for AWS, for minutes where
    /// it throttles, so that there are more of them.
    pub(super) permits: Arc<Semaphore>,
    /// So many reports are written at once: an API server that has more to do than it can answers
    /// nobody in time, this replica's leases among them.
    pub(super) writes: Semaphore,
    pub(super) notebook: Notebook,
}

/// What the workers learned of their accounts, for whoever writes their status.
#[derive(Debug, Default)]
pub(super) struct Notebook {
    pages: Mutex<BTreeMap<AccountId, Learned>>,
    pub(super) changed: Notify,
}

impl Notebook {
    /// What was learned last of an account.
    pub(super) fn page(&self, account: &AccountId) -> Option<Learned> {
        self.locked(|pages| pages.get(account).cloned())
    }

    pub(super) fn write(&self, account: &AccountId, learned: &Learned) {
        let is_new = self.locked(|pages| {
            let before = pages.insert(account.clone(), learned.clone());
            before.as_ref() != Some(learned)
        });
        if is_new {
            self.changed.notify_one();
        }
    }

    pub(super) fn forget(&self, account: &AccountId) {
        self.locked(|pages| pages.remove(account));
    }

    fn locked<T>(&self, look: impl FnOnce(&mut BTreeMap<AccountId, Learned>) -> T) -> T {
        look(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
