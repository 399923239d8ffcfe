//! `plumbline organization`: which accounts of an AWS Organization would be declared.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::aws::AwsArguments;
use super::exit::{CommandError, Exit};
use super::files::{listed, once};
use super::plural::counted;
use super::results::{Field, Grid};
use super::{json, live, output};
use api::{API_VERSION, AccountSource, AwsAccountSpec, AwsOrganization, Kind, MemberException};
use assess::{AwsAccounts, OrganizationError, OrganizationReader};
use aws::{AwsSettings, Patience};
use engine::drift::Installation;
use engine::organization::{DeclaredAccounts, DesiredMembers, desired_members};
use kube::ResourceExt;
use manifest::load_paths;
use metrics::Metrics;

/// Show what an `AwsOrganization` does
#[derive(Debug, Args)]
pub(super) struct OrganizationArguments {
    #[command(subcommand)]
    command: OrganizationCommand,
}

#[derive(Debug, Subcommand)]
enum OrganizationCommand {
    Preview(PreviewArguments),
}

/// Read AWS Organizations, and print the `AwsAccount`s that an `AwsOrganization` would create
///
/// No cluster is needed or changed. Objects that exist in a cluster are not known: there, an account that
/// was renamed keeps the name that its object has.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
struct PreviewArguments {
    /// A YAML file or folder with the `AwsOrganization`, or `-` for standard input; may be given several
    /// times.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// The output format. The external id is printed as `${ExternalId}`.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    output: PreviewFormat,
    #[command(flatten)]
    aws: AwsArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PreviewFormat {
    Table,
    Yaml,
    Json,
}

const EXAMPLES: &str = "\
Exit codes:
  0   printed
  2   of some accounts something needed could not be read; the others are printed
  64  a wrong command line
  65  a mistake in the files
  66  a file is missing or cannot be read, or there is no AwsOrganization in it
  69  AWS is not available, or the organization cannot be read

Examples:
  plumbline organization preview organization.yaml
  plumbline organization preview organization.yaml --profile management --output yaml";

/// Whoever waits at a terminal waits no longer than this for a call.
const PATIENCE: Patience = Patience {
    deadline: Duration::from_secs(30),
    first_pause: Duration::from_millis(200),
    longest_pause: Duration::from_secs(5),
};
/// What stands for an external id.
const EXTERNAL_ID: &str = "${ExternalId}";

/// An `AwsAccount` as it would be created.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewedAccount {
    api_version: &'static str,
    kind: &'static str,
    metadata: PreviewedMetadata,
    spec: AwsAccountSpec,
}

#[derive(Debug, Serialize)]
struct PreviewedMetadata {
    name: String,
    labels: BTreeMap<String, String>,
}

/// What an organization would bring about.
#[derive(Debug, Serialize)]
struct Preview {
    organization: String,
    listed: usize,
    selected: usize,
    accounts: Vec<PreviewedAccount>,
    exceptions: Vec<MemberException>,
}

impl OrganizationArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        match &self.command {
            OrganizationCommand::Preview(arguments) => arguments.execute(),
        }
    }
}

impl PreviewArguments {
    fn execute(&self) -> Result<Exit, CommandError> {
        let organizations = self.organizations()?;
        let runtime = live::runtime().map_err(CommandError::Runtime)?;
        let previews = runtime.block_on(self.previews(&organizations))?;
        output::write(|out| match self.output {
            PreviewFormat::Table => previews.iter().try_for_each(|it| it.table(out)),
            PreviewFormat::Yaml => previews.iter().try_for_each(|it| it.yaml(out)),
            PreviewFormat::Json => json::write_pretty(out, &previews),
        })?;
        let exceptions = previews.iter().flat_map(|preview| &preview.exceptions);
        let mut is_whole = true;
        for exception in exceptions {
            is_whole = false;
            tracing::warn!("account {}: {}", exception.account_id, exception.message);
        }
        Ok(if is_whole { Exit::Good } else { Exit::Undecided })
    }

    /// The organizations of the files.
    fn organizations(&self) -> Result<Vec<AwsOrganization>, CommandError> {
        once(self.paths.iter().map(PathBuf::as_path))?;
        let (objects, mistakes) = load_paths(self.paths.iter().map(PathBuf::as_path));
        if !objects.unreadable.is_empty() {
            return Err(CommandError::Unreadable(mistakes));
        }
        if !mistakes.is_empty() {
            return Err(CommandError::Mistakes(mistakes));
        }
        let organizations: Vec<_> =
            objects.organizations.into_iter().map(|located| located.object).collect();
        if organizations.is_empty() {
            let paths = listed(&self.paths);
            return Err(CommandError::NothingFound { what: "AwsOrganization", paths });
        }
        Ok(organizations)
    }

    async fn previews(
        &self,
        organizations: &[AwsOrganization],
    ) -> Result<Vec<Preview>, CommandError> {
        let metrics = Metrics::new()?;
        let settings = AwsSettings { patience: PATIENCE, ..self.aws.settings() };
        let aws = AwsAccounts::new(settings, metrics.aws().clone(), Installation::default());
        let mut previews = Vec::new();
        for object in organizations {
            let mut reader = OrganizationReader::default();
            let read = reader.read(&aws, &object.spec, Duration::ZERO).await;
            let organization = read.map_err(|error| match error {
                OrganizationError::Aws(error) => CommandError::Aws(Box::new(error)),
                OrganizationError::Listing(error) => CommandError::Unavailable(error.to_string()),
            })?;
            let desired =
                desired_members(&object.spec, &organization, &DeclaredAccounts::default());
            let name = object.name_any();
            previews.push(Preview::of(name, organization.listing.count(), desired));
        }
        Ok(previews)
    }
}

impl Preview {
    fn of(organization: String, listed: usize, desired: DesiredMembers) -> Self {
        let DesiredMembers { accounts, exceptions, selected, leavers: _ } = desired;
        let accounts = accounts.into_iter().map(|account| PreviewedAccount {
            api_version: API_VERSION,
            kind: Kind::AwsAccount.as_str(),
            metadata: PreviewedMetadata { name: account.name, labels: account.labels },
            spec: without_external_ids(account.spec),
        });
        Self { organization, listed, selected, accounts: accounts.collect(), exceptions }
    }

    fn table(&self, out: &mut impl Write) -> io::Result<()> {
        let mut grid = Grid::new(&["NAME", "ACCOUNT", "REGIONS", "LABELS"], output::style());
        for PreviewedAccount { metadata, spec, .. } in &self.accounts {
            let regions: Vec<&str> = spec.regions.iter().map(model::Region::as_str).collect();
            let labels: Vec<String> =
                metadata.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            grid.row([
                Field::new(&metadata.name),
                Field::new(spec.account_id.as_str()),
                Field::new(regions.join(",")),
                Field::new(labels.join(", ")),
            ]);
        }
        grid.write(out)?;
        writeln!(
            out,
            "\n{}: {} of {} selected",
            self.organization,
            self.selected,
            counted(self.listed, "account")
        )
    }

    fn yaml(&self, out: &mut impl Write) -> io::Result<()> {
        for account in &self.accounts {
            let text = serde_saphyr::to_string(account).map_err(io::Error::other)?;
            write!(out, "---\n{text}")?;
        }
        Ok(())
    }
}

/// What an account says, with a placeholder for each external id.
fn without_external_ids(mut spec: AwsAccountSpec) -> AwsAccountSpec {
    // By name, so that no source is forgotten.
    let AccountSource { config_api, aggregator, snapshot, account_facts: _, config_rules: _ } =
        &mut spec.source;
    let mut roles = vec![&mut spec.role];
    let mut queues = Vec::new();
    if let Some(source) = config_api {
        queues.push(&mut source.changes);
    }
    if let Some(source) = aggregator {
        roles.push(&mut source.role);
        queues.push(&mut source.changes);
    }
    roles.extend(snapshot.iter_mut().map(|source| &mut source.role));
    roles.extend(queues.into_iter().flatten().map(|queue| &mut queue.role));
    for external_id in roles.into_iter().flatten().filter_map(|role| role.external_id.as_mut()) {
        EXTERNAL_ID.clone_into(external_id);
    }
    spec
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_external_id_is_printed_whatever_its_role_is_for() {
        let role = json!({ "arn": "arn:aws:iam::111122223333:role/any", "externalId": "a-secret" });
        let queue = json!({
            "queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/changes", "role": role,
        });
        let spec = json!({
            "accountId": "111122223333",
            "regions": ["eu-west-1"],
            "role": role,
            "source": {
                "configApi": { "changes": queue },
                "aggregator": {
                    "name": "any", "account": "111122223333", "region": "eu-west-1",
                    "role": role, "changes": queue,
                },
                "snapshot": { "url": "s3://bucket/prefix", "role": role },
            },
        });
        let roles = spec.to_string().matches("a-secret").count();
        let printed = without_external_ids(serde_json::from_value(spec).unwrap());
        let printed = serde_json::to_string(&printed).unwrap();
        assert!(!printed.contains("a-secret"), "{printed}");
        assert_eq!(printed.matches(EXTERNAL_ID).count(), roles);
    }
}
