//! What `scan` and `plan` work on: baselines from files, and a snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Runtime;

use super::bucket::BucketReading;
use super::exit::CommandError;
use super::files::{listed, summary};
use super::output::warn;
use super::reports::DeclaredPlaces;
use api::{AccountSelection, AwsAccount, LabelSelector, Period, SNAPSHOT_IS_A_PATH, is_address};
use assess::{AccountInput, Progress, Recorded, SnapshotInput, SourceInput, Survey, discover};
use aws::source::{AccountRegions, Snapshot};
use cel::Timestamp;
use engine::plan::{AccountChecks, OwnerKeys, Resolved};
use manifest::Objects;
use manifest::document::{Diagnostic, SourceFile};
use model::{ResourceType, S3Url, is_known_type, suggest_type};

/// The name of accounts that no file declares.
const UNDECLARED: &str = "accounts that no file declares";

/// What is to be believed of a snapshot.
#[derive(Debug, Args)]
pub(super) struct SnapshotOptions {
    /// The resource types that the recorder records, separated by commas, or `all`. Controls of
    /// other types are `Unknown`.
    ///
    /// Default: `recordedTypes` of the `AwsAccount`, else the types of the configuration recorders
    /// in the snapshot, else the types that occur in the snapshot.
    #[arg(long, value_name = "all|TYPE,...", value_parser = recorded)]
    recorded_types: Option<Recorded>,
    /// The maximum age of the snapshot, such as 24h. Everything in an older one is `Unknown`.
    ///
    /// Default: `maxAge` of the `AwsAccount`; if there is none, any age is accepted.
    #[arg(long, value_name = "AGE")]
    max_age: Option<Period>,
}

/// Baselines, resolved, and the snapshot that they are held against.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) resolved: Resolved,
    pub(super) sources: Vec<SourceInput>,
    /// Where the baselines stand.
    pub(super) places: DeclaredPlaces,
    /// What reads snapshots in buckets, until nothing more is read.
    pub(super) runtime: Option<Arc<Runtime>>,
}

impl Input {
    fn of(objects: &Objects, resolved: Resolved, source: SourceInput, opened: &Opened) -> Self {
        let places = DeclaredPlaces::of(objects, &resolved.catalog);
        Self { resolved, sources: vec![source], places, runtime: opened.runtime.clone() }
    }
}

/// A snapshot's files, found.
#[derive(Debug)]
pub(super) struct Opened {
    paths: Vec<PathBuf>,
    snapshot: Arc<Snapshot>,
    /// What reads those in buckets.
    runtime: Option<Arc<Runtime>>,
}

impl Opened {
    /// Finds the files of paths and buckets, or takes standard input for `-`.
    pub(super) fn at(paths: &[PathBuf], buckets: BucketReading<'_>) -> Result<Self, CommandError> {
        let (mut files, mut urls) = (Vec::new(), Vec::new());
        for path in paths {
            let refused = |problem: &dyn Display| {
                CommandError::Usage(format!("--snapshot {}: {problem}", path.display()))
            };
            match path.to_str() {
                Some(text) if S3Url::is_meant(text) => {
                    urls.push(text.parse::<S3Url>().map_err(|error| refused(&error))?);
                }
                Some(text) if is_address(text) => return Err(refused(&SNAPSHOT_IS_A_PATH)),
                _ => files.push(path),
            }
        }
        let (snapshot, runtime) = match (files.is_empty(), urls.is_empty()) {
            (_, true) => (Snapshot::open_all(&files)?, None),
            (is_whole, false) => {
                let (found, runtime) = buckets.open(&urls)?;
                let whole = if is_whole { found } else { found.and(Snapshot::open_all(&files)?) };
                (whole, Some(Arc::new(runtime)))
            }
        };
        Ok(Self { paths: paths.to_vec(), snapshot: Arc::new(snapshot), runtime })
    }

    /// What was found.
    pub(super) const fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }
}

impl SnapshotOptions {
    /// Whether any is given.
    pub(super) const fn are_given(&self) -> bool {
        self.recorded_types.is_some() || self.max_age.is_some()
    }

    /// Resolves baselines and what they name for the accounts of the snapshot. What is in it may be known
    /// already.
    ///
    /// # Errors
    ///
    /// All mistakes in them: a scan with half a baseline would say less than it seems to.
    pub(super) fn prepare(
        &self,
        (mut objects, mistakes): (Objects, Vec<Diagnostic>),
        baseline: &[PathBuf],
        owners: &OwnerKeys,
        (opened, survey): (&Opened, Option<Arc<Survey>>),
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Input, CommandError> {
        let declared = objects.names_accounts();
        let are_sought = !declared && mistakes.is_empty() && !objects.baselines.is_empty();
        let survey = are_sought.then(|| {
            survey.unwrap_or_else(|| {
                let snapshot = &opened.snapshot;
                progress.total(snapshot.total_bytes());
                Arc::new(Survey::of(snapshot, now, &|bytes| progress.read(bytes)))
            })
        });
        if let Some(survey) = &survey {
            declare(&mut objects, &opened.accounts(survey)?)?;
        }
        let resolved = resolve(&objects, mistakes, baseline, declared, owners, now)?;
        let is_known = survey.is_some();
        let source = self.source(&objects, &resolved, (opened, survey), is_known);
        Ok(Input::of(&objects, resolved, source, opened))
    }

    /// Resolves baselines for the accounts and regions that seem to be those of the snapshot, of which only the
    /// beginning is read for that; nothing where accounts are declared, and where anything is wrong, which
    /// [`Self::prepare`] then says. Nothing is warned of.
    pub(super) fn presume(
        &self,
        (objects, mistakes): &(Objects, Vec<Diagnostic>),
        baseline: &[PathBuf],
        owners: &OwnerKeys,
        opened: &Opened,
        now: Timestamp,
    ) -> Option<(Input, AccountRegions)> {
        if objects.names_accounts() || !mistakes.is_empty() || objects.baselines.is_empty() {
            return None;
        }
        let places = opened.snapshot.first_places(now).filter(|places| !places.is_empty())?;
        let mut objects = objects.clone();
        declare(&mut objects, &discover(places.clone())).ok()?;
        let resolved =
            resolve_in_silence(&objects, Vec::new(), baseline, false, owners, now).ok()?;
        let source = self.source(&objects, &resolved, (opened, None), true);
        Some((Input::of(&objects, resolved, source, opened), places))
    }

    /// The snapshot as the source of every account, whatever sources they declare; or of those that were found
    /// in it.
    fn source(
        &self,
        objects: &Objects,
        resolved: &Resolved,
        (opened, survey): (&Opened, Option<Arc<Survey>>),
        are_found: bool,
    ) -> SourceInput {
        let declared = objects.accounts.iter().map(|account| &account.object.spec);
        let mut accounts: BTreeMap<_, _> = declared
            .filter_map(|spec| {
                Some((spec.account_id.clone(), AccountInput::of(spec, &resolved.plans)?))
            })
            .collect();
        for account in accounts.values_mut() {
            if let Some(recorded) = &self.recorded_types {
                account.recorded = recorded.clone();
            }
            account.max_age = account.max_age.filter(|_| !are_found);
            account.max_age = self.max_age.or(account.max_age);
        }
        let path = PathBuf::from(listed(&opened.paths));
        let snapshot = Some(Ok(Arc::clone(&opened.snapshot)));
        let (bucket, requests) = (None, None);
        SourceInput::Snapshot(SnapshotInput { path, bucket, snapshot, survey, requests, accounts })
    }
}

impl Opened {
    /// The accounts that the snapshot's items come from.
    fn accounts(&self, survey: &Survey) -> Result<Vec<AwsAccount>, CommandError> {
        let accounts = discover(survey.places());
        if accounts.is_empty() {
            let (path, items) = (listed(&self.paths).into(), survey.items());
            let problem = survey.problems().first().cloned();
            return Err(CommandError::Empty { path, items, problem });
        }
        Ok(accounts)
    }
}

/// Declares accounts that no file declares, and has every baseline hold for all of them.
pub(super) fn declare(objects: &mut Objects, accounts: &[AwsAccount]) -> Result<(), CommandError> {
    for account in accounts {
        let text = serde_json::to_string(account).map_err(std::io::Error::from)?;
        objects.add(&SourceFile::new(UNDECLARED, text));
    }
    for baseline in &mut objects.baselines {
        let everything = Some(LabelSelector::default());
        baseline.object.spec.accounts =
            AccountSelection { names: Vec::new(), selector: everything };
    }
    Ok(())
}

/// Resolves what the files of `baseline` say. Where they declare no account, exemptions and
/// attestations that name some apply to none of those that were found.
///
/// # Errors
///
/// All mistakes in them, those found before among them; or that there is no baseline.
pub(super) fn resolve(
    objects: &Objects,
    mistakes: Vec<Diagnostic>,
    baseline: &[PathBuf],
    declared: bool,
    owners: &OwnerKeys,
    now: Timestamp,
) -> Result<Resolved, CommandError> {
    let resolved = resolve_in_silence(objects, mistakes, baseline, declared, owners, now)?;
    warn_of(objects, &resolved);
    Ok(resolved)
}

/// Says what was passed over, and what may be a mistake.
pub(super) fn warn_of(objects: &Objects, resolved: &Resolved) {
    warn::diagnostics(&objects.passed_over);
    warn::diagnostics(&resolved.warnings);
}

fn resolve_in_silence(
    objects: &Objects,
    mut mistakes: Vec<Diagnostic>,
    baseline: &[PathBuf],
    declared: bool,
    owners: &OwnerKeys,
    now: Timestamp,
) -> Result<Resolved, CommandError> {
    let accounts = if declared { AccountChecks::Made } else { AccountChecks::LeftOut };
    let mut resolved = Resolved::checking(objects, now, accounts, owners);
    mistakes.append(&mut resolved.mistakes);
    if !objects.unreadable.is_empty() {
        return Err(CommandError::Unreadable(mistakes));
    }
    if !mistakes.is_empty() {
        return Err(CommandError::Mistakes(mistakes));
    }
    if resolved.plans.is_empty() {
        let paths = format!("{} ({})", listed(baseline), summary(objects));
        return Err(CommandError::NothingFound { what: "SecurityBaseline", paths });
    }
    Ok(resolved)
}

fn recorded(text: &str) -> Result<Recorded, String> {
    if text == "all" {
        return Ok(Recorded::All);
    }
    let types: BTreeSet<ResourceType> = text
        .split(',')
        .map(|name| name.trim().parse::<ResourceType>().map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    match types.iter().find(|name| !is_known_type(name.as_str())) {
        None => Ok(Recorded::Types(types.into_iter().collect())),
        Some(unknown) => {
            let meant = suggest_type(unknown.as_str());
            let meant = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            Err(format!("there is no resource type {unknown}{meant}"))
        }
    }
}
