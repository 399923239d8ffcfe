//! Change queues: what AWS Config records reaches the mirrors of accounts within a moment, in between
//! reads.
//!
//! One reader a queue receives for all accounts that share it. A message is deleted only once the mirror
//! of its account holds what it tells. What a queue loses, the next read of the account finds: a queue
//! makes nothing known that a read would not, only sooner.

mod news;
mod reader;
mod state;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

use super::AwsAccounts;
use api::{AwsAccountSpec, RoleReference};
use aws::source::aws_config::ChangeIntake;
use model::{AccountId, QueueUrl};
use reader::QueueReader;

pub use news::ChangeNews;
pub use state::QueueState;

/// The queues that are read in this process. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct ChangeQueues(Arc<Mutex<HashMap<QueueUrl, OpenQueue>>>);

#[derive(Debug)]
struct OpenQueue {
    shared: Arc<SharedQueue>,
    reader: AbortHandle,
}

/// What the reader of a queue and the accounts that share it have in common.
#[derive(Debug)]
struct SharedQueue {
    url: QueueUrl,
    subscribers: Mutex<BTreeMap<AccountId, Subscriber>>,
    state: Mutex<QueueState>,
}

/// An account that waits for messages.
#[derive(Debug, Clone)]
struct Subscriber {
    /// By which role it has the queue read.
    role: Option<RoleReference>,
    /// Nothing before its first read.
    intake: Option<ChangeIntake>,
    news: Arc<ChangeNews>,
    /// Tells it from those of the same account before and after it.
    token: Arc<()>,
}

/// An account's share of a queue, until it is dropped. The last one closes the queue.
#[derive(Debug)]
pub(super) struct Subscription {
    queues: ChangeQueues,
    shared: Arc<SharedQueue>,
    account: AccountId,
    token: Arc<()>,
}

/// Shows how reading a queue goes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct QueueWatch(Arc<SharedQueue>);

impl QueueWatch {
    /// How it goes now.
    #[must_use]
    pub fn state(&self) -> QueueState {
        self.0.state()
    }
}

impl ChangeQueues {
    /// Lets an account have what its queue brings; nothing where it has none.
    pub(super) fn subscribe(
        &self,
        aws: &AwsAccounts,
        spec: &AwsAccountSpec,
        news: &Arc<ChangeNews>,
    ) -> Option<Subscription> {
        let (url, role) = change_queue(spec)?;
        let (account, token) = (spec.account_id.clone(), Arc::new(()));
        let (role, news) = (role.cloned(), Arc::clone(news));
        let subscriber = Subscriber { role, intake: None, news, token: Arc::clone(&token) };
        let mut queues = self.lock();
        let open = queues.entry(url).or_insert_with_key(|url| OpenQueue::of(url, aws));
        open.shared.subscribers().insert(account.clone(), subscriber);
        let shared = Arc::clone(&open.shared);
        drop(queues);
        Some(Subscription { queues: self.clone(), shared, account, token })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<QueueUrl, OpenQueue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenQueue {
    fn of(url: &QueueUrl, aws: &AwsAccounts) -> Self {
        let shared = Arc::new(SharedQueue {
            url: url.clone(),
            subscribers: Mutex::default(),
            state: Mutex::default(),
        });
        let reader = QueueReader::new(aws.clone(), Arc::clone(&shared));
        let reader = tokio::spawn(reader.run()).abort_handle();
        Self { shared, reader }
    }
}

impl SharedQueue {
    fn subscribers(&self) -> MutexGuard<'_, BTreeMap<AccountId, Subscriber>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subscriber(&self, account: &AccountId) -> Option<Subscriber> {
        self.subscribers().get(account).cloned()
    }

    fn state(&self) -> QueueState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of how reading goes, and lets the accounts hear where that is news.
    fn is(&self, state: QueueState) {
        let mut known = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == state {
            return;
        }
        if let Some(trouble) = state.trouble() {
            tracing::warn!(queue = %self.url, "change queue: {trouble}");
        } else {
            tracing::info!(queue = %self.url, "change queue: receiving");
        }
        *known = state;
        drop(known);
        self.subscribers().values().for_each(|subscriber| subscriber.news.note());
    }
}

impl Subscription {
    /// From now on messages reach the mirror.
    pub(super) fn attach(&self, intake: &ChangeIntake) {
        if let Some(subscriber) = self.shared.subscribers().get_mut(&self.account)
            && Arc::ptr_eq(&subscriber.token, &self.token)
        {
            subscriber.intake = Some(intake.clone());
        }
    }

    /// How reading the queue goes, for whoever watches it.
    pub(super) fn watch(&self) -> QueueWatch {
        QueueWatch(Arc::clone(&self.shared))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut queues = self.queues.lock();
        let mut subscribers = self.shared.subscribers();
        // A successor may have taken the account over already.
        let is_own = |it: &Subscriber| Arc::ptr_eq(&it.token, &self.token);
        if subscribers.get(&self.account).is_some_and(is_own) {
            subscribers.remove(&self.account);
        }
        let is_last = subscribers.is_empty();
        drop(subscribers);
        let is_open = queues.get(&self.shared.url);
        if is_last
            && is_open.is_some_and(|open| Arc::ptr_eq(&open.shared, &self.shared))
            && let Some(closed) = queues.remove(&self.shared.url)
        {
            closed.reader.abort();
        }
    }
}

/// The queue that brings an account's changes, and the role that reads it: the one that is set, else that
/// of whoever owns the queue. Nothing where the account has no queue.
#[must_use]
pub fn change_queue(spec: &AwsAccountSpec) -> Option<(QueueUrl, Option<&RoleReference>)> {
    let changes = spec.source.changes()?;
    let queue = changes.queue().ok()?;
    let aggregator = spec.source.aggregator.as_ref();
    let aggregator = aggregator.filter(|aggregator| aggregator.account == *queue.account());
    let role = changes.role.as_ref().or_else(|| match aggregator {
        Some(aggregator) => aggregator.role.as_ref(),
        None if spec.account_id == *queue.account() => spec.role.as_ref(),
        None => None,
    });
    Some((queue, role))
}
