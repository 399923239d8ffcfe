//! The reports of one account on the API server: made before anything is published, written when
//! they say something new, and taken back when nothing of their baseline is left open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt;
use kube::core::DeserializeGuard;

use super::report::{Contribution, report};
use super::work::AccountWork;
use crate::api::{BaselineReport, BaselineReportSpec, BaselineReportStatus};
use crate::controller::operator::context::Context;
use crate::controller::operator::sinks::AccountSink;
use crate::controller::operator::write;
use crate::plan::BaselineKey;
use crate::publish::{FindingSink, PlaceState};
use crate::resource::{AccountId, Region};

/// What was written comes back to the cache within this time, or is looked for there anyway.
const COMES_BACK: Duration = Duration::from_secs(10);

/// What was written and has not come back to the cache, by baseline. A report that says the same
/// is not written again meanwhile.
pub(super) type Underway = BTreeMap<BaselineKey, Written>;

/// A report as it was written.
pub(super) struct Written {
    /// The version that it replaced.
    replaced: Option<String>,
    status: BaselineReportStatus,
    at: Instant,
}

/// A report as the cache holds it; one that does not parse is not known.
struct Known(Arc<DeserializeGuard<BaselineReport>>);

impl Known {
    fn of(guard: Arc<DeserializeGuard<BaselineReport>>) -> Option<(BaselineKey, Self)> {
        let baseline = baseline_of(guard.0.as_ref().ok()?)?;
        Some((baseline, Self(guard)))
    }

    fn report(&self) -> Option<&BaselineReport> {
        self.0.0.as_ref().ok()
    }

    fn status(&self) -> Option<&BaselineReportStatus> {
        self.report()?.status.as_ref()
    }
}

/// Whether nothing was published of the report's baseline in its account, and nothing stood there
/// when the report was made. Of a report that an earlier version made, nobody knows.
pub(in crate::controller::operator) fn is_clean(report: &BaselineReport) -> bool {
    report.annotations().get(write::FINDINGS).is_some_and(|findings| findings == write::NONE)
}

/// The reports of one account, as they are known and as they are written.
pub(super) struct Reports<'r> {
    context: &'r Context,
    known: BTreeMap<BaselineKey, Known>,
    /// The uids of those that were made since.
    made: BTreeMap<BaselineKey, String>,
}

impl<'r> Reports<'r> {
    /// The account's reports as the cache holds them.
    pub(super) fn of(context: &'r Context, account: &AccountId) -> Self {
        let of_account = |report: &DeserializeGuard<BaselineReport>| {
            report.0.as_ref().is_ok_and(|report| report.spec.account_id == *account)
        };
        let found = context.stores.reports.state_filter(of_account);
        let known = found.into_iter().filter_map(Known::of);
        Self { context, known: known.collect(), made: BTreeMap::new() }
    }

    /// Makes a report for each baseline that has none yet, and notes in those of which something is
    /// to be published that findings may stand there: a deleted baseline waits for these alone.
    /// `soiled` are those that are noted already. Gives the baselines of which nothing may be
    /// published yet, since that could not be noted.
    pub(super) async fn announce(
        &mut self,
        work: &AccountWork,
        underway: &Underway,
        publishing: &BTreeSet<BaselineKey>,
        soiled: &mut BTreeSet<String>,
    ) -> BTreeSet<BaselineKey> {
        let uid = |baseline| work.baselines.get(baseline).map(|it| it.uid.as_str());
        let plans = work.plans.iter().filter(|plan| plan.is_evaluated());
        let new = plans.map(|plan| &plan.baseline).filter(|baseline| {
            let is_noted = !publishing.contains(baseline)
                || uid(baseline).is_some_and(|uid| soiled.contains(uid));
            match self.known.get(baseline).and_then(Known::report) {
                Some(report) => is_clean(report) && !is_noted,
                None => !underway.contains_key(baseline) || !is_noted,
            }
        });
        let making = new.map(async |baseline| {
            let is_clean = !publishing.contains(baseline);
            (baseline, is_clean, self.make(work, baseline, is_clean).await)
        });
        let made = join_all(making).await;
        let mut held_back = BTreeSet::new();
        for (baseline, is_clean, made) in made {
            match made {
                Some(made) => {
                    self.made.insert(baseline.clone(), made);
                    if let (false, Some(baseline)) = (is_clean, uid(baseline)) {
                        soiled.insert(baseline.to_owned());
                    }
                }
                None if is_clean => {}
                None => drop(held_back.insert(baseline.clone())),
            }
        }
        held_back
    }

    async fn make(
        &self,
        work: &AccountWork,
        baseline: &BaselineKey,
        is_clean: bool,
    ) -> Option<String> {
        let object = work.baselines.get(baseline)?;
        let spec = BaselineReportSpec {
            baseline: baseline.name.clone(),
            account: work.name.clone(),
            account_id: work.id().clone(),
        };
        let _turn = self.context.writes.acquire().await.ok()?;
        let client = &self.context.client;
        match write::make_report(client, baseline, &object.uid, &spec, is_clean).await {
            Ok(uid) => uid,
            Err(error) => {
                tracing::warn!(%baseline, %error, "cannot make a report");
                None
            }
        }
    }

    /// The report of a baseline, for what is to go with it.
    pub(super) fn owner(
        &self,
        work: &AccountWork,
        baseline: &BaselineKey,
    ) -> Option<OwnerReference> {
        let known = self.known.get(baseline).and_then(Known::report);
        let known = known.and_then(|report| report.metadata.uid.as_ref());
        let uid = known.or_else(|| self.made.get(baseline))?;
        let name = write::report_name(&baseline.name, work.id().as_str());
        Some(write::owner("BaselineReport", &name, uid))
    }

    /// Writes the reports that say something new. Whether all could be written.
    pub(super) async fn write(
        &self,
        work: &AccountWork,
        contributions: &[Contribution<'_>],
        underway: &mut Underway,
    ) -> bool {
        let news = contributions.iter().filter_map(|contribution| {
            let baseline = &contribution.plan.baseline;
            let known = self.known.get(baseline).and_then(Known::status);
            let before = underway.get(baseline).map(|written| &written.status).or(known);
            Some((baseline, report(contribution, before)?))
        });
        let news: Vec<(&BaselineKey, BaselineReportStatus)> = news.collect();
        let writing = news.iter().map(|(baseline, status)| self.report(work, baseline, status));
        let written = join_all(writing).await;
        let is_well = written.iter().all(|is_written| *is_written);
        for ((baseline, status), is_written) in news.into_iter().zip(written) {
            if is_written {
                let (replaced, at) = (self.version(baseline), Instant::now());
                underway.insert(baseline.clone(), Written { replaced, status, at });
            } else {
                underway.remove(baseline); // it is not known what stands there
            }
        }
        is_well
    }

    /// Forgets what has come back.
    pub(super) fn look_for(&self, underway: &mut Underway) {
        underway.retain(|baseline, written| {
            self.version(baseline) == written.replaced && written.at.elapsed() < COMES_BACK
        });
    }

    fn version(&self, baseline: &BaselineKey) -> Option<String> {
        self.known.get(baseline).and_then(Known::report).and_then(ResourceExt::resource_version)
    }

    /// Writes the report of one baseline.
    async fn report(
        &self,
        work: &AccountWork,
        baseline: &BaselineKey,
        status: &BaselineReportStatus,
    ) -> bool {
        let Ok(_turn) = self.context.writes.acquire().await else { return false };
        let name = write::report_name(&baseline.name, work.id().as_str());
        let (client, namespace) = (&self.context.client, &baseline.namespace);
        match write::write_report(client, namespace, &name, status).await {
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
        let statuses = self.known.values().filter_map(Known::status);
        statuses.flat_map(|status| &status.targets).map(|target| &target.region)
    }

    /// Deletes the reports of baselines that hold for the account no longer, once nothing of them
    /// is left open: whoever deletes a baseline waits for that. Nothing is known to be left where
    /// findings could not be read back.
    pub(super) async fn withdraw(&self, work: &AccountWork, sink: &AccountSink) -> Withdrawn {
        let mut withdrawn = Withdrawn { is_well: true, may_hide: false };
        if work.may_lack_baselines {
            return withdrawn;
        }
        let known = self.known.iter().filter_map(|(key, known)| Some((key, known.report()?)));
        for (baseline, report) in known {
            if work.plans.iter().any(|plan| plan.baseline == *baseline) {
                continue;
            }
            let mut open = sink.known().iter().filter(|finding| !finding.archived);
            let is_open = open.any(|finding| finding.generator.baseline == *baseline);
            let may_hide = !is_clean(report) && may_hide_findings(report, work, sink);
            if is_open || may_hide {
                withdrawn.is_well = false;
                withdrawn.may_hide |= may_hide;
                continue;
            }
            let name = report.metadata.name.clone().unwrap_or_default();
            let (client, namespace) = (&self.context.client, &baseline.namespace);
            if let Err(error) = write::delete_report(client, namespace, &name).await {
                tracing::warn!(%baseline, %error, "cannot delete a report; trying again");
                withdrawn.is_well = false;
            }
        }
        withdrawn
    }
}

/// What came of withdrawing reports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Withdrawn {
    /// Whether all were withdrawn that are to be.
    pub(super) is_well: bool,
    /// Whether findings of a baseline that is gone may stand where nothing could be read back.
    pub(super) may_hide: bool,
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
