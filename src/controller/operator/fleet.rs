//! The workers of this replica: one for each account that it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::account::{AccountWork, Worker, stopped};
use super::bucket::Ownership;
use super::context::Context;
use super::desired::Desired;
use crate::resource::AccountId;

/// The workers of this replica.
pub(super) struct Fleet {
    context: Arc<Context>,
    hands: BTreeMap<AccountId, Hand>,
    /// Workers that were told to stop and finish what they have begun.
    leaving: Vec<(AccountId, Leaving)>,
}

/// One worker. Letting go of `stop` tells it to stop.
struct Hand {
    work: watch::Sender<Arc<AccountWork>>,
    stop: watch::Sender<()>,
    leaving: Leaving,
}

/// A worker on its way out. The other end of `done` is let go of when it has gone.
#[derive(Clone)]
struct Leaving {
    done: watch::Receiver<()>,
    task: AbortHandle,
}

impl Fleet {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, hands: BTreeMap::new(), leaving: Vec::new() }
    }

    /// Gives each account that is held here its work, where that is another than before.
    pub(super) fn direct(&mut self, desired: &Desired, ownership: &Ownership) {
        self.leaving.retain(|(_, leaving)| !leaving.task.is_finished());
        let is_ours = |id: &AccountId| {
            desired.accounts.get(id).is_some_and(|account| ownership.has_account(&account.spec))
        };
        let gone: Vec<AccountId> = self.hands.keys().filter(|id| !is_ours(id)).cloned().collect();
        for id in gone {
            self.dismiss(&id);
        }
        for (id, account) in desired.accounts.iter().filter(|(id, _)| is_ours(id)) {
            let work = Arc::new(AccountWork::of(desired, account));
            match self.hands.get(id) {
                Some(hand) => {
                    hand.work.send_if_modified(|current| {
                        let is_new = **current != *work;
                        if is_new {
                            *current = work;
                        }
                        is_new
                    });
                }
                None => self.employ(id, work),
            }
        }
    }

    fn employ(&mut self, id: &AccountId, work: Arc<AccountWork>) {
        let predecessors = self.leaving.iter().filter(|(leaving, _)| leaving == id);
        let predecessors: Vec<_> = predecessors.map(|(_, it)| it.done.clone()).collect();
        let (work, receiver) = watch::channel(work);
        let (stop, stopping) = watch::channel(());
        let (doing, done) = watch::channel(());
        let worker = Worker::new(Arc::clone(&self.context));
        let task = async move {
            for mut predecessor in predecessors {
                stopped(&mut predecessor).await; // two at once would publish twice
            }
            worker.run(receiver, stopping).await;
            drop(doing);
        };
        let task = tokio::spawn(task).abort_handle();
        self.hands.insert(id.clone(), Hand { work, stop, leaving: Leaving { done, task } });
    }

    fn dismiss(&mut self, id: &AccountId) {
        let Some(Hand { stop, leaving, .. }) = self.hands.remove(id) else { return };
        drop(stop);
        self.context.notebook.forget(id);
        self.context.metrics.baselines().retain_of_account(id, |_| false);
        self.leaving.push((id.clone(), leaving));
    }

    /// Tells every worker to stop.
    pub(super) fn dismiss_all(&mut self) {
        let all: Vec<AccountId> = self.hands.keys().cloned().collect();
        for id in all {
            self.dismiss(&id);
        }
    }

    /// Waits until those who were told to stop by now have finished what they had begun.
    pub(super) fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let leaving: Vec<_> = self.leaving.iter().map(|(_, it)| it.done.clone()).collect();
        async move {
            for mut done in leaving {
                stopped(&mut done).await;
            }
        }
    }

    /// Breaks off whatever those do who were told to stop.
    pub(super) fn abort(&mut self) {
        for (_, leaving) in self.leaving.drain(..) {
            leaving.task.abort();
        }
    }
}
