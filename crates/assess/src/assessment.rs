//! One assessment, the same for a folder and for an account of a cluster: reach accounts, read back
//! what is published, read what AWS Config recorded, evaluate and compare, publish.
//!
//! Each stage is one call, so that whoever runs it decides when, how many at once, and when to stop.
//! What a stage could not do is said by what it gives; nothing is read as compliant for it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, spawn_blocking};
use tracing::{Instrument as _, info_span};

use crate::round::{Limits, Progress, Retained, Round, RoundReport};
use crate::schedule;
use crate::sink::{Sink, SinkChoice, SinkError};
use crate::sources::{AwsAccounts, ChangeNews, LiveSources, QueueWatch, SourceInput, open_buckets};
use api::{AwsAccount, AwsAccountSpec};
use aws::AwsError;
use aws::publish::{FindingSink, Place, PublishError, Published};
use cel::Timestamp;
use engine::drift::{FindingChange, KnownFindings, Publisher};
use engine::plan::Plan;
use metrics::TRACED;
use model::{AccountId, Region};

/// What is assessed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Assessed {
    /// Every plan of the accounts.
    pub plans: Arc<[Plan]>,
    /// The accounts.
    pub accounts: Arc<[PlacedAccount]>,
    /// Whether there may be baselines that no plan stands for: what is theirs stays as it is.
    pub may_lack_baselines: bool,
}

/// An account, and where its files are.
#[derive(Debug, Clone)]
pub struct PlacedAccount {
    /// The account.
    pub account: AwsAccount,
    /// The folder that the path of its snapshot is relative to.
    pub folder: PathBuf,
}

/// What assesses, time and again: it remembers what it read and what is published.
#[derive(Debug)]
pub struct Assessment {
    aws: AwsAccounts,
    publisher: Publisher,
    live: LiveSources,
    sink: Sink,
    limits: Limits,
    /// What came of earlier rounds.
    retained: Retained,
    last: Option<LastRead>,
}

/// What was read last, but for what lies in mirrors.
#[derive(Debug)]
struct LastRead {
    plans: Arc<[Plan]>,
    snapshots: Vec<SourceInput>,
}

/// What an evaluation came to, and what goes on with it.
#[derive(Debug)]
pub struct Evaluated<T> {
    /// What assesses.
    pub assessment: Assessment,
    /// Where items came from.
    pub sources: Vec<SourceInput>,
    /// What was found.
    pub report: RoundReport,
    /// When what was read becomes stale.
    pub stale_at: Vec<Timestamp>,
    /// What was made of the results.
    pub seen: T,
}

impl Assessed {
    /// The accounts' objects.
    pub fn accounts(&self) -> impl Iterator<Item = &AwsAccount> {
        self.accounts.iter().map(|placed| &placed.account)
    }

    fn specs(&self) -> impl Iterator<Item = &AwsAccountSpec> {
        self.accounts().map(|account| &account.spec)
    }

    /// Where findings of these plans may stand: in every target, and in all the other regions that
    /// the accounts name, for a baseline may have held there.
    #[must_use]
    pub fn places(&self) -> BTreeSet<Place> {
        let targets = self.plans.iter().flat_map(|plan| &plan.targets).map(Place::from);
        let named =
            self.specs().flat_map(|spec| spec.regions.iter().map(|region| place(spec, region)));
        targets.chain(named).collect()
    }

    /// The snapshots that items of the accounts come from.
    #[must_use]
    pub fn snapshots(&self) -> Vec<SourceInput> {
        let placed = self.accounts.iter().map(|it| (it.folder.as_path(), &it.account.spec));
        SourceInput::snapshots_placed(placed, &self.plans)
    }

    fn is_planned(&self, account: &AccountId) -> bool {
        self.plans.iter().any(|plan| plan.targets.iter().any(|it| it.account == *account))
    }
}

/// An account in one of its regions.
#[must_use]
pub fn place(account: &AwsAccountSpec, region: &Region) -> Place {
    let (account, partition) = (account.account_id.clone(), account.partition);
    Place { account, region: region.clone(), partition }
}

impl Assessment {
    /// Nothing is called before an account is reached.
    ///
    /// # Errors
    ///
    /// When the findings cannot be opened.
    pub async fn open(
        aws: AwsAccounts,
        publisher: Publisher,
        choice: &SinkChoice,
    ) -> Result<Self, SinkError> {
        let sink = Sink::open(choice, &publisher).await?;
        let live = LiveSources::new(aws.clone())
            .keeping_rules(publisher.installation.clone())
            .following_changes();
        let (limits, retained) = (Limits::NONE, Retained::default());
        Ok(Self { aws, publisher, live, sink, limits, retained, last: None })
    }

    /// The same within limits.
    #[must_use]
    pub const fn within(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same, reading what is published in each place for so long before a comparison, and the rest
    /// while the next one is waited for.
    #[must_use]
    pub fn reading_for(mut self, part: Duration) -> Self {
        self.sink = self.sink.reading_for(part);
        self
    }

    /// What takes findings.
    #[must_use]
    pub const fn sink(&self) -> &Sink {
        &self.sink
    }

    /// The sink, to ask it between evaluations.
    pub const fn sink_mut(&mut self) -> &mut Sink {
        &mut self.sink
    }

    /// What came of earlier rounds.
    #[must_use]
    pub const fn retained(&self) -> &Retained {
        &self.retained
    }

    /// What is published.
    #[must_use]
    pub fn known(&self) -> &KnownFindings {
        self.sink.known()
    }

    /// Reaches the accounts whose findings go to AWS or whose items come from there. Why some cannot
    /// be reached: what needs them is unknown then, or refused.
    pub async fn reach(&self, assessed: &Assessed) -> Vec<AwsError> {
        if self.sink.is_aws() {
            let all: Vec<&AwsAccountSpec> = assessed.specs().collect();
            return self.sink.reach(&self.aws, all).await;
        }
        let asked = assessed.specs().filter(|spec| spec.source.config_api.is_some());
        let asked: Vec<&AwsAccountSpec> =
            asked.filter(|spec| assessed.is_planned(&spec.account_id)).collect();
        let mut unreached = Vec::new();
        for spec in asked {
            unreached.extend(self.aws.own(spec).await.err());
        }
        unreached
    }

    /// Reads back what is published in these places, where that is not known.
    pub async fn read_back(&mut self, places: &[Place]) {
        let span = info_span!(target: TRACED, "read back");
        self.sink.prepare(places).instrument(span).await;
    }

    /// Reads what the plans need of the accounts. A snapshot is read where it lies, while it is
    /// evaluated; of a bucket it is found out here which files count, and newer ones are requested where
    /// an account declares that.
    pub async fn read(
        &mut self,
        assessed: &Assessed,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Vec<SourceInput> {
        let reading = async {
            let mut sources = assessed.snapshots();
            let specs = assessed.specs().map(|spec| (&spec.account_id, spec)).collect();
            Box::pin(open_buckets(&self.aws, &mut sources, &specs, now)).await;
            let (plans, snapshots) = (Arc::clone(&assessed.plans), sources.clone());
            self.last = Some(LastRead { plans, snapshots });
            self.live.may_lack_baselines(assessed.may_lack_baselines);
            let accounts: Vec<&AwsAccount> = assessed.accounts().collect();
            sources.extend(self.live.refresh(accounts, &assessed.plans, now, progress).await);
            sources
        };
        Box::pin(reading).instrument(info_span!(target: TRACED, "read")).await
    }

    /// What messages of change queues have brought since the last look.
    #[must_use]
    pub fn changes(&self) -> Option<&Arc<ChangeNews>> {
        self.live.news()
    }

    /// How reading an account's change queue goes; nothing where it has none.
    #[must_use]
    pub fn queue(&self, account: &AccountId) -> Option<QueueWatch> {
        self.live.queue(account)
    }

    /// What was read last with what messages have brought since, for which nothing is called; nothing
    /// where everything has to be read, for it is for other plans or accounts, or no message can bring it.
    pub fn carried(&self, assessed: &Assessed) -> Option<Vec<SourceInput>> {
        let last = self.last.as_ref()?;
        if !Arc::ptr_eq(&last.plans, &assessed.plans) {
            return None;
        }
        let live = self.live.carried(assessed.accounts())?;
        Some(last.snapshots.iter().cloned().chain(live).collect())
    }

    /// Evaluates what was read and compares it with what is published, on a thread that may take its
    /// time. `judge` evaluates the round, goes on from earlier ones if it likes, and sees the results.
    ///
    /// # Errors
    ///
    /// When the thread ended early, which is a mistake of ours.
    pub async fn evaluate<T: Send + 'static>(
        mut self,
        assessed: Assessed,
        sources: Vec<SourceInput>,
        now: Timestamp,
        judge: impl FnOnce(&Round<'_>, &mut Retained) -> (RoundReport, T) + Send + 'static,
    ) -> Result<Evaluated<T>, JoinError> {
        let baselines = assessed.plans.len();
        let span = info_span!(target: TRACED, "evaluate", baselines);
        spawn_blocking(move || {
            let _entered = span.enter();
            let round = Round {
                plans: &assessed.plans,
                sources: &sources,
                known: Some(self.sink.known()),
                publisher: &self.publisher,
                now,
                may_lack_baselines: assessed.may_lack_baselines,
                limits: self.limits,
            };
            let (report, seen) = judge(&round, &mut self.retained);
            let stale_at = schedule::stale_at(&sources, &report.sources);
            Evaluated { assessment: self, sources, report, stale_at, seen }
        })
        .await
    }

    /// Publishes changes. What it says to have taken will last.
    ///
    /// # Errors
    ///
    /// When it is not known what was taken. The next comparison finds out what is still to be done.
    pub async fn publish(&mut self, changes: &[FindingChange]) -> Result<Published, PublishError> {
        let span = info_span!(target: TRACED, "publish", changes = changes.len());
        self.sink.publish(changes).instrument(span).await
    }
}
