//! What `scan` and `plan` work on: baselines from files, and one snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::exit::CommandError;
use crate::api::document::SourceFile;
use crate::api::{AccountSelection, LabelSelector, Period};
use crate::controller::{
    AccountInput, Progress, Recorded, SnapshotInput, SourceInput, Survey, discover,
};
use crate::plan::{Objects, Resolved, load_paths};
use crate::resource::{ResourceType, Timestamp, is_known_type, suggest_type};
use crate::source::Snapshot;

/// The name of accounts that no file declares.
const UNDECLARED: &str = "the snapshot's accounts";

#[derive(Debug, Args)]
pub(super) struct SnapshotArguments {
    /// An AWS Config snapshot: a file (plain, gzip or JSON Lines), a folder of them, or `-` for
    /// standard input.
    #[arg(long, value_name = "PATH")]
    snapshot: PathBuf,
    /// The resource types that the recorder records, separated by commas, or `all`. Of a type
    /// that is not recorded nothing is known, so its controls are `Unknown`.
    ///
    /// Default: what the `AwsAccount` says; else what configuration recorders in the snapshot say;
    /// else the types that occur in the snapshot.
    #[arg(long, value_name = "all|TYPE,...", value_parser = recorded)]
    recorded_types: Option<Recorded>,
    /// The age (such as 24h) from which on the snapshot is stale and everything in it `Unknown`.
    ///
    /// Default: what the `AwsAccount` says; without one, any age will do.
    #[arg(long, value_name = "AGE")]
    max_age: Option<Period>,
}

/// Baselines, resolved, and the snapshot that they are held against.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) resolved: Resolved,
    pub(super) sources: Vec<SourceInput>,
}

impl SnapshotArguments {
    /// Finds the snapshot's files.
    pub(super) fn open(&self) -> Result<Arc<Snapshot>, CommandError> {
        Ok(Arc::new(Snapshot::open(&self.snapshot)?))
    }

    /// Reads baselines and what they name from a file or folder.
    ///
    /// # Errors
    ///
    /// All mistakes in them: a scan with half a baseline would say less than it seems to.
    pub(super) fn load(
        &self,
        baseline: &Path,
        snapshot: &Arc<Snapshot>,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Input, CommandError> {
        let (mut objects, mut mistakes) = load_paths([baseline]);
        let mut survey = None;
        if objects.accounts.is_empty() && mistakes.is_empty() {
            progress.total(snapshot.total_bytes());
            let found = Arc::new(Survey::of(snapshot, &|bytes| progress.read(bytes)));
            self.take_all(&mut objects, &found)?;
            survey = Some(found);
        }
        let mut resolved = objects.resolve(now);
        mistakes.append(&mut resolved.mistakes);
        if !mistakes.is_empty() {
            return Err(CommandError::Mistakes(mistakes));
        }
        if resolved.plans.is_empty() {
            let path = baseline.display();
            return Err(CommandError::Usage(format!("there is no SecurityBaseline in {path}")));
        }
        let source = self.source(&objects, &resolved, snapshot, survey);
        Ok(Input { resolved, sources: vec![source] })
    }

    /// The snapshot as the source of every account, whatever sources they declare.
    fn source(
        &self,
        objects: &Objects,
        resolved: &Resolved,
        snapshot: &Arc<Snapshot>,
        survey: Option<Arc<Survey>>,
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
            account.max_age = account.max_age.filter(|_| survey.is_none());
            account.max_age = self.max_age.or(account.max_age);
        }
        let (path, snapshot) = (self.snapshot.clone(), Some(Arc::clone(snapshot)));
        SourceInput::Snapshot(SnapshotInput { path, snapshot, survey, accounts })
    }

    /// Declares accounts that no file declares, and has every baseline hold for all of them.
    fn take_all(&self, objects: &mut Objects, survey: &Survey) -> Result<(), CommandError> {
        let accounts = discover(survey);
        if accounts.is_empty() {
            let problems = survey.problems().to_vec();
            return Err(CommandError::Empty { path: self.snapshot.clone(), problems });
        }
        for account in accounts {
            let text = serde_json::to_string(&account).map_err(std::io::Error::from)?;
            objects.add(&SourceFile::new(UNDECLARED, text));
        }
        for baseline in &mut objects.baselines {
            let everything = Some(LabelSelector::default());
            baseline.object.spec.accounts =
                AccountSelection { names: Vec::new(), selector: everything };
        }
        Ok(())
    }
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
