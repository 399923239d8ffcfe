//! `plumbline iam-policy`: the least that has to be allowed for baselines.

mod cloudformation;
mod document;
mod names;
mod terraform;

use crate::cli::json::write_pretty;
use std::collections::BTreeSet;
use std::io::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::exit::{CommandError, Exit};
use super::files::{BaselineFiles, listed};
use super::input::resolve;
use super::output;
use super::owners::OwnerArguments;
use clock::{Clock, SystemClock};
use model::AccountId;
use setup::Permissions;

/// Print the least-privilege IAM policies that baselines need: for each role and its trust, and for
/// the identity that Plumbline runs as
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct IamPolicyArguments {
    #[command(flatten)]
    baselines: BaselineFiles,
    #[command(flatten)]
    owners: OwnerArguments,
    /// The output format: policy documents (json), a Terraform module in JSON syntax, or a
    /// `CloudFormation` template.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "json")]
    format: Format,
    /// The ARN of the identity that Plumbline runs as. The roles trust it.
    ///
    /// Default: a placeholder (JSON), a variable (Terraform) or a parameter (`CloudFormation`).
    #[arg(long, value_name = "ARN", value_parser = principal)]
    trust_principal: Option<String>,
    /// Leave out the permissions for publishing.
    #[arg(long)]
    no_publish: bool,
    /// Print only what the account with this id needs; may be given several times.
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<AccountId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Terraform,
    Cloudformation,
}

const EXAMPLES: &str = "\
External IDs are never printed: the output has the placeholder `${ExternalId}` (JSON), a sensitive
variable (Terraform) or a NoEcho parameter (CloudFormation) instead. The Terraform module and the
CloudFormation template create in each account only what belongs there, so you can apply the same
one to all accounts.

Exit codes:
  0   printed
  64  a wrong command line
  65  a mistake in the baselines
  66  a file cannot be read, or there is no AwsAccount or no baseline in it

Examples:
  plumbline iam-policy --baseline baselines/ | jq '.roles[0].policy'
  plumbline iam-policy --baseline baselines/ --format terraform > plumbline.tf.json
  plumbline iam-policy --baseline baselines/ --format cloudformation --no-publish
  plumbline iam-policy --baseline baselines/ \\
      --trust-principal arn:aws:iam::999988887777:role/plumbline-operator";

impl IamPolicyArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let permissions = self.permissions()?;
        let principal = self.trust_principal.as_deref();
        output::write(|out| match self.format {
            Format::Json => json(out, &documents(&permissions, principal)),
            Format::Terraform => json(out, &terraform::module(&permissions, principal)),
            Format::Cloudformation => {
                let template = cloudformation::template(&permissions, principal);
                let text = serde_saphyr::to_string(&template).map_err(std::io::Error::other)?;
                write!(out, "{text}")
            }
        })
    }

    /// Refuses accounts that were asked for and are not there.
    fn check_found<'f>(
        &self,
        found: impl Iterator<Item = &'f AccountId>,
    ) -> Result<(), CommandError> {
        let found: BTreeSet<&AccountId> = found.collect();
        self.accounts.iter().find(|id| !found.contains(id)).map_or(Ok(()), |id| {
            let path = listed(self.baselines.paths());
            let problem = format!("no AwsAccount in {path} has the account id {id}");
            Err(CommandError::Usage(problem))
        })
    }

    fn permissions(&self) -> Result<Permissions, CommandError> {
        let (now, owners) = (SystemClock.now(), self.owners.keys());
        let (objects, mistakes) = self.baselines.load()?;
        let path = listed(self.baselines.paths());
        let organizations = objects.organizations.iter().map(|it| &it.object.spec);
        let is_asked =
            |account: &AccountId| self.accounts.is_empty() || self.accounts.contains(account);
        let organizations: Vec<_> =
            organizations.filter(|spec| is_asked(&spec.account_id)).collect();
        let has_baselines = objects.names_accounts() || !objects.baselines.is_empty();
        if !has_baselines && !organizations.is_empty() && mistakes.is_empty() {
            // What reading an organization takes depends on no baseline.
            self.check_found(organizations.iter().map(|spec| &spec.account_id))?;
            return Ok(Permissions::of([], organizations, &[], false, now));
        }
        if !objects.names_accounts() && mistakes.is_empty() {
            let problem = format!(
                "there is no AwsAccount in {path}: the policies depend on its source and role"
            );
            return Err(CommandError::NoInput(problem));
        }
        let resolved = resolve(&objects, mistakes, self.baselines.paths(), true, &owners, now)?;
        let accounts = objects.accounts.iter().map(|account| &account.object.spec);
        let accounts: Vec<_> = accounts.filter(|spec| is_asked(&spec.account_id)).collect();
        let found = accounts.iter().map(|spec| &spec.account_id);
        self.check_found(found.chain(organizations.iter().map(|spec| &spec.account_id)))?;
        Ok(Permissions::of(accounts, organizations, &resolved.plans, !self.no_publish, now))
    }
}

fn json(out: &mut dyn Write, value: &Value) -> std::io::Result<()> {
    write_pretty(out, value)
}

/// All documents, as data.
fn documents(permissions: &Permissions, principal: Option<&str>) -> Value {
    let principal = json!(principal.unwrap_or("${TrustPrincipal}"));
    let role = |role| {
        let external_id = json!("${ExternalId}");
        let trust = document::trust(role, &principal, &external_id);
        json!({
            "arn": role.arn,
            "account": role.account,
            "trustPolicy": trust,
            "policy": document::policy(&role.statements),
        })
    };
    let own = (!permissions.own.is_empty()).then(|| document::policy(&permissions.own));
    json!({"own": own, "roles": permissions.roles.iter().map(role).collect::<Vec<_>>()})
}

fn principal(text: &str) -> Result<String, String> {
    let mut parts = text.splitn(6, ':');
    let begins =
        parts.next() == Some("arn") && parts.next().is_some_and(|part| part.starts_with("aws"));
    let is_identity = begins
        && matches!(parts.next(), Some("iam" | "sts"))
        && parts.next() == Some("")
        && parts.next().is_some_and(|account| account.parse::<AccountId>().is_ok())
        && parts.next().is_some_and(|name| !name.is_empty() && !name.contains(['"', '$', '\\']));
    if is_identity {
        return Ok(text.to_owned());
    }
    Err("not the ARN of an IAM identity (such as \
        arn:aws:iam::111122223333:role/plumbline)"
        .to_owned())
}
