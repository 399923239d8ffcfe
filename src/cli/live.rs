//! What `scan --live` works on: baselines from files, and accounts as AWS Config shows them.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use clap::Args;
use tokio::runtime::{Builder, Runtime};

use super::aws::AwsArguments;
use super::exit::CommandError;
use super::files::BaselineFiles;
use super::input::{Input, declare, resolve};
use super::reports::DeclaredPlaces;
use api::form::{Form, ROLE_ARN};
use api::{
    AccountFactsMode, AccountSource, AwsAccount, AwsAccountSpec, ConfigApiSource, RoleReference,
};
use assess::{AwsAccounts, LiveSources, Progress, Reached, undeclared};
use aws::AwsSettings;
use aws::publish::{FindingSink, Place, SecurityHub};
use cel::Timestamp;
use engine::drift::{Installation, Publisher};
use engine::plan::{OwnerKeys, Plan, Resolved};
use manifest::{Objects, load_paths};
use metrics::Metrics;
use model::{AccountId, Partition, Region};

/// Which accounts are read, and how they are reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live accounts")]
pub(super) struct LiveArguments {
    /// A region to read; may be given several times.
    ///
    /// Default: the regions of each `AwsAccount`; if there is none, the region of the environment
    /// or profile.
    #[arg(long = "region", value_name = "REGION")]
    pub(super) regions: Vec<Region>,
    /// The id of an account to read; may be given several times.
    ///
    /// Default: every `AwsAccount`; if there is none, the account of the credentials.
    #[arg(long = "account", value_name = "ID")]
    pub(super) accounts: Vec<AccountId>,
    /// The role to assume in the account. It takes precedence over the `AwsAccount`'s own.
    #[arg(long, value_name = "ARN", value_parser = role_arn)]
    role_arn: Option<String>,
    /// The external ID that the role's trust policy requires. Set the variable instead to keep it
    /// out of process lists.
    #[arg(
        long,
        value_name = "TEXT",
        env = "PLUMBLINE_EXTERNAL_ID",
        hide_env_values = true,
        requires = "role_arn"
    )]
    external_id: Option<String>,
    /// The name of this installation, which distinguishes its findings from those of other
    /// installations on the same account. Required to publish; default: `default`.
    #[arg(long, env = "PLUMBLINE_INSTALLATION", value_name = "NAME")]
    pub(super) installation: Option<Installation>,
    #[command(flatten)]
    pub(super) aws: AwsArguments,
}

/// What a live scan works on, and what it goes on with.
pub(super) struct LiveInput {
    pub(super) input: Input,
    objects: Objects,
    aws: AwsAccounts,
}

impl LiveInput {
    /// The accounts, as their objects say.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &AwsAccountSpec> {
        self.objects.accounts.iter().map(|account| &account.object.spec)
    }

    /// How they are reached.
    pub(super) const fn aws(&self) -> &AwsAccounts {
        &self.aws
    }

    /// Security Hub of the accounts, with what is published in the plans' targets read back.
    pub(super) async fn security_hub(&self, publisher: &Publisher) -> SecurityHub<Reached> {
        let reached = Reached::default();
        for error in reached.reach(&self.aws, self.accounts()).await {
            tracing::warn!("findings of account {} are not published: {error}", error.account);
        }
        let mut sink = SecurityHub::new(publisher.clone(), reached);
        sink.prepare(&self.places()).await;
        sink
    }

    /// Why places take no findings, where they do not: nobody knows what is open there. And what another
    /// Plumbline keeps in the others.
    pub(super) fn refusals(&self, sink: &SecurityHub<Reached>) -> BTreeSet<String> {
        let places = self.places();
        let others = places.iter().filter_map(|place| sink.others(place).map(|it| it.1));
        places.iter().filter_map(|place| sink.refusal(place)).chain(others).collect()
    }

    /// Where findings of the baselines stand.
    fn places(&self) -> Vec<Place> {
        let targets = self.input.resolved.plans.iter().flat_map(|plan| &plan.targets);
        targets.map(Place::from).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Baselines and accounts, and how the accounts are reached.
pub(super) struct Declared {
    pub(super) objects: Objects,
    pub(super) resolved: Resolved,
    pub(super) aws: AwsAccounts,
}

/// The installation, which has to be chosen for `what` publishes.
pub(super) fn chosen<'i>(
    installation: Option<&'i Installation>,
    what: &str,
) -> Result<&'i Installation, CommandError> {
    installation.ok_or_else(|| {
        CommandError::Usage(format!(
            "{what} needs --installation: findings carry its name, and two Plumblines that publish in \
             one account under the same name resolve and archive each other's findings"
        ))
    })
}

impl LiveArguments {
    /// The installation.
    pub(super) fn installation(&self) -> Installation {
        self.installation.clone().unwrap_or_default()
    }

    /// Whether it says which accounts are read, or through which role.
    pub(super) fn are_chosen(&self) -> bool {
        !self.regions.is_empty() || !self.accounts.is_empty() || self.role_arn.is_some()
    }

    /// Reads baselines and accounts from a file or folder, and the accounts' items from AWS.
    /// `facts` says whether their facts are read, whatever the accounts say.
    pub(super) async fn load(
        &self,
        baseline: &BaselineFiles,
        owners: &OwnerKeys,
        facts: Option<AccountFactsMode>,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<LiveInput, CommandError> {
        let settings = self.aws.settings();
        let declared = self.declared(baseline, owners, settings, read_live, now).await?;
        let Declared { mut objects, resolved, aws } = declared;
        for account in &mut objects.accounts {
            let source = &mut account.object.spec.source;
            source.account_facts = facts.or(source.account_facts);
        }
        let mut live = LiveSources::new(aws.clone());
        let accounts = objects.accounts.iter().map(|account| &account.object);
        let sources = live.refresh(accounts, &resolved.plans, now, progress).await;
        let places = DeclaredPlaces::of(&objects, &resolved.catalog);
        Ok(LiveInput { input: Input { resolved, sources, places, runtime: None }, objects, aws })
    }

    /// Reads baselines and accounts from a file or folder; where it declares no account, that of
    /// the credentials is declared. `change` makes accounts what the command needs.
    pub(super) async fn declared(
        &self,
        baseline: &BaselineFiles,
        owners: &OwnerKeys,
        settings: AwsSettings,
        change: fn(&mut AwsAccountSpec),
        now: Timestamp,
    ) -> Result<Declared, CommandError> {
        let metrics = Metrics::new()?;
        let aws = AwsAccounts::new(settings, metrics.aws().clone(), self.installation());
        let (mut objects, mistakes) = baseline.load()?;
        let declared = objects.names_accounts();
        if !declared && mistakes.is_empty() && !objects.baselines.is_empty() {
            declare(&mut objects, &[self.own_account(&aws).await?])?;
        }
        for account in &mut objects.accounts {
            change(&mut account.object.spec);
        }
        self.give_role(objects.accounts.iter_mut().map(|account| &mut account.object.spec))?;
        let mut resolved = resolve(&objects, mistakes, baseline.paths(), declared, owners, now)?;
        self.narrow(&mut resolved.plans)?;
        Ok(Declared { objects, resolved, aws })
    }

    /// The accounts to look at, whatever baselines hold for them: those that a file or folder
    /// declares, or that of the credentials.
    pub(super) async fn accounts(
        &self,
        path: Option<&Path>,
    ) -> Result<(Vec<AwsAccountSpec>, AwsAccounts), CommandError> {
        let (settings, metrics) = (self.aws.settings(), Metrics::new()?);
        let aws = AwsAccounts::new(settings, metrics.aws().clone(), self.installation());
        let Some(path) = path else {
            let mut own = self.own_account(&aws).await?.spec;
            self.give_role([&mut own])?;
            return Ok((vec![own], aws));
        };
        let (objects, mistakes) = load_paths([path]);
        if !objects.unreadable.is_empty() {
            return Err(CommandError::Unreadable(mistakes));
        }
        if !mistakes.is_empty() {
            return Err(CommandError::Mistakes(mistakes));
        }
        let mut accounts: Vec<AwsAccountSpec> =
            objects.accounts.into_iter().map(|account| account.object.spec).collect();
        accounts.retain(|it| self.accounts.is_empty() || self.accounts.contains(&it.account_id));
        let missing =
            self.accounts.iter().find(|id| !accounts.iter().any(|it| it.account_id == **id));
        let path = path.display();
        let problem = match missing {
            Some(id) => format!("no AwsAccount in {path} has the account id {id}"),
            None if accounts.is_empty() => {
                let paths = path.to_string();
                return Err(CommandError::NothingFound { what: "AwsAccount", paths });
            }
            None => {
                self.give_role(&mut accounts)?;
                return Ok((accounts, aws));
            }
        };
        Err(CommandError::Usage(problem))
    }

    /// An account that no file declares: that of the role, or of the credentials.
    async fn own_account(&self, aws: &AwsAccounts) -> Result<AwsAccount, CommandError> {
        let mut regions = self.regions.clone();
        if regions.is_empty() {
            regions.extend(aws.aws().await?.default_region());
        }
        let Some(first) = regions.first() else {
            let problem = "no region is set: pass --region, or set AWS_REGION";
            return Err(CommandError::Usage(problem.to_owned()));
        };
        let (account, partition) = match (self.accounts.as_slice(), self.role_account()) {
            ([], None) => aws.aws().await?.own_account(first).await?,
            ([account], _) => (account.clone(), Partition::of_region(first)),
            ([], Some(account)) => (account, Partition::of_region(first)),
            _ => {
                let problem = "to read several accounts, declare an AwsAccount with a role for \
                    each of them";
                return Err(CommandError::Usage(problem.to_owned()));
            }
        };
        let config_api = Some(ConfigApiSource::default());
        let source = AccountSource { config_api, ..AccountSource::default() };
        Ok(undeclared(&account, partition, regions, source))
    }

    fn role_account(&self) -> Option<AccountId> {
        self.role_arn.as_ref()?.split(':').nth(4)?.parse().ok()
    }

    /// The role of the command line goes before others. It has to be that of an account that is read.
    fn give_role<'s>(
        &self,
        specs: impl IntoIterator<Item = &'s mut AwsAccountSpec>,
    ) -> Result<(), CommandError> {
        let (Some(arn), Some(account)) = (&self.role_arn, self.role_account()) else {
            return Ok(());
        };
        let is_read = self.accounts.is_empty() || self.accounts.contains(&account);
        let mut is_given = false;
        for spec in specs.into_iter().filter(|spec| is_read && spec.account_id == account) {
            is_given = true;
            spec.role = Some(RoleReference {
                arn: arn.clone(),
                external_id: self.external_id.clone(),
                session_name: None,
                session_tags: std::collections::BTreeMap::new(),
            });
        }
        if is_given {
            return Ok(());
        }
        let problem = format!(
            "--role-arn is a role of account {account}, which is not among the accounts to read"
        );
        Err(CommandError::Usage(problem))
    }

    /// Leaves only the targets that were asked for.
    fn narrow(&self, plans: &mut [Plan]) -> Result<(), CommandError> {
        for plan in &mut *plans {
            plan.targets.retain(|target| {
                (self.accounts.is_empty() || self.accounts.contains(&target.account))
                    && (self.regions.is_empty() || self.regions.contains(&target.region))
            });
        }
        if plans.iter().all(|plan| plan.targets.is_empty()) {
            let problem = "no baseline applies to the selected accounts and regions";
            return Err(CommandError::Usage(problem.to_owned()));
        }
        let targets = || plans.iter().flat_map(|plan| &plan.targets);
        let account =
            self.accounts.iter().find(|id| !targets().any(|target| target.account == **id));
        let region =
            self.regions.iter().find(|name| !targets().any(|target| target.region == **name));
        let without = account
            .map(|id| format!("account {id}"))
            .or_else(|| region.map(|name| format!("region {name}")));
        without.map_or(Ok(()), |place| {
            let problem = format!("no baseline applies to {place}, of those that were selected");
            Err(CommandError::Usage(problem))
        })
    }
}

/// A role's ARN, of the form that it has in an `AwsAccount`.
fn role_arn(text: &str) -> Result<String, String> {
    let form = Form::of(ROLE_ARN);
    match form.filter(|form| !form.fits(text)) {
        Some(form) => Err(format!("it must be {}", form.meaning)),
        None => Ok(text.to_owned()),
    }
}

/// What is read live is no snapshot.
fn read_live(spec: &mut AwsAccountSpec) {
    if spec.source.snapshot.take().is_some() {
        spec.source.config_api = Some(ConfigApiSource::default());
    }
}

/// One thread beside the caller's, which goes on while the caller evaluates: reading waits most of the
/// time, and evaluations have threads of their own.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build()
}
