//! What every part of the operator works with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kube::Client;
use tokio::sync::{Notify, Semaphore};

use super::account::AccountObservation;
use super::events::Events;
use super::organization::OrganizationObservations;
use super::permits::EvaluationPermits;
use super::settings::OperatorSettings;
use super::stores::Stores;
use super::turns::Turns;
use assess::AwsAccounts;
use cel::Timestamp;
use clock::{Clock, Fence};
use engine::drift::Publisher;
use metrics::{Metrics, OperatorMetrics};
use model::AccountId;

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
    /// Whether this replica may write: closed where its lease is over.
    pub(super) fence: Fence,
    /// So many accounts are reached at once, and their roles assumed,
    pub(super) reaches: Semaphore,
    /// so many are read, which takes some memory,
    pub(super) reads: Semaphore,
    /// and so many evaluated, which takes every core. The first two wait for AWS, for minutes where
    /// it throttles, so that there are more of them.
    pub(super) permits: EvaluationPermits,
    /// So many reports are written at once, by namespaces in turn: an API server that has more to do than it
    /// can answers nobody in time, this replica's leases among them.
    pub(super) writes: Turns<String>,
    pub(super) observations: AccountObservations,
    pub(super) organizations: OrganizationObservations,
    /// Who publishes findings; known before anything is evaluated.
    pub(super) publisher: OnceLock<Publisher>,
}

/// What the workers observed of their accounts, for whoever writes their status.
#[derive(Debug, Default)]
pub(super) struct AccountObservations {
    pages: Mutex<BTreeMap<AccountId, AccountObservation>>,
    /// Whose evaluation does not end, and when it began.
    overdue: Mutex<BTreeMap<AccountId, Timestamp>>,
    pub(super) changed: Notify,
}

impl AccountObservations {
    /// What was observed last of an account.
    pub(super) fn page(&self, account: &AccountId) -> Option<AccountObservation> {
        self.locked(|pages| pages.get(account).cloned())
    }

    pub(super) fn write(&self, account: &AccountId, observed: &AccountObservation) {
        let is_new = self.locked(|pages| {
            let before = pages.insert(account.clone(), observed.clone());
            before.as_ref() != Some(observed)
        });
        if is_new {
            self.changed.notify_one();
        }
    }

    pub(super) fn forget(&self, account: &AccountId) {
        self.locked(|pages| pages.remove(account));
        self.overdue(account, None);
    }

    /// When the evaluation of an account began that does not end.
    pub(super) fn overdue_since(&self, account: &AccountId) -> Option<Timestamp> {
        self.overdue.lock().unwrap_or_else(PoisonError::into_inner).get(account).copied()
    }

    /// Notes that an evaluation does not end, which began then, or that it has ended.
    pub(super) fn overdue(&self, account: &AccountId, since: Option<Timestamp>) {
        let mut overdue = self.overdue.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match since {
            Some(since) => overdue.insert(account.clone(), since),
            None => overdue.remove(account),
        };
        drop(overdue);
        if before != since {
            self.changed.notify_one();
        }
    }

    fn locked<T>(
        &self,
        apply: impl FnOnce(&mut BTreeMap<AccountId, AccountObservation>) -> T,
    ) -> T {
        apply(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
