//! Where the items of each account come from, and what their coming or not coming means.

mod access;
mod buckets;
mod changes;
mod coverage;
mod deliveries;
mod discover;
mod live;
mod reached;
mod rules;
mod survey;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::{AwsAccount, AwsAccountSpec, Period};
use aws::source::aws_config::LiveRead;
use aws::source::{ReadReport, Snapshot, SnapshotError};
use cel::Timestamp;
use engine::plan::Plan;
use manifest::document::Located;
use model::{AccountId, Partition, Region, ResourceType};

pub use access::AwsAccounts;
pub use access::home_region;
pub(crate) use buckets::open_buckets;
pub use buckets::{BucketSource, open_bucket};
pub use changes::{ChangeNews, QueueState, QueueWatch, change_queue};
pub(super) use coverage::{
    SourceStatement, misplaced, regions as regions_of, state, state_live, undeclared_regions,
};
pub use deliveries::DeliveryRequests;
pub use discover::{discover, undeclared};
pub use live::LiveSources;
pub use live::types;
pub use reached::Reached;
pub(super) use rules::rule_names;
pub use rules::wanted_rules;
pub use survey::Survey;
pub(super) use survey::threads;

/// Where items come from.
#[derive(Debug, Clone)]
pub enum SourceInput {
    /// A snapshot, for the accounts in it.
    Snapshot(SnapshotInput),
    /// What was just read of AWS Config, for one account.
    Live(LiveRead),
}

/// A snapshot, and the accounts whose items are taken from it. Items of other accounts in it are
/// passed over.
#[derive(Debug, Clone)]
pub struct SnapshotInput {
    /// The file or folder; `-` is standard input. For a bucket, its address.
    pub path: PathBuf,
    /// The bucket that it is in, where it is in one.
    pub bucket: Option<BucketSource>,
    /// The snapshot there, where it is open already, or why it cannot be opened.
    pub snapshot: Option<Result<Arc<Snapshot>, Arc<SnapshotError>>>,
    /// What occurs in it, where that is known already.
    pub survey: Option<Arc<Survey>>,
    /// How requesting snapshots goes, where the account declares that.
    pub requests: Option<DeliveryRequests>,
    /// The accounts.
    pub accounts: BTreeMap<AccountId, AccountInput>,
}

/// What is known of an account beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInput {
    /// All the regions in use.
    pub regions: BTreeSet<Region>,
    /// The partition that these are in.
    pub partition: Partition,
    /// Which types are recorded.
    pub recorded: Recorded,
    /// From which age on the snapshot says nothing; nothing for any age.
    pub max_age: Option<Period>,
}

/// Which types AWS Config records in an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Recorded {
    /// What the snapshot's configuration recorders say; where a region has none in the snapshot,
    /// the types that occur in it.
    #[default]
    AsSeen,
    /// All.
    All,
    /// These.
    Types(Vec<ResourceType>),
}

impl AccountInput {
    /// Whether a snapshot that was taken then is too old to say anything of the account. One of
    /// which nobody knows when it was taken is, where its age matters.
    pub fn is_stale(&self, taken_at: Option<Timestamp>, now: Timestamp) -> bool {
        let Some(max_age) = self.max_age else { return false };
        taken_at.is_none_or(|taken_at| taken_at < now.second_before(max_age.duration()))
    }
}

/// How reading a source went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceReport {
    /// The source: a path, or whose AWS Config it is.
    pub name: String,
    /// Whether only what the problems speak of is unread, and the rest counts.
    pub is_partial: bool,
    /// How many items it holds, of whatever account and type.
    pub items: u64,
    /// What could not be read; with any of these the source does not count as read whole.
    pub problems: Vec<String>,
    /// What to say of it though nothing is wrong.
    pub notes: Vec<String>,
    /// When its parts were taken, as far as that is known.
    pub taken: BTreeSet<Timestamp>,
    /// When the facts in it were asked for: each is as old as that.
    pub facts: BTreeSet<Timestamp>,
    /// How many items belong to accounts that are not taken from it.
    pub foreign: u64,
}

impl SourceReport {
    /// Whether everything in the source was read.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

impl SourceInput {
    /// The snapshots of the accounts that these plans speak of. Accounts of one snapshot share it,
    /// so that it is read once.
    pub fn snapshots(accounts: &[Located<AwsAccount>], plans: &[Plan]) -> Vec<Self> {
        let placed = accounts.iter().map(|located| (located.folder(), &located.object.spec));
        Self::snapshots_placed(placed, plans)
    }

    /// The snapshots of accounts, each with the folder that its paths are relative to. In a bucket,
    /// those of each account lie by themselves.
    pub fn snapshots_placed<'a>(
        accounts: impl IntoIterator<Item = (&'a Path, &'a AwsAccountSpec)>,
        plans: &[Plan],
    ) -> Vec<Self> {
        let mut sources: BTreeMap<PathBuf, SnapshotInput> = BTreeMap::new();
        let mut in_buckets = Vec::new();
        for (folder, spec) in accounts {
            let Some(snapshot) = &spec.source.snapshot else { continue };
            let Some(account) = AccountInput::of(spec, plans) else { continue };
            if let Some(Ok(bucket)) = BucketSource::of(spec) {
                in_buckets.push(SnapshotInput {
                    path: buckets::path_of(&bucket),
                    bucket: Some(bucket),
                    snapshot: None,
                    survey: None,
                    requests: None,
                    accounts: BTreeMap::from([(spec.account_id.clone(), account)]),
                });
                continue;
            }
            let path = folder.join(&snapshot.url);
            let new = || SnapshotInput {
                path: path.clone(),
                bucket: None,
                snapshot: None,
                survey: None,
                requests: None,
                accounts: BTreeMap::new(),
            };
            let source = sources.entry(path.clone()).or_insert_with(new);
            source.accounts.insert(spec.account_id.clone(), account);
        }
        sources.into_values().chain(in_buckets).map(Self::Snapshot).collect()
    }

    /// The accounts whose items it may bring.
    pub fn accounts(&self) -> Vec<&AccountId> {
        match self {
            Self::Snapshot(snapshot) => snapshot.accounts.keys().collect(),
            Self::Live(read) => vec![&read.account],
        }
    }
}

impl SnapshotInput {
    /// The same, opened if it was not, or with why it cannot be.
    pub(super) fn opened(&self) -> Self {
        Self { snapshot: Some(self.open()), ..self.clone() }
    }

    /// The snapshot, or why it cannot be opened.
    pub(super) fn open(&self) -> Result<Arc<Snapshot>, Arc<SnapshotError>> {
        let open = || Snapshot::open(&self.path).map(Arc::new).map_err(Arc::new);
        self.snapshot.clone().unwrap_or_else(open)
    }

    /// What keeps snapshots that should be there from arriving.
    pub(super) fn troubles(&self) -> impl Iterator<Item = &String> {
        self.requests.iter().flat_map(DeliveryRequests::troubles)
    }
}

impl AccountInput {
    /// What is known of an account that some plan speaks of; nothing of any other.
    pub fn of(spec: &AwsAccountSpec, plans: &[Plan]) -> Option<Self> {
        let regions = regions(spec, plans)?;
        let snapshot = spec.source.snapshot.as_ref();
        let recorded = snapshot.and_then(|snapshot| snapshot.recorded_types.clone());
        Some(Self {
            regions,
            partition: spec.partition,
            recorded: recorded.map_or(Recorded::AsSeen, Recorded::Types),
            max_age: snapshot.map(|snapshot| snapshot.max_age),
        })
    }
}

/// The account's regions, those that only baselines name among them; nothing where no plan speaks
/// of the account.
fn regions(account: &AwsAccountSpec, plans: &[Plan]) -> Option<BTreeSet<Region>> {
    let active = plans.iter().filter(|plan| !plan.suspended);
    let targets = active.flat_map(|plan| &plan.targets);
    let mut of_plans = targets.filter(|target| target.account == account.account_id).peekable();
    of_plans.peek()?;
    let named = of_plans.map(|target| target.region.clone());
    Some(named.chain(account.regions.iter().cloned()).collect())
}

/// What could not be read, a line each.
pub(super) fn problems(read: &ReadReport) -> Vec<String> {
    let mut problems: Vec<String> = read
        .problems
        .iter()
        .map(|problem| {
            let file = problem.file.display();
            match problem.item {
                // What came from AWS Config is in no file.
                _ if problem.file.as_os_str().is_empty() => problem.message.clone(),
                Some(_) => format!("{file}, byte {}: {}", problem.offset, problem.message),
                None => format!("{file}: {}", problem.message),
            }
        })
        .collect();
    if problems.is_empty() && !read.complete {
        problems.push("the snapshot was not read to the end".to_owned());
    }
    problems
}
