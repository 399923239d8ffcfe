//! Writes what is reported of objects, where it is another than what stands there.
//!
//! One look at everything that this replica holds after each change, which costs no request; a
//! request only for what is new. What was written is not looked at again before it has come back.
//! Where there is much to write, a part of it is written before the next look: nobody's status waits
//! for all of what somebody else brought about.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join;
use futures::{StreamExt, stream};
use kube::Resource;
use tokio::select;
use tokio::sync::watch;
use tokio::time::sleep;

use super::batch::{BatchSize, in_turn};
use super::deletion::waits;
use super::inputs::{Memory, StatusInputs};
use super::job::{Job, StatusNews};
use crate::apply::{self, Apply, ApplyCache};
use crate::context::Context;
use crate::desired::Desired;
use crate::stores::Held;
use crate::turns::Turns;
use crate::write;
use api::ObjectKey;
use shard::OwnedShards;
use shard::Ownership;

/// Changes come in bursts; a burst is looked at once.
const QUIET: Duration = Duration::from_millis(200);
/// The longest time without a look: what is reported depends on the clock too.
const TICK: Duration = Duration::from_secs(30);
/// The wait after a write that failed, or where one is held back.
const RETRY: Duration = Duration::from_secs(5);
/// What was written comes back within this time, or is looked at anyway; and so long one progress
/// is reported after another.
const LATELY: Duration = Duration::from_secs(10);
/// So many requests run at once.
const CONCURRENT: usize = 8;

/// Writes what is reported of objects.
pub(crate) struct StatusWriter {
    context: Arc<Context>,
    /// What was written lately.
    written: ApplyCache<ObjectKey>,
    /// So many statuses are written at once.
    turns: Turns<String>,
    /// What the looks remember.
    memory: Memory,
    /// How much is written before the next look.
    size: BatchSize,
}

/// What came of a look.
struct Looked {
    /// How long it took, without what was written.
    took: Duration,
    /// Whether everything was written that there was to write, but for what is left.
    is_well: bool,
    /// Whether there is more to write.
    has_more: bool,
}

impl StatusWriter {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let (written, memory, size) = Default::default();
        Self { context, written, turns: Turns::new(CONCURRENT), memory, size }
    }

    /// Looks after each change, for ever.
    pub(crate) async fn run(
        mut self,
        mut desired: watch::Receiver<Arc<Desired>>,
        mut ownership: watch::Receiver<Ownership>,
    ) {
        loop {
            let wanted = Arc::clone(&desired.borrow_and_update());
            let owned = ownership.borrow_and_update().shards.clone();
            let looked = self.update(&wanted, &owned).await;
            if looked.has_more {
                sleep(looked.took).await;
                continue;
            }
            let wait = if looked.is_well { TICK.min(self.next_deadline()) } else { RETRY };
            let context = Arc::clone(&self.context);
            select! {
                () = context.stores.changes.observed.notified() => {}
                () = context.observations.changed.notified() => {}
                () = context.organizations.changed.notified() => {}
                changed = desired.changed() => if changed.is_err() { return },
                changed = ownership.changed() => if changed.is_err() { return },
                () = sleep(wait) => {}
            }
            // While much changes, looking takes half of the time at most.
            sleep(QUIET.max(looked.took)).await;
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

    /// Looks, and writes what there is to write, or a part of it.
    async fn update(&mut self, desired: &Arc<Desired>, shards: &OwnedShards) -> Looked {
        let context = Arc::clone(&self.context);
        self.written.forget_after(LATELY);
        let begun = Instant::now();
        let reports = Held::of(&context.stores.reports);
        let inputs = StatusInputs::new(&context, desired, shards, &reports, &mut self.memory);
        let (news, jobs) = inputs.all();
        let (waiting, news): (Vec<StatusNews>, Vec<StatusNews>) =
            news.into_iter().partition(|news| self.is_to_wait(news));
        // Whoever counts them has to see every mark written.
        let (marks, jobs): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::is_mark);
        let all = news.len() + jobs.len();
        let mut news = in_turn(news, |news| news.key.namespace.clone());
        let mut jobs = in_turn(jobs, Job::namespace);
        news.truncate(self.size.get());
        jobs.truncate(self.size.get());
        let batch = news.len() + jobs.len();
        let took = begun.elapsed();
        let client = &context.client;
        let requests = stream::iter(marks.into_iter().chain(jobs))
            .map(async |job| job.run(client, &context).await);
        let requests = requests.buffer_unordered(CONCURRENT).collect::<Vec<_>>();
        let (statuses, requests) = join(self.write(news), requests).await;
        self.size.took(batch, begun.elapsed().saturating_sub(took));
        let failures = requests.iter().filter_map(|done| done.as_ref().err());
        let failed = failures.filter(|error| !is_harmless(None, error)).count();
        let is_written = statuses && failed == 0;
        let is_well = is_written && waiting.is_empty();
        Looked { took, is_well, has_more: is_written && batch < all }
    }

    /// Whether all of them were written.
    async fn write(&mut self, news: Vec<StatusNews>) -> bool {
        let Context { client, events, clock, .. } = &*self.context;
        let news = news.into_iter().map(|StatusNews { key, version, status, notice, .. }| {
            let of = key.clone();
            let write = async move {
                apply::status(client, &of, &status).await?;
                if let Some((about, notice)) = notice.as_deref() {
                    events.tell(about, notice, clock.now());
                }
                Ok(())
            };
            let namespace = key.namespace.clone().unwrap_or_default();
            Apply { key, namespace, version, status: (), write }
        });
        let failures = self.written.apply(news, &self.turns).await;
        let failed = failures.iter().filter(|(key, error)| !is_harmless(Some(key), error));
        failed.count() == 0
    }

    /// Whether what was written last has not come back yet, or was reported of a moment ago.
    fn is_to_wait(&self, news: &StatusNews) -> bool {
        let StatusNews { key, version, is_progress, .. } = news;
        self.written.awaits(key, version.as_deref())
            || *is_progress && self.written.last(key).is_some()
    }
}

/// Whether a failure is none: the object is gone.
fn is_harmless(object: Option<&ObjectKey>, error: &kube::Error) -> bool {
    if write::is_gone(error) {
        return true;
    }
    if !write::is_conflict(error) {
        let object = object.map(ToString::to_string).unwrap_or_default();
        tracing::warn!(%object, %error, "cannot write status; trying again");
    }
    false
}
