//! The reports of one account on the API server: made before anything is published, written when
//! they say something new, and taken back when nothing of their baseline is left open.
//!
//! Somebody else may have written what stands in one. It is compared with what was evaluated, and
//! nothing that is evaluated, read or published follows of it, but for regions that AWS has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt;

use super::report::{Contribution, report};
use super::work::AccountWork;
use crate::apply::{self, Apply, ApplyCache};
use crate::context::Context;
use crate::standing::{account_of, is_clean, is_in_place, is_marked_clean, regions};
use crate::stored::Stored;
use crate::write;
use api::{BaselineReport, BaselineReportSpec, BaselineReportStatus, Kind, ObjectKey};
use assess::Sink;
use aws::publish::FindingSink;
use engine::drift::HeldArchivals;
use engine::plan::BaselineKey;
use model::{AccountId, Partition, Region};

/// What was written and has not come back to the watch, by baseline. A report that says the same is
/// not written again meanwhile.
pub(super) type Underway = ApplyCache<BaselineKey, BaselineReportStatus>;

/// A report as the cache holds it; one that does not parse is not known.
struct Known(Arc<Stored<BaselineReport>>);

impl Known {
    fn of(guard: Arc<Stored<BaselineReport>>) -> Option<(BaselineKey, Self)> {
        let baseline = baseline_of(guard.parsed()?)?;
        Some((baseline, Self(guard)))
    }

    fn report(&self) -> Option<&BaselineReport> {
        self.0.parsed()
    }

    fn status(&self) -> Option<&BaselineReportStatus> {
        self.report()?.status.as_ref()
    }
}

/// The reports of one account, as they are known and as they are written.
pub(super) struct Reports<'r> {
    context: &'r Context,
    known: BTreeMap<BaselineKey, Known>,
    /// The uids of those that were made since.
    made: BTreeMap<BaselineKey, String>,
    /// Whether one is there that does not parse.
    has_unread: bool,
}

impl<'r> Reports<'r> {
    /// The account's reports as the cache holds them.
    pub(super) fn of(context: &'r Context, account: &AccountId) -> Self {
        let of_account = |stored: &Stored<BaselineReport>| match &stored.object {
            Ok(report) => report.spec.account_id == *account && is_in_place(report),
            Err(unread) => account_of(&unread.metadata).is_some_and(|it| it == *account),
        };
        let found = context.stores.reports.state_filter(of_account);
        let has_unread = found.iter().any(|stored| stored.parsed().is_none());
        let known = found.into_iter().filter_map(Known::of);
        Self { context, known: known.collect(), made: BTreeMap::new(), has_unread }
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
                Some(report) => is_marked_clean(report) && !is_noted,
                None => underway.last(baseline).is_none() || !is_noted,
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
        let _turn = self.context.writes.take(baseline.namespace.clone()).await;
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
        Some(write::owner(Kind::BaselineReport, &name, uid))
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
            let status = report(contribution, underway.last(baseline).or(known))?;
            let (client, key, written) =
                (&self.context.client, report_key(baseline, work), status.clone());
            let write = async move { apply::status(client, &key, &written).await };
            let (namespace, version) = (baseline.namespace.clone(), self.version(baseline));
            Some(Apply { key: baseline.clone(), namespace, version, status, write })
        });
        let news: Vec<_> = news.collect();
        let failures = underway.apply(news, &self.context.writes).await;
        // Where the report has gone its baseline goes, and its reports with it.
        let failures = failures.iter().filter(|(_, error)| !write::is_gone(error));
        let logged = failures.inspect(|(baseline, error)| {
            tracing::warn!(%baseline, %error, "cannot write a report; trying again");
        });
        logged.count() == 0
    }

    /// Forgets what has come back.
    pub(super) fn look_for(&self, underway: &mut Underway) {
        underway.settle(|baseline| self.version(baseline));
    }

    fn version(&self, baseline: &BaselineKey) -> Option<String> {
        self.known.get(baseline).and_then(Known::report).and_then(ResourceExt::resource_version)
    }

    /// The regions of a partition that the reports speak of: findings may stand there. One that AWS
    /// is not known to have would hold up the account until nobody answers.
    pub(super) fn regions(&self, partition: Partition) -> Vec<Region> {
        let regions = self.known.values().filter_map(|known| regions(&known.0)).flatten();
        let is_known = |region: &Region| partition.known_regions().contains(&region.as_str());
        regions.filter(is_known).collect()
    }

    /// Deletes the reports of baselines that hold for the account no longer, once nothing of them
    /// is left open: whoever deletes a baseline waits for that. Nothing is known to be left where
    /// findings could not be read back.
    pub(super) async fn withdraw(
        &self,
        work: &AccountWork,
        sink: &Sink,
        held: &HeldArchivals,
    ) -> Withdrawn {
        // It is not known which regions a report speaks of that does not parse, nor of what baseline.
        let mut withdrawn = Withdrawn { is_well: true, may_hide: self.has_unread };
        if work.may_lack_baselines {
            return withdrawn;
        }
        for (baseline, known) in &self.known {
            if work.plans.iter().any(|plan| plan.baseline == *baseline) {
                continue;
            }
            let mut open = sink.known().iter().filter(|finding| !finding.archived);
            let is_open = open.any(|finding| finding.generator.baseline == *baseline);
            let may_hide = !is_clean(&known.0) && may_hide_findings(&known.0, work, sink);
            if is_open || may_hide {
                // What waits for a confirmation is not tried again and again.
                withdrawn.is_well &= held.by_baseline.contains_key(baseline) && !may_hide;
                withdrawn.may_hide |= may_hide;
                continue;
            }
            let name = write::report_name(&baseline.name, work.id().as_str());
            let (client, namespace) = (&self.context.client, &baseline.namespace);
            if let Err(error) = write::delete_report(client, namespace, &name).await {
                tracing::warn!(%baseline, %error, "cannot delete a report; trying again");
                withdrawn.is_well = false;
            }
        }
        withdrawn
    }
}

/// Which object the report of a baseline is.
fn report_key(baseline: &BaselineKey, work: &AccountWork) -> ObjectKey {
    ObjectKey {
        kind: Kind::BaselineReport,
        namespace: Some(baseline.namespace.clone()),
        name: write::report_name(&baseline.name, work.id().as_str()),
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
/// was never written. Nobody knows where it cannot be read what it speaks of.
fn may_hide_findings(report: &Stored<BaselineReport>, work: &AccountWork, sink: &Sink) -> bool {
    let Some(regions) = regions(report) else { return true };
    let places = match regions.as_slice() {
        [] => work.places(),
        regions => regions.iter().map(|region| work.place(region)).collect(),
    };
    places.iter().any(|place| sink.state(place).is_some_and(|it| it.unread().is_some()))
}

fn baseline_of(report: &BaselineReport) -> Option<BaselineKey> {
    let namespace = report.metadata.namespace.clone()?;
    Some(BaselineKey { namespace, name: report.spec.baseline.clone() })
}
