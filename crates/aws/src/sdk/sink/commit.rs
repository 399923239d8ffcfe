//! Brings the changes of one place to Security Hub.
//!
//! What stands under ids that this process never saw is read first (`unseen`). Workflows of findings
//! that are there follow, the findings themselves come last: they are the commit point. Killed between
//! any two calls, the next comparison finds a finding that is not yet as it should be, and does the
//! rest.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};

use super::batches::{Batches, Import};
use super::deliver::{Delivered, Failed, deliver};
use super::unseen::{SeenFindings, UnseenFindings};
use super::workflow::{self, Difference, Fields, Wish};
use crate::publish::{Place, Refused};
use crate::{AwsError, Class, SecurityHubService};
use cel::Timestamp;
use engine::drift::{Finding, Workflow};

/// Batches of one place that are under way at once; the budget holds them back where need be.
const BATCHES_AT_ONCE: usize = 4;

/// The changes of one place.
pub(super) struct CommitJob<'c, H> {
    pub(super) place: Place,
    pub(super) hub: H,
    pub(super) steps: Vec<CommitStep<'c>>,
    /// What is to be read first.
    pub(super) unseen: UnseenFindings<'c>,
    /// How long to wait before refused findings are sent again.
    pub(super) pause: Duration,
}

/// One change on its way.
pub(super) struct CommitStep<'c> {
    /// Its place among the changes.
    change: usize,
    wanted: &'c Finding,
    before: Option<Before>,
}

/// What was published before of a finding.
struct Before {
    difference: Difference,
    workflow: Workflow,
    exemption: Option<String>,
    updated_at: Timestamp,
}

/// What became of a place's changes.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) place: Place,
    /// The changes that were taken.
    pub(super) taken: Vec<usize>,
    /// Those that were not.
    pub(super) refused: Vec<Refused>,
    /// Of the taken ones those whose workflow Security Hub has set back, and which could not be
    /// set again.
    pub(super) set_back: HashSet<usize>,
    pub(super) halves: Vec<Half>,
    /// What was found of others, and of other processes.
    pub(super) seen: SeenFindings,
    /// Why not everything was sent.
    pub(super) stopped: Option<AwsError>,
}

/// A finding whose workflow was changed ahead of the finding itself, which was then not taken.
///
/// Where the change is wanted no more, the finding would stand resolved or suppressed although it
/// fails: so it is taken back.
#[derive(Debug, Clone)]
pub(super) struct Half {
    pub(super) place: Place,
    /// How it was.
    pub(super) wish: Wish,
    pub(super) exemption: Option<String>,
    /// When the finding had been published last.
    pub(super) updated_at: Timestamp,
}

impl Half {
    /// Under the finding's id.
    pub(super) fn by_id(self) -> (String, Self) {
        (self.wish.id.clone(), self)
    }
}

impl<'c> CommitStep<'c> {
    /// What is to be done for a change of a finding, by what is known of it.
    pub(super) fn new(change: usize, wanted: &'c Finding, known: Option<&Finding>) -> Self {
        let before = known.map(|known| Before {
            difference: Difference::between(known, wanted),
            workflow: known.workflow,
            exemption: known.exemption.clone(),
            updated_at: known.updated_at,
        });
        Self { change, wanted, before }
    }

    /// The finding of which nothing is known yet.
    pub(super) fn unseen(&self) -> Option<&'c Finding> {
        self.before.is_none().then_some(self.wanted)
    }

    fn id(&self) -> &'c str {
        self.wanted.id.as_str()
    }

    fn difference(&self) -> Difference {
        self.before.as_ref().map(|before| before.difference).unwrap_or_default()
    }
}

/// Publishes the changes of a place.
pub(super) fn commit<'c, H: SecurityHubService + 'c>(
    job: CommitJob<'c, H>,
) -> BoxFuture<'c, Committed> {
    in_order(job).boxed()
}

async fn in_order<H: SecurityHubService>(job: CommitJob<'_, H>) -> Committed {
    let CommitJob { place, hub, mut steps, unseen, pause } = job;
    let mut committed = Committed::of(place.clone(), unseen.read(&hub, &place).await);
    committed.leave_alone(&mut steps);
    let (others, unread) = others_fields(&hub, &place, &steps).await;
    let wishes = steps.iter().filter(|step| step.difference().first);
    let wishes = wishes.filter(|step| !unread.failed.contains_key(step.id()));
    let wishes = wishes.map(|step| step.wish(&others)).collect();
    let mut first = workflow::change(&hub, &place, wishes, pause).await;
    // Nobody has it any more: it is published again, with its workflow.
    first.failed.retain(|_, failed| failed.class != Class::NotFound);
    first.failed.extend(unread.failed);
    let mut stopped = committed.stopped.take().or(first.stopped).or(unread.stopped);

    let ready = steps.iter().filter(|step| !first.failed.contains_key(step.id()));
    let imported = import(&hub, ready.map(|step| step.wanted), stopped.is_some(), pause).await;
    stopped = stopped.or(imported.stopped);

    for step in &steps {
        let failed = first.failed.get(step.id()).or_else(|| imported.failed.get(step.id()));
        match failed {
            _ if imported.taken.contains(step.id()) => committed.taken.push(step.change),
            Some(failed) => committed.refuse(step, failed.message.clone()),
            None => committed.refuse(step, unsent(stopped.as_ref())),
        }
        let moved = step.difference().first && !first.failed.contains_key(step.id());
        if moved && !imported.taken.contains(step.id()) {
            committed.halves.extend(step.half(&committed.place, &others));
        }
    }
    let last = steps.iter().filter(|step| step.difference().last);
    let last = last.filter(|step| imported.taken.contains(step.id()));
    let wishes = last.map(|step| Wish { fields: None, ..step.wish(&others) }).collect();
    let last = workflow::change(&hub, &committed.place, wishes, pause).await;
    let set_back = steps.iter().filter(|step| last.failed.contains_key(step.id()));
    committed.set_back = set_back.map(|step| step.change).collect();
    committed.stopped = stopped;
    committed
}

impl CommitStep<'_> {
    fn wish(&self, others: &HashMap<String, Fields>) -> Wish {
        let exemption = self.wanted.exemption.as_deref();
        let fields = workflow::with_exemption(others.get(self.id()), exemption);
        Wish {
            id: self.id().to_owned(),
            workflow: self.wanted.workflow,
            fields: self.difference().exemption.then_some(fields),
        }
    }

    /// How the finding was before its workflow was changed.
    fn half(&self, place: &Place, others: &HashMap<String, Fields>) -> Option<Half> {
        let before = self.before.as_ref()?;
        let fields = workflow::with_exemption(others.get(self.id()), before.exemption.as_deref());
        let wish = Wish {
            id: self.id().to_owned(),
            workflow: before.workflow,
            fields: before.difference.exemption.then_some(fields),
        };
        let (exemption, updated_at) = (before.exemption.clone(), before.updated_at);
        Some(Half { place: place.clone(), wish, exemption, updated_at })
    }
}

impl Committed {
    fn of(place: Place, mut seen: SeenFindings) -> Self {
        Self {
            place,
            taken: Vec::new(),
            refused: Vec::new(),
            set_back: HashSet::new(),
            halves: Vec::new(),
            stopped: seen.stopped.take(),
            seen,
        }
    }

    /// Takes out what is not to be published.
    fn leave_alone(&mut self, steps: &mut Vec<CommitStep<'_>>) {
        let Self { seen, refused, .. } = self;
        steps.retain(|step| {
            let Some(message) = seen.refusal(&step.wanted.id) else { return true };
            refused.push(Refused { change: step.change, message });
            false
        });
    }

    fn refuse(&mut self, step: &CommitStep<'_>, message: String) {
        self.refused.push(Refused { change: step.change, message });
    }
}

/// The fields of findings whose own field is to be set or removed; where they cannot be read, these
/// findings have failed.
async fn others_fields(
    hub: &impl SecurityHubService,
    place: &Place,
    steps: &[CommitStep<'_>],
) -> (HashMap<String, Fields>, Delivered) {
    let replaced = steps.iter().filter(|step| step.difference().exemption);
    let ids: Vec<&str> = replaced.map(CommitStep::id).collect();
    match workflow::others_fields(hub, place, &ids).await {
        Ok(fields) => (fields, Delivered::default()),
        Err(error) => {
            let failed = Failed { class: error.class, message: error.to_string() };
            let failed = ids.iter().map(|id| ((*id).to_owned(), failed.clone())).collect();
            let stopped = (error.class == Class::NotEnabled).then_some(error);
            (HashMap::new(), Delivered { failed, stopped })
        }
    }
}

/// What became of the findings themselves.
#[derive(Default)]
struct Imported<'c> {
    taken: HashSet<&'c str>,
    failed: HashMap<String, Failed>,
    stopped: Option<AwsError>,
}

/// Imports findings in full batches, some of them at once, until one says that it is of no use.
async fn import<'c, H: SecurityHubService>(
    hub: &H,
    findings: impl Iterator<Item = &'c Finding> + Clone,
    stopped: bool,
    pause: Duration,
) -> Imported<'c> {
    let mut imported = Imported::default();
    if stopped {
        return imported;
    }
    let import = Import(hub);
    let mut batches = Batches::of(findings.clone());
    let mut in_order = findings;
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < BATCHES_AT_ONCE && imported.stopped.is_none() {
            let Some(batch) = batches.next() else { break };
            let sent: Vec<&str> =
                in_order.by_ref().take(batch.len()).map(|finding| finding.id.as_str()).collect();
            let delivering = deliver(&import, batch, pause);
            under_way.push(async { (sent, delivering.await) });
        }
        let Some((sent, delivered)) = under_way.next().await else { return imported };
        let taken = sent.into_iter().filter(|id| !delivered.failed.contains_key(*id));
        imported.taken.extend(taken);
        imported.failed.extend(delivered.failed);
        imported.stopped = imported.stopped.or(delivered.stopped);
    }
}

/// Why a finding was not sent at all.
fn unsent(stopped: Option<&AwsError>) -> String {
    let because = stopped.map_or_else(String::new, |error| format!(": {error}"));
    format!("it was not sent{because}")
}
