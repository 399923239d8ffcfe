//! Findings in Security Hub, account by account.

use std::collections::BTreeSet;
use std::path::Path;

use futures::{StreamExt as _, stream};

use super::ArchiveOrder;
use super::report::ArchiveReport;
use crate::cli::exit::CommandError;
use crate::cli::live::LiveArguments;
use crate::cli::progress::CountingBar;
use api::AwsAccountSpec;
use assess::{AwsAccounts, Reached};
use aws::AwsError;
use aws::publish::{FindingSink as _, Place, PlaceState, PublishError, Published, SecurityHub};
use cel::Timestamp;
use engine::drift::{FindingChange, Leftovers, Publisher};

/// Accounts that are looked at at once: each has budgets of its own.
const ACCOUNTS_AT_ONCE: usize = 8;
/// Findings that are archived before the bar moves on: some full batches.
const PART: usize = 500;

/// One account, read back.
struct ReadBack {
    sink: SecurityHub<Reached>,
    places: Vec<Place>,
    unreached: Option<AwsError>,
}

/// Looks at each account, and archives there what is meant.
pub(super) async fn archive(
    arguments: &LiveArguments,
    accounts: Option<&Path>,
    wanted: &ArchiveOrder,
    now: Timestamp,
    report: &mut ArchiveReport,
) -> Result<(), CommandError> {
    let ArchiveOrder { leftovers, adopts, archivals } = wanted;
    let (accounts, aws) = arguments.accounts(accounts).await?;
    let bar = CountingBar::new("accounts", accounts.len());
    let reads = accounts.iter().map(|account| read_back(account, &aws, (leftovers, *adopts)));
    let mut reads = stream::iter(reads).buffer_unordered(ACCOUNTS_AT_ONCE);
    while let Some(ReadBack { mut sink, places, unreached }) = reads.next().await {
        looked_at(&sink, &places, unreached.as_ref(), report);
        let mut changes = report.found(sink.known(), leftovers, now);
        if !report.is_dry_run() {
            archivals
                .hold(&mut changes, sink.known(), now)
                .into_iter()
                .for_each(|it| report.problem(it));
            publish(&mut sink, &changes, report, &bar).await;
        }
        bar.advance();
    }
    bar.clear();
    Ok(())
}

async fn read_back(
    account: &AwsAccountSpec,
    aws: &AwsAccounts,
    (leftovers, adopts): (&Leftovers, bool),
) -> ReadBack {
    let reached = Reached::default();
    let unreached = reached.reach(aws, [account]).await.pop();
    let places = places(account, leftovers);
    let publisher = Publisher { installation: leftovers.installation.clone(), id: None, adopts };
    let mut sink = SecurityHub::new(publisher, reached);
    if unreached.is_none() {
        sink.prepare(&places).await;
    }
    ReadBack { sink, places, unreached }
}

/// Where findings of the account may stand: in the regions that are asked for, else in its own.
fn places(account: &AwsAccountSpec, leftovers: &Leftovers) -> Vec<Place> {
    let own = account.regions.iter().chain(account.home_region());
    let regions: BTreeSet<_> = match leftovers.regions.as_slice() {
        [] => own.cloned().collect(),
        asked => asked.iter().cloned().collect(),
    };
    let (id, partition) = (&account.account_id, account.partition);
    let place = |region| Place { account: id.clone(), region, partition };
    regions.into_iter().map(place).collect()
}

/// Notes where findings were read, and where they could not be.
fn looked_at(
    sink: &SecurityHub<Reached>,
    places: &[Place],
    unreached: Option<&AwsError>,
    report: &mut ArchiveReport,
) {
    if let Some(error) = unreached {
        report.problem(format!("account {} cannot be reached: {error}", error.account));
        return;
    }
    for place in places {
        let Place { account, region, .. } = place;
        match sink.state(place) {
            PlaceState::Ready | PlaceState::Occupied(_) => report.looked_at(place),
            PlaceState::NotEnabled(why) => report.problem(why),
            PlaceState::Unread(why) | PlaceState::Reading(why) => {
                report.problem(format!(
                    "cannot read the findings in account {account}, {region}: {why}"
                ));
            }
        }
        if let Some((_, problem)) = sink.others(place) {
            report.problem(problem);
        }
        let foreign = sink.foreign(place);
        if foreign > 0 {
            report.problem(format!(
                "{foreign} findings in account {account}, {region}, carry this installation's \
                 generator id but were changed by others or are damaged, so they are not \
                 archived; archive them manually in Security Hub"
            ));
        }
    }
}

/// Archives part by part, so that the bar shows how far it is.
async fn publish(
    sink: &mut SecurityHub<Reached>,
    changes: &[FindingChange],
    report: &mut ArchiveReport,
    bar: &CountingBar,
) {
    for part in changes.chunks(PART) {
        let published: Result<Published, PublishError> = sink.publish(part).await;
        report.published(published);
        bar.note(&format!("{} findings archived", report.archived()));
    }
}
