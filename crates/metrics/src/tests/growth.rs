//! How many series there are, and how long it takes to write them: the law that the module states.

use std::time::Duration;

use super::*;

/// An organization, and how many processes share it.
#[derive(Debug, Clone, Copy)]
struct Size {
    accounts: usize,
    regions: usize,
    controls: usize,
    baselines: usize,
    processes: usize,
    /// Of so many controls on a target one drifts.
    drift: usize,
    /// So many owners are named by tags, and as many by labels of accounts.
    owners: usize,
}

impl Size {
    /// What the module says that there are at most.
    fn most(&self) -> usize {
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
    fn measured(&self) -> Vec<Metrics> {
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

    fn counted(&self) -> usize {
        self.measured().iter().map(|metrics| series(metrics).len()).sum()
    }
}

const ORGANIZATION: Size = Size {
    accounts: 1000,
    regions: 4,
    controls: 250,
    baselines: 2,
    processes: 3,
    drift: 20,
    owners: 1000,
};

#[test]
fn an_organization_has_at_most_a_hundred_thousand_series_over_all_replicas() {
    let processes = ORGANIZATION.measured();
    let counted: usize = processes.iter().map(|metrics| series(metrics).len()).sum();
    assert!(counted <= ORGANIZATION.most(), "{counted} of {}", ORGANIZATION.most());
    assert!(counted <= 100_000, "{counted} series");
    let shown: usize =
        processes.iter().map(|metrics| of(metrics, "plumbline_drift_resources").len()).sum();
    assert!(shown <= 2 * DRIFT_SERIES, "{shown} series of drift");
    assert!(shown > 2 * DRIFT_SERIES - 10, "{shown} series of drift");
    let owners: usize =
        processes.iter().map(|metrics| of(metrics, "plumbline_owner_drift").len()).sum();
    assert!(owners > 3 * 2 * OWNERS, "{owners} series of owners");
}

#[test]
fn one_account_has_at_most_two_thousand_series() {
    let one = Size { accounts: 1, processes: 1, owners: 10, ..ORGANIZATION };
    let counted = one.counted();
    assert!(counted <= one.most() && counted <= 2000, "{counted} series of {}", one.most());
}

#[test]
fn a_hundred_controls_on_one_target_stay_within_five_hundred_series() {
    let size = Size {
        accounts: 1,
        regions: 1,
        controls: 100,
        baselines: 1,
        processes: 1,
        drift: 20,
        owners: 1,
    };
    let counted = size.counted();
    assert!(counted <= 500, "{counted} series");
}

/// Twice as much of one thing gives at most twice the series, and never their product.
#[test]
fn series_grow_with_each_size_by_itself() {
    let small = Size {
        accounts: 10,
        regions: 2,
        controls: 20,
        baselines: 2,
        processes: 2,
        drift: 1000,
        owners: 1,
    };
    let counted = small.counted();
    assert!(counted <= small.most(), "{counted}");
    let more_accounts = Size { accounts: 20, ..small };
    let more_controls = Size { controls: 40, ..small };
    let by_accounts = more_accounts.counted() - counted;
    let by_controls = more_controls.counted() - counted;
    let both = Size { accounts: 20, controls: 40, ..small }.counted() - counted;
    assert!(both.abs_diff(by_accounts + by_controls) <= 8, "{both} {by_accounts} {by_controls}");
}

/// One process with all of it: the slowest case. What counts is the time on a processor, since tests
/// run beside each other; and a debug build is given three times that of a release.
#[test]
fn all_of_an_organization_is_written_within_a_second() {
    let metrics = Size { processes: 1, ..ORGANIZATION }.measured().remove(0);
    let most = Duration::from_secs(if cfg!(debug_assertions) { 3 } else { 1 });
    let mut attempts = (0..10).map(|_| {
        let began = processor_time();
        assert!(metrics.text().unwrap().len() > 1_000_000);
        processor_time().saturating_sub(began)
    });
    assert!(attempts.any(|took| took < most));
}

/// How long this thread has been on a processor ("schedstat" of the kernel's documentation).
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}
