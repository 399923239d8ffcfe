//! An organization and what is measured of it, for tests.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::missing_panics_doc)]

use std::time::Duration;

use super::{AccountFacts, AwsCall, DRIFT_SERIES, Figures, Metrics, OWNERS};
use api::{ConditionStatus, ConditionType};
use engine::drift::fixture::{at, plan};
use engine::drift::{Summaries, Summary};
use engine::evaluation::Outcome;
use engine::plan::{BaselineKey, Plan, Target};
use model::{AccountId, Owner, Severity, UnknownReason, Verdict};

/// 1,000 accounts in four regions, with two baselines of 250 controls.
pub const ORGANIZATION: Size = Size {
    accounts: 1000,
    regions: 4,
    controls: 250,
    baselines: 2,
    processes: 3,
    drift: 20,
    owners: 1000,
};

/// An organization, and how many processes share it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Accounts.
    pub accounts: usize,
    /// Regions of each account.
    pub regions: usize,
    /// Controls of each baseline.
    pub controls: usize,
    /// Baselines, each for every account.
    pub baselines: usize,
    /// Replicas, which share the accounts.
    pub processes: usize,
    /// Of so many controls on a target one drifts.
    pub drift: usize,
    /// So many owners are named by tags, and as many by labels of accounts.
    pub owners: usize,
}

impl Size {
    /// What the module says that there are at most.
    pub fn most(&self) -> usize {
        let Self { accounts, regions, controls, baselines, processes, .. } = *self;
        let targets = accounts * regions * baselines;
        let detail = 2 * (baselines * DRIFT_SERIES).min(targets * controls);
        let owners = OWNERS.min(2 * self.owners) + 1;
        7 * targets
            + processes * baselines * (10 * owners + 1)
            + accounts * (baselines + 20 + regions)
            + processes * baselines * (3 * controls + 60)
            + processes * (controls + 100)
            + detail
    }

    fn regions(&self) -> Vec<String> {
        (1..=self.regions).map(|number| format!("eu-west-{number}")).collect()
    }

    /// One plan of a baseline, for the account of this number.
    fn plan(&self, baseline: usize, number: usize) -> Plan {
        let mut plan = named("platform", &format!("baseline-{baseline}"), self.controls);
        for (at, control) in plan.controls.iter_mut().enumerate() {
            control.severity = Severity::ALL[at % Severity::ALL.len()];
        }
        plan.targets = self.targets(number);
        plan
    }

    fn targets(&self, number: usize) -> Vec<Target> {
        let regions = self.regions();
        let owner = Owner::new(&format!("account-team-{}", number % self.owners)).unwrap();
        let target = |region: &String| Target {
            owner: owner.clone(),
            ..target(&format!("{number:012}"), region)
        };
        regions.iter().map(target).collect()
    }

    /// What each process shows.
    pub fn measured(&self) -> Vec<Metrics> {
        let processes: Vec<Metrics> =
            (0..self.processes).map(|_| Metrics::new().unwrap()).collect();
        for (at, metrics) in processes.iter().enumerate() {
            let held = 16 * (at + 1) / self.processes - 16 * at / self.processes;
            metrics.operator().unwrap().shards_held(held, 16);
        }
        for baseline in 0..self.baselines {
            let mut plan = self.plan(baseline, 0);
            let mut whole = plan.clone();
            whole.targets = vec![plan.targets[0].clone(); self.accounts * self.regions];
            let answers = processes[baseline % self.processes].baselines();
            answers.declared(&whole);
            let conditions = [
                ConditionType::Accepted,
                ConditionType::Ready,
                ConditionType::Compliant,
                ConditionType::Published,
            ];
            let conditions = conditions.map(|it| (it, ConditionStatus::True));
            answers.conditions(&plan.baseline, conditions);
            for number in 0..self.accounts {
                plan.targets = self.targets(number);
                let drifts = |target: usize, control: usize| {
                    let drifts = (number + target + control).is_multiple_of(self.drift);
                    if drifts { vec![Verdict::NonCompliant] } else { Vec::new() }
                };
                let (outcome, mut summary) = evaluation(&plan, drifts);
                for (at, drifting) in summary.drifting.iter_mut().enumerate() {
                    let team = format!("team-{}", (number + at) % self.owners);
                    drifting.owner = Owner::new(&team).unwrap();
                }
                let figures = Figures::of(&plan, &outcome.plans[0], &summary);
                let metrics = &processes[number % self.processes];
                let id = &plan.targets[0].account;
                metrics.baselines().account_evaluated(
                    &plan.baseline,
                    id,
                    figures,
                    Duration::from_secs(1),
                );
                self.account(metrics, id);
            }
        }
        processes
    }

    fn account(&self, metrics: &Metrics, id: &AccountId) {
        let accounts = metrics.accounts();
        let interval = Some(Duration::from_mins(30));
        accounts.expects(id, AccountFacts { interval, ..AccountFacts::default() });
        accounts.evaluated(id, at(0));
        accounts.published(id, 1, 0);
        let conditions = [
            ConditionType::Ready,
            ConditionType::CredentialsValid,
            ConditionType::RecorderRunning,
            ConditionType::SecurityHubEnabled,
        ];
        let conditions = conditions.map(|it| (it, ConditionStatus::True));
        accounts.conditions(id, conditions);
        for region in self.regions() {
            metrics.aws().recorder(id.as_str(), &region, true);
            for operation in ["SelectResourceConfig", "BatchGetResourceConfig", "GetFindings"] {
                let (service, account) = ("config", id.as_str());
                let call = AwsCall { service, operation, account };
                metrics.aws().answered(&call, "ok");
                metrics.aws().throttled(&call);
                metrics.aws().waited(&call, Duration::from_millis(1));
            }
        }
    }

    /// How many series all of them have.
    pub fn counted(&self) -> usize {
        self.measured().iter().map(|metrics| count_series(&metrics.text().unwrap())).sum()
    }
}

/// How many series a page of metrics has.
pub fn count_series(page: &str) -> usize {
    page.lines().filter(|line| !line.starts_with('#')).count()
}

/// A plan with so many controls, and what it came to: three compliant resources and an unknown one
/// for each control and target, and what `verdicts` says of each target and control besides.
pub fn evaluation(
    plan: &Plan,
    verdicts: impl Fn(usize, usize) -> Vec<Verdict>,
) -> (Outcome, Summary) {
    let plans = [plan.clone()];
    let mut outcome = Outcome::of(&plans);
    for (at, target) in outcome.plans[0].targets.iter_mut().enumerate() {
        target.items = 4;
        for (control, came) in target.controls.iter_mut().enumerate() {
            (0..3).for_each(|_| came.counts.count(Verdict::Compliant, false));
            came.counts.count(Verdict::Unknown(UnknownReason::NotRecorded), false);
            for verdict in verdicts(at, control) {
                came.counts.count(verdict, false);
            }
        }
    }
    let summary = Summaries::new(&plans, at(0)).finish(&outcome).remove(0);
    (outcome, summary)
}

/// A plan of this baseline with so many controls.
pub fn named(namespace: &str, name: &str, controls: usize) -> Plan {
    let names: Vec<String> = (0..controls).map(|number| format!("control-{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let baseline = BaselineKey { namespace: namespace.to_owned(), name: name.to_owned() };
    Plan { baseline, ..plan(&names) }
}

/// One of the fixture's targets, elsewhere.
pub fn target(id: &str, region: &str) -> Target {
    let known = plan(&[]).targets.remove(0);
    Target { account: id.parse().unwrap(), region: region.parse().unwrap(), ..known }
}
