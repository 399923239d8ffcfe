//! What baselines are held against, as `scan` and `cost` take it.

use std::path::PathBuf;

use clap::Args;

use super::exit::CommandError;
use super::features::Feature;
use super::input::SnapshotOptions;
use super::live::LiveArguments;

/// A snapshot, or live accounts.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false)]
pub(super) struct SourceArguments {
    /// An AWS Config snapshot: a file (plain, gzip or JSON Lines), a folder of them, the bucket that
    /// AWS Config delivers to (`s3://BUCKET/PREFIX`), or `-` for standard input; may be given several
    /// times.
    ///
    /// Of a bucket, the newest snapshot of each region of the declared accounts is read, and the
    /// configuration history that was delivered after it; of all accounts where none is declared. It
    /// is read with the credentials of the environment, or through the role that an `AwsAccount` names
    /// for this bucket.
    #[arg(long, value_name = "PATH")]
    pub(super) snapshot: Vec<PathBuf>,
    /// Read live accounts through AWS Config instead of a snapshot.
    ///
    /// The `source` of an `AwsAccount` determines whether the account is read through its own API
    /// or through an aggregator.
    #[arg(long)]
    pub(super) live: bool,
}

impl SourceArguments {
    /// Refuses what says how live accounts are read where none are, or how a snapshot is, and a build that reads no
    /// accounts.
    pub(super) fn check(
        &self,
        accounts: &LiveArguments,
        options: &SnapshotOptions,
    ) -> Result<(), CommandError> {
        if self.live {
            Feature::Aws.needed_for("option --live")?;
            if options.are_given() {
                let problem = "--max-age and --recorded-types say how a snapshot is read: remove them, or replace --live \
                    with --snapshot";
                return Err(CommandError::Usage(problem.to_owned()));
            }
        } else if accounts.are_chosen() {
            let problem = "--region, --account and --role-arn select what --live reads: add --live";
            return Err(CommandError::Usage(problem.to_owned()));
        }
        Ok(())
    }
}
