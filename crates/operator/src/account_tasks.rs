//! The workers of this replica: one for each account that it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::runtime::reflector::ObjectRef;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::account::{AccountObservation, AccountWork, AccountWorker, PlanChanges, plans_of};
use super::context::{AccountObservations, Context};
use super::desired::{Desired, is_going};
use super::restart::{TaskEnd, restarting};
use super::write::report_name;
use engine::plan::BaselineKey;
use metrics::Metrics;
use model::{AccountId, InternalError, InternalErrors, InternalPlace};
use shard::OwnedShards;
use shard::stopped;

/// The workers of this replica.
pub(super) struct AccountTasks {
    context: Arc<Context>,
    tasks: BTreeMap<AccountId, AccountTask>,
    /// As of what the workers have their work.
    directed: Arc<Desired>,
    /// Workers that were asked to stop and finish what they have begun.
    leaving: Vec<(AccountId, Leaving)>,
}

/// One worker. Letting go of `stop` tells it to stop; it goes first, since a worker without work that was
/// not asked to stop has ended by itself.
struct AccountTask {
    stop: watch::Sender<()>,
    work: watch::Sender<Arc<AccountWork>>,
    leaving: Leaving,
}

/// A worker on its way out. The other end of `done` is let go of when it has gone.
#[derive(Clone)]
struct Leaving {
    done: watch::Receiver<()>,
    task: AbortHandle,
}

/// Whatever was measured of an account; dropped with its task, however that ends, so that no other
/// replica shows it too.
struct MeasuredAccount(Arc<Context>, AccountId);

impl Drop for MeasuredAccount {
    fn drop(&mut self) {
        let Self(context, account) = self;
        context.metrics.accounts().forget(account);
        context.metrics.baselines().retain_of_account(account, |_| false);
    }
}

impl AccountTasks {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, tasks: BTreeMap::new(), directed: Arc::default(), leaving: Vec::new() }
    }

    /// Gives each account that is held here its work, where that is another than before.
    pub(super) fn direct(&mut self, desired: &Arc<Desired>, shards: &OwnedShards) {
        self.leaving.retain(|(_, leaving)| !leaving.task.is_finished());
        let is_ours = |id: &AccountId| {
            desired.accounts.get(id).is_some_and(|account| shards.has_account(&account.spec))
        };
        let gone: Vec<AccountId> = self.tasks.keys().filter(|id| !is_ours(id)).cloned().collect();
        for id in gone {
            self.stop(&id);
        }
        let before = std::mem::replace(&mut self.directed, Arc::clone(desired));
        let changes = PlanChanges::of(&before.plans, &desired.plans);
        for (id, account) in desired.accounts.iter().filter(|(id, _)| is_ours(id)) {
            let Some(task) = self.tasks.get(id) else {
                let plans = plans_of(&desired.plans, account);
                self.start(id, Arc::new(AccountWork::of(desired, account, plans)));
                continue;
            };
            let before = Arc::clone(&task.work.borrow());
            let is_touched = before.is_going != is_going(&**account) || changes.touch(id);
            let plans = if is_touched {
                plans_of(&desired.plans, account)
            } else {
                Arc::clone(&before.plans)
            };
            let work = Arc::new(AccountWork::of(desired, account, plans));
            // What is no news is known at the next turn.
            let is_news = work.is_news(&before, |baseline| self.has_report(baseline, id));
            task.work.send_if_modified(|current| {
                *current = work;
                is_news
            });
        }
    }

    /// Whether findings of a baseline may stand in an account.
    fn has_report(&self, baseline: &BaselineKey, account: &AccountId) -> bool {
        let name = report_name(&baseline.name, account.as_str());
        let reference = ObjectRef::new(&name).within(&baseline.namespace);
        self.context.stores.reports.get(&reference).is_some()
    }

    fn start(&mut self, id: &AccountId, work: Arc<AccountWork>) {
        let predecessors = self.leaving.iter().filter(|(leaving, _)| leaving == id);
        let predecessors: Vec<_> = predecessors.map(|(_, it)| it.done.clone()).collect();
        let (work, receiver) = watch::channel(work);
        let (stop, stopping) = watch::channel(());
        let (doing, done) = watch::channel(());
        let context = Arc::clone(&self.context);
        let measured = MeasuredAccount(Arc::clone(&context), id.clone());
        let account = id.clone();
        let task = async move {
            for mut predecessor in predecessors {
                stopped(&mut predecessor).await; // two at once would publish twice
            }
            let begin = || {
                // What an earlier one knew may be what it fell over.
                let worker = AccountWorker::new(Arc::clone(&context));
                worker.run(receiver.clone(), stopping.clone())
            };
            let notice =
                |end: &TaskEnd| notice(end, &account, &context.metrics, &context.observations);
            restarting(&*context.clock, stopping.clone(), begin, notice).await;
            drop(measured); // before a successor measures anything
            drop(doing);
        };
        let task = tokio::spawn(task).abort_handle();
        self.tasks.insert(id.clone(), AccountTask { stop, work, leaving: Leaving { done, task } });
    }

    fn stop(&mut self, id: &AccountId) {
        let Some(task) = self.tasks.remove(id) else { return };
        let AccountTask { stop, work, leaving } = task;
        drop(stop);
        drop(work);
        self.context.observations.forget(id);
        self.leaving.push((id.clone(), leaving));
    }

    /// Tells every worker to stop.
    pub(super) fn stop_all(&mut self) {
        let all: Vec<AccountId> = self.tasks.keys().cloned().collect();
        for id in all {
            self.stop(&id);
        }
    }

    /// Waits until those who were asked to stop by now have finished what they had begun.
    pub(super) fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let leaving: Vec<_> = self.leaving.iter().map(|(_, it)| it.done.clone()).collect();
        async move {
            for mut done in leaving {
                stopped(&mut done).await;
            }
        }
    }

    /// Breaks off whatever those do who were asked to stop. They have gone once [`gone`](Self::gone) ends.
    pub(super) fn abort(&mut self) {
        for (_, leaving) in &self.leaving {
            leaving.task.abort();
        }
    }
}

/// Counts, logs and shows that a task ended by itself.
fn notice(
    end: &TaskEnd,
    account: &AccountId,
    metrics: &Metrics,
    observations: &AccountObservations,
) {
    let TaskEnd { panic, wait } = end;
    let error = InternalError::new(InternalPlace::Task, "the task of an account ended by itself");
    let mut errors = InternalErrors::default();
    errors.add(error);
    metrics.internal_errors(&errors);
    let panic = panic.as_deref().unwrap_or("none");
    let begins_again_after = wait.map(|wait| wait.as_secs());
    tracing::error!(event = "task_ended", %account, panic, begins_again_after, "{error}");
    if wait.is_some() {
        let observed = observations.page(account).unwrap_or_default();
        let failure = Some(error.to_string());
        observations.write(account, &AccountObservation { failure, ..observed });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_task_that_ended_is_counted_and_shown_and_nothing_else_changes() {
        let (metrics, observations) = (Metrics::new().unwrap(), AccountObservations::default());
        let account: AccountId = "111122223333".parse().unwrap();
        let before = AccountObservation { left_open: 2, ..AccountObservation::default() };
        observations.write(&account, &before);
        let end = TaskEnd { panic: Some("why".to_owned()), wait: Some(Duration::from_secs(2)) };
        notice(&end, &account, &metrics, &observations);
        let counted = "plumbline_internal_errors_total{place=\"task\"} 1";
        let shown = metrics.text().unwrap();
        assert!(shown.lines().any(|line| line == counted), "{shown}");
        let observed = observations.page(&account).unwrap();
        let failure = observed.failure.clone().unwrap();
        assert!(failure.contains("please report it"), "{failure}");
        assert_eq!(AccountObservation { failure: None, ..observed }, before);

        let asked = TaskEnd { wait: None, ..end };
        observations.forget(&account);
        notice(&asked, &account, &metrics, &observations);
        assert_eq!(observations.page(&account), None, "another replica has it by now");
        let counted = "plumbline_internal_errors_total{place=\"task\"} 2";
        assert!(metrics.text().unwrap().contains(counted));
    }
}
