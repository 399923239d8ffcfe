//! Reports for dashboards that show what other tools report, too: a `Report` of OpenReports for
//! each baseline of the account and each region, where that is asked for.
//!
//! Nothing depends on them, so they are not watched: what stands on the API server is looked up
//! once, and written again when it says something new, or after a day, should somebody have changed
//! it. They go with the `BaselineReport` that says the same, and before, when their region does.

mod report;
mod worst;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU16;
use std::time::Duration;

use kube::api::{DynamicObject, ListParams, Patch};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, ResourceExt};

use self::report::{ACCOUNT_ID, FirstSeen, MANAGED_BY, Report, Reporting, SOURCE, name};
use super::report::Contribution;
use super::reports::Reports;
use super::work::AccountWork;
use crate::apply::{Apply, ApplyCache};
use crate::context::Context;
use crate::write::{self, applying};
use engine::drift::{HeldArchivals, KnownFindings};

pub(super) use worst::{Worst, WorstResults, is_reported};

/// A report is written again after so long, whatever it says.
const RENEWED: Duration = Duration::from_hours(24);

/// The account's reports.
#[derive(Debug)]
pub(super) struct OpenReports {
    max_results: usize,
    /// What stands on the API server; nothing where that is not known.
    standing: Option<BTreeSet<ReportKey>>,
    /// What was written of it, as digests.
    written: ApplyCache<ReportKey, u64>,
    /// Whether the API server has no such kind, which is already logged.
    is_missing: bool,
}

/// Namespace and name.
type ReportKey = (String, String);

/// What there is to report.
#[derive(Clone, Copy)]
pub(super) struct News<'n> {
    pub(super) work: &'n AccountWork,
    pub(super) reports: &'n Reports<'n>,
    pub(super) contributions: &'n [Contribution<'n>],
    /// What waits for a confirmation.
    pub(super) held: &'n HeldArchivals,
}

impl OpenReports {
    pub(super) fn new(max_results: NonZeroU16) -> Self {
        let max_results = usize::from(max_results.get());
        Self { max_results, standing: None, written: ApplyCache::default(), is_missing: false }
    }

    /// Writes what is new and deletes what is no longer asked for. Whether all went well; that the
    /// API server has no such kind is well enough, for trying again would not help.
    pub(super) async fn write(
        &mut self,
        context: &Context,
        news: &News<'_>,
        worst: &WorstResults,
        known: &KnownFindings,
    ) -> bool {
        let Some(mut standing) = self.look_up(context, news.work).await else {
            return self.is_missing;
        };
        let (reports, all_owned) = self.reports(news, worst, known);
        self.written.forget_after(RENEWED);
        let digested = reports.into_iter().map(|report| (key(&report), digest(&report), report));
        let due = digested.filter(|(key, digest, _)| self.written.last(key) != Some(digest));
        let due = due.map(|(key, status, report)| {
            standing.insert(key.clone());
            let of = key.clone();
            let write = async move { apply(context, &of, &report).await };
            Apply { namespace: key.0.clone(), key, version: None, status, write }
        });
        let due: Vec<_> = due.collect();
        let failures = self.written.apply(due, &context.writes).await;
        let (mut is_well, mut is_somewhere) = (all_owned, true);
        for ((namespace, name), error) in failures {
            if write::is_gone(&error) {
                is_somewhere = false; // there is no such kind, or no such namespace
            } else {
                tracing::warn!(namespace, name, %error, "cannot write a Report of OpenReports; trying again");
                is_well = false;
            }
        }
        is_well &= withdraw(context, news.work, &mut standing, &mut self.written).await;
        self.standing = Some(standing).filter(|_| is_somewhere);
        is_well
    }

    /// What stands on the API server.
    async fn look_up(
        &mut self,
        context: &Context,
        work: &AccountWork,
    ) -> Option<BTreeSet<ReportKey>> {
        if let Some(standing) = self.standing.take() {
            return Some(standing);
        }
        let all: Api<DynamicObject> = Api::all_with(context.client.clone(), &kind());
        let labels = format!("{MANAGED_BY}={SOURCE},{ACCOUNT_ID}={}", work.id());
        match all.list_metadata(&ListParams::default().labels(&labels)).await {
            Ok(found) => {
                self.is_missing = false;
                let keys =
                    found.iter().map(|it| (it.namespace().unwrap_or_default(), it.name_any()));
                self.written = ApplyCache::default();
                Some(keys.collect())
            }
            Err(error) if write::is_gone(&error) => {
                if !self.is_missing {
                    tracing::warn!(
                        event = "open_reports_missing",
                        "cannot write reports: the API server does not serve Report \
                         (openreports.io/v1alpha1); install the CRDs of OpenReports, or remove \
                         --open-reports"
                    );
                }
                self.is_missing = true;
                None
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look up reports of OpenReports; trying again");
                None
            }
        }
    }

    /// The reports as they should be, and whether each baseline's owner of reports is known.
    fn reports(
        &self,
        news: &News<'_>,
        worst: &WorstResults,
        known: &KnownFindings,
    ) -> (Vec<Report>, bool) {
        let first_seen = FirstSeen::of(known);
        let (mut reports, mut all_owned) = (Vec::new(), true);
        for contribution in news.contributions {
            let Some(owner) = news.reports.owner(news.work, &contribution.plan.baseline) else {
                all_owned = false;
                continue;
            };
            let reporting = Reporting {
                contribution,
                worst,
                first_seen: &first_seen,
                max_results: self.max_results,
                owner: &owner,
            };
            reports.extend(reporting.reports());
        }
        (reports, all_owned)
    }
}

fn kind() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("openreports.io", "v1alpha1", "Report"))
}

fn key(report: &Report) -> ReportKey {
    let metadata = &report.metadata;
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

fn digest(report: &Report) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(report).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

fn api(context: &Context, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(context.client.clone(), namespace, &kind())
}

async fn apply(
    context: &Context,
    (namespace, name): &ReportKey,
    report: &Report,
) -> kube::Result<()> {
    let api = api(context, namespace);
    api.patch(name, &applying(), &Patch::Apply(report)).await.map(drop)
}

/// Deletes the reports of what no plan speaks of any longer. A suspended baseline keeps its own.
async fn withdraw(
    context: &Context,
    work: &AccountWork,
    standing: &mut BTreeSet<ReportKey>,
    written: &mut ApplyCache<ReportKey, u64>,
) -> bool {
    if work.may_lack_baselines {
        return true;
    }
    let targets = work.plans.iter().flat_map(|plan| {
        let baseline = &plan.baseline;
        plan.targets.iter().map(|it| (baseline.namespace.clone(), name(&baseline.name, it)))
    });
    let asked_for: BTreeSet<ReportKey> = targets.collect();
    let gone: Vec<ReportKey> =
        standing.iter().filter(|key| !asked_for.contains(key)).cloned().collect();
    let mut is_well = true;
    for (namespace, name) in gone {
        if let Err(error) = write::delete(&api(context, &namespace), &name).await {
            tracing::warn!(namespace, name, %error, "cannot delete a Report of OpenReports; trying again");
            is_well = false;
        } else {
            let key = (namespace, name);
            written.forget(&key);
            standing.remove(&key);
        }
    }
    is_well
}
