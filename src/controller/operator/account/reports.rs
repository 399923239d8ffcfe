//! The reports of one account on the API server: made before anything is published, written when
//! they say something new, and taken back when nothing of their baseline is left open.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use kube::Client;
use kube::core::DeserializeGuard;

use super::report::{Contribution, report};
use super::work::AccountWork;
use crate::api::{BaselineReport, BaselineReportSpec};
use crate::controller::operator::sinks::AccountSink;
use crate::controller::operator::stores::Cache;
use crate::controller::operator::write;
use crate::plan::BaselineKey;
use crate::publish::{FindingSink, PlaceState};
use crate::resource::{AccountId, Region};

/// So many requests run at once for one account.
const CONCURRENT: usize = 8;

/// The reports of one account, as they are known and as they are written.
pub(super) struct Reports<'r> {
    client: &'r Client,
    known: BTreeMap<BaselineKey, BaselineReport>,
}

impl<'r> Reports<'r> {
    /// The account's reports as the cache holds them.
    pub(super) fn of(
        client: &'r Client,
        cache: &Cache<BaselineReport>,
        account: &AccountId,
    ) -> Self {
        let of_account = |report: &DeserializeGuard<BaselineReport>| {
            report.0.as_ref().is_ok_and(|report| report.spec.account_id == *account)
        };
        let found = cache.state_filter(of_account);
        let known = found.iter().filter_map(|report| report.0.as_ref().ok());
        let known = known.filter_map(|report| Some((baseline_of(report)?, report.clone())));
        Self { client, known: known.collect() }
    }

    /// Makes a report for each baseline that has none yet.
    pub(super) async fn announce(&self, work: &AccountWork) {
        let mut making: Vec<BoxFuture<'_, ()>> = Vec::new();
        for plan in work.plans.iter().filter(|plan| !plan.suspended) {
            if !self.known.contains_key(&plan.baseline) {
                making.push(self.make(work, &plan.baseline).boxed());
            }
        }
        stream::iter(making).buffer_unordered(CONCURRENT).collect::<()>().await;
    }

    async fn make(&self, work: &AccountWork, baseline: &BaselineKey) {
        let Some(object) = work.baselines.get(baseline) else { return };
        let spec = BaselineReportSpec {
            baseline: baseline.name.clone(),
            account: work.name.clone(),
            account_id: work.id().clone(),
        };
        let made = write::make_report(self.client, baseline, &object.uid, &spec).await;
        if let Err(error) = made {
            tracing::warn!(%baseline, %error, "cannot make a report");
        }
    }

    /// Writes the reports that say something new. Whether all could be written.
    pub(super) async fn write(
        &self,
        work: &AccountWork,
        contributions: &[Contribution<'_>],
    ) -> bool {
        let mut writing: Vec<BoxFuture<'_, bool>> = Vec::new();
        for contribution in contributions {
            writing.push(self.report(work, contribution).boxed());
        }
        let written: Vec<bool> = stream::iter(writing).buffer_unordered(CONCURRENT).collect().await;
        !written.contains(&false)
    }

    /// Writes the report of one baseline, where it says something new.
    async fn report(&self, work: &AccountWork, contribution: &Contribution<'_>) -> bool {
        let baseline = &contribution.plan.baseline;
        let before = self.known.get(baseline).and_then(|report| report.status.as_ref());
        let Some(status) = report(contribution, before) else { return true };
        let name = write::report_name(&baseline.name, work.id().as_str());
        let namespace = &baseline.namespace;
        match write::write_report(self.client, namespace, &name, &status).await {
            // The baseline goes, and its reports with it.
            Err(error) if write::is_gone(&error) => true,
            Err(error) => {
                tracing::warn!(%baseline, %error, "cannot write a report; trying again");
                false
            }
            Ok(()) => true,
        }
    }

    /// The regions that the reports speak of: findings may stand there.
    pub(super) fn regions(&self) -> impl Iterator<Item = &Region> {
        let statuses = self.known.values().filter_map(|report| report.status.as_ref());
        statuses.flat_map(|status| &status.targets).map(|target| &target.region)
    }

    /// Deletes the reports of baselines that hold for the account no longer, once nothing of them
    /// is left open: whoever deletes a baseline waits for that. Nothing is known to be left where
    /// findings could not be read back.
    pub(super) async fn withdraw(&self, work: &AccountWork, sink: &AccountSink) -> bool {
        if work.may_lack_baselines {
            return true;
        }
        let mut is_well = true;
        for (baseline, report) in &self.known {
            if work.plans.iter().any(|plan| plan.baseline == *baseline) {
                continue;
            }
            let mut open = sink.known().iter().filter(|finding| !finding.archived);
            if open.any(|finding| finding.generator.baseline == *baseline)
                || may_hide_findings(report, work, sink)
            {
                is_well = false;
                continue;
            }
            let name = report.metadata.name.clone().unwrap_or_default();
            if let Err(error) = write::delete_report(self.client, &baseline.namespace, &name).await
            {
                tracing::warn!(%baseline, %error, "cannot delete a report; trying again");
                is_well = false;
            }
        }
        is_well
    }
}

/// Whether a region that a report speaks of could not be read back; any region, where the report
/// was never written.
fn may_hide_findings(report: &BaselineReport, work: &AccountWork, sink: &AccountSink) -> bool {
    let status = report.status.as_ref();
    let targets = status.map(|status| status.targets.as_slice()).unwrap_or_default();
    let places = match targets {
        [] => work.places(),
        targets => targets.iter().map(|target| work.place(&target.region)).collect(),
    };
    places.iter().any(|place| matches!(sink.state(place), Some(PlaceState::Unread(_))))
}

fn baseline_of(report: &BaselineReport) -> Option<BaselineKey> {
    let namespace = report.metadata.namespace.clone()?;
    Some(BaselineKey { namespace, name: report.spec.baseline.clone() })
}
