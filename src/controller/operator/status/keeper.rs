//! Writes what is told of objects, where it is another than what stands there.
//!
//! One look at everything that this replica holds after each change, which costs no request; a
//! request only for what is new. What was written is not looked at again before it has come back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use kube::Resource;
use tokio::select;
use tokio::sync::watch;
use tokio::time::sleep;

use super::deletion::waits;
use super::job::Job;
use super::look::{Look, Memory};
use crate::api::ObjectKey;
use crate::controller::operator::bucket::Ownership;
use crate::controller::operator::context::Context;
use crate::controller::operator::desired::Desired;
use crate::controller::operator::lease::Tenancy;
use crate::controller::operator::stores::Held;
use crate::controller::operator::write;

/// Changes come in bursts; a burst is looked at once.
const QUIET: Duration = Duration::from_millis(200);
/// The longest time without a look: what is told depends on the clock too.
const TICK: Duration = Duration::from_secs(30);
/// The wait after a write that failed, or where one is held back.
const RETRY: Duration = Duration::from_secs(5);
/// What was written comes back within this time, or is looked at anyway; and so long one progress
/// is told after another.
const LATELY: Duration = Duration::from_secs(10);
/// So many requests run at once.
const CONCURRENT: usize = 8;

/// Writes what is told of objects.
pub(in crate::controller::operator) struct Keeper {
    context: Arc<Context>,
    /// What was written lately: the version that it replaced, and when.
    written: HashMap<ObjectKey, (Option<String>, Instant)>,
    /// What the looks remember.
    memory: Memory,
    /// As of what its settled baselines are.
    known: Arc<Desired>,
}

impl Keeper {
    pub(in crate::controller::operator) fn new(context: Arc<Context>) -> Self {
        let (written, memory, known) = Default::default();
        Self { context, written, memory, known }
    }

    /// Looks after each change, for ever.
    pub(in crate::controller::operator) async fn run(
        mut self,
        mut desired: watch::Receiver<Arc<Desired>>,
        mut tenancy: watch::Receiver<Tenancy>,
    ) {
        loop {
            let wanted = Arc::clone(&desired.borrow_and_update());
            let owned = tenancy.borrow_and_update().ownership.clone();
            let begun = Instant::now();
            let is_well = self.look(&wanted, &owned).await;
            let took = begun.elapsed();
            let wait = if is_well { TICK.min(self.next_deadline()) } else { RETRY };
            let context = Arc::clone(&self.context);
            select! {
                () = context.stores.changes.observed.notified() => {}
                () = context.notebook.changed.notified() => {}
                changed = desired.changed() => if changed.is_err() { return },
                changed = tenancy.changed() => if changed.is_err() { return },
                () = sleep(wait) => {}
            }
            // While much changes, looking takes half of the time at most.
            sleep(QUIET.max(took)).await;
        }
    }

    /// When the first of the deleted baselines and accounts has waited long enough.
    fn next_deadline(&self) -> Duration {
        let Context { stores, settings, clock, .. } = &*self.context;
        let (baselines, accounts) = (Held::of(&stores.baselines), Held::of(&stores.accounts));
        let baselines = baselines.iter().map(Resource::meta);
        let (all, now) = (baselines.chain(accounts.iter().map(Resource::meta)), clock.now());
        let waits = all.filter_map(|it| waits(it, settings.archive_deadline, now));
        waits.min().unwrap_or(Duration::MAX)
    }

    /// Whether everything was written that there was to write.
    async fn look(&mut self, desired: &Arc<Desired>, ownership: &Ownership) -> bool {
        let context = Arc::clone(&self.context);
        if !Arc::ptr_eq(&self.known, desired) {
            self.memory.settled.clear();
            self.known = Arc::clone(desired);
        }
        self.written.retain(|_, (_, since)| since.elapsed() < LATELY);
        let reports = Held::of(&context.stores.reports);
        let look = Look::new(&context, desired, ownership, &reports, &mut self.memory);
        let (waiting, jobs): (Vec<Job>, Vec<Job>) =
            look.jobs().into_iter().partition(|job| self.is_to_wait(job));
        let client = &context.client;
        let done: Vec<(Option<ObjectKey>, Option<String>, kube::Result<()>)> = stream::iter(jobs)
            .map(async |job| {
                let (key, version) = match &job {
                    Job::Status { key, version, .. } => (Some(key.clone()), version.clone()),
                    _ => (None, None),
                };
                (key, version, job.run(client, &context).await)
            })
            .buffer_unordered(CONCURRENT)
            .collect()
            .await;
        let mut is_well = waiting.is_empty();
        for (key, version, result) in done {
            match result {
                Ok(()) => {
                    self.written.extend(key.map(|key| (key, (version, Instant::now()))));
                }
                Err(error) if write::is_gone(&error) => {}
                Err(error) => {
                    is_well = false;
                    let object = key.map(|key| key.to_string()).unwrap_or_default();
                    if !write::is_conflict(&error) {
                        tracing::warn!(%object, %error, "cannot write status; trying again");
                    }
                }
            }
        }
        is_well
    }

    /// Whether what was written last has not come back yet, or was told of a moment ago.
    fn is_to_wait(&self, job: &Job) -> bool {
        let Job::Status { key, version, is_progress, .. } = job else { return false };
        let written = self.written.get(key);
        written.is_some_and(|(replaced, _)| *is_progress || replaced == version)
    }
}
