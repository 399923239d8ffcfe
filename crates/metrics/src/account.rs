//! What is measured of each AWS account, as series that go with it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::described::Description;
use super::exposition::{Exposed, Family, MetricKind, Rows};
use super::figures::seconds_of;
use api::{ConditionStatus, ConditionType};
use cel::Timestamp;
use model::{AccountId, Owner};

/// What is measured of each account. Clones share it.
#[derive(Clone)]
pub struct AccountMetrics(Arc<Mutex<Accounts>>);

/// All that is measured of accounts, by id. Calls with the process's own credentials have an entry
/// too.
#[derive(Default)]
struct Accounts {
    measured: BTreeMap<String, Measured>,
    /// Labels of `AwsAccount`s that are shown.
    shown_labels: Vec<String>,
    budgets: Option<Box<dyn BudgetLevels>>,
}

/// Tells what is left of the budgets of AWS calls.
pub trait BudgetLevels: Send + Sync + 'static {
    /// For each account the least that any of its budgets has left: 1 is all, 0 nothing, and less
    /// when calls wait.
    fn left(&self) -> Vec<(String, f64)>;
}

impl<T: BudgetLevels> BudgetLevels for Arc<T> {
    fn left(&self) -> Vec<(String, f64)> {
        T::left(self)
    }
}

/// What is known of an account before it is evaluated.
#[derive(Debug, Clone, Default)]
pub struct AccountFacts {
    /// The name of its `AwsAccount`.
    pub name: String,
    /// The labels of its `AwsAccount`.
    pub labels: BTreeMap<String, String>,
    /// Whom drift in it belongs to where no tag says; nothing where no baseline applies to it.
    pub owner: Option<Owner>,
    /// How often it is evaluated; nothing where no baseline applies to it.
    pub interval: Option<Duration>,
}

#[derive(Default)]
struct Measured {
    facts: Option<AccountFacts>,
    evaluated_at: Option<Timestamp>,
    /// By type.
    conditions: BTreeMap<ConditionType, ConditionStatus>,
    /// By region: whether its recorder runs.
    recorders: BTreeMap<String, bool>,
    /// How many findings were taken, and how many were not; nothing where none go out.
    published: Option<(u64, u64)>,
    /// How many findings of the installation another Plumbline keeps; nothing where none go out.
    others: Option<u64>,
    /// How many findings wait for a confirmation before they are archived.
    held: Option<u64>,
    /// Nothing where AWS is not called.
    calls: Option<Calls>,
}

#[derive(Default, Clone, Copy)]
struct Calls {
    throttled: u64,
    waited: Duration,
}

impl AccountMetrics {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// Shows these labels of `AwsAccount`s.
    pub fn show_labels(&self, labels: Vec<String>) {
        self.locked().shown_labels = labels;
    }

    /// The account is evaluated by this process from now on.
    pub fn expects(&self, account: &AccountId, facts: AccountFacts) {
        self.of(account.as_str(), |measured| {
            measured.facts = Some(facts);
            measured.published.get_or_insert_default(); // an increase is one from zero
        });
    }

    /// An evaluation of the account ended at `now`.
    pub fn evaluated(&self, account: &AccountId, now: Timestamp) {
        self.of(account.as_str(), |measured| measured.evaluated_at = Some(now));
    }

    /// The conditions of the account's `AwsAccount` are these, by type.
    pub fn conditions(
        &self,
        account: &AccountId,
        conditions: impl IntoIterator<Item = (ConditionType, ConditionStatus)>,
    ) {
        let conditions = conditions.into_iter().collect();
        self.of(account.as_str(), |measured| measured.conditions = conditions);
    }

    /// Counts findings of the account that the sink took, and those that it did not take.
    pub fn published(&self, account: &AccountId, taken: u64, failed: u64) {
        self.of(account.as_str(), |measured| {
            let (all_taken, all_failed) = measured.published.get_or_insert_default();
            *all_taken += taken;
            *all_failed += failed;
        });
    }

    /// Another Plumbline of the installation keeps so many findings of the account.
    pub fn others_findings(&self, account: &AccountId, count: u64) {
        self.of(account.as_str(), |measured| measured.others = Some(count));
    }

    /// The archivals of so many findings of the account wait for a confirmation.
    pub fn archivals_held(&self, account: &AccountId, count: u64) {
        self.of(account.as_str(), |measured| measured.held = Some(count));
    }

    /// Forgets the account: another process measures it from now on, or nobody.
    pub fn forget(&self, account: &AccountId) {
        self.locked().measured.remove(account.as_str());
    }

    /// Forgets every account that is evaluated but those that `exists` knows.
    pub fn retain(&self, exists: impl Fn(&str) -> bool) {
        let is_called = |measured: &Measured| measured.facts.is_none();
        self.locked().measured.retain(|account, it| is_called(it) || exists(account));
    }

    /// Forgets the conditions of every account but those whose `AwsAccount` is `ours` to write.
    pub fn retain_conditions(&self, ours: impl Fn(&str) -> bool) {
        for (account, measured) in &mut self.locked().measured {
            if !ours(account) {
                measured.conditions.clear();
            }
        }
    }

    pub(super) fn budgets(&self, budgets: Box<dyn BudgetLevels>) {
        self.locked().budgets = Some(budgets);
    }

    pub(super) fn recorder(&self, account: &str, region: &str, runs: bool) {
        self.of(account, |measured| measured.recorders.insert(region.to_owned(), runs));
    }

    pub(super) fn throttled(&self, account: &str) {
        self.of(account, |measured| measured.calls.get_or_insert_default().throttled += 1);
    }

    pub(super) fn waited(&self, account: &str, time: Duration) {
        self.of(account, |measured| measured.calls.get_or_insert_default().waited += time);
    }

    fn of<T>(&self, account: &str, note: impl FnOnce(&mut Measured) -> T) {
        let mut accounts = self.locked();
        match accounts.measured.get_mut(account) {
            Some(measured) => note(measured),
            None => note(accounts.measured.entry(account.to_owned()).or_default()),
        };
    }

    fn locked(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AccountMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AccountMetrics").finish_non_exhaustive()
    }
}

impl Exposed for AccountMetrics {
    fn descriptions(&self) -> Vec<Description> {
        FAMILIES.iter().map(Family::description).collect()
    }

    fn write(&self, text: &mut String) {
        let accounts = self.locked();
        for family in FAMILIES {
            family.write(&accounts, text);
        }
    }
}

const FAMILIES: &[Family<Accounts>] = &[
    Family {
        name: "plumbline_account_info",
        help: "An account that this process evaluates, with the labels selected by \
            --metrics-account-label, each as label_NAME; always 1.",
        kind: MetricKind::Gauge,
        labels: &["account", "name", "owner"],
        rows: info,
    },
    Family {
        name: "plumbline_account_last_evaluation_timestamp_seconds",
        help: "When the last evaluation of an account ended, in seconds since the Unix epoch. \
            Absent before the first evaluation.",
        kind: MetricKind::Gauge,
        labels: &["account"],
        rows: |all, rows| {
            each(all, |account, measured| {
                if let Some(at) = measured.evaluated_at {
                    rows.row(&[account], seconds_of(at));
                }
            });
        },
    },
    Family {
        name: "plumbline_account_interval_seconds",
        help: "How often an account is evaluated. Present from the start, so that a missing first \
            evaluation can be detected.",
        kind: MetricKind::Gauge,
        labels: &["account"],
        rows: |all, rows| {
            each(all, |account, measured| {
                let interval = measured.facts.as_ref().and_then(|facts| facts.interval);
                if let Some(interval) = interval {
                    rows.row(&[account], interval.as_secs_f64());
                }
            });
        },
    },
    Family {
        name: "plumbline_account_condition",
        help: "Whether a condition of an AwsAccount has a status: 1 for the status that it has, 0 for the others.",
        kind: MetricKind::Gauge,
        labels: &["account", "type", "status"],
        rows: |all, rows| {
            each(all, |account, measured| {
                for (type_, holds) in &measured.conditions {
                    for status in ConditionStatus::ALL {
                        let number = u64::from(status == holds);
                        rows.row(&[account, type_.as_str(), status.as_str()], number);
                    }
                }
            });
        },
    },
    Family {
        name: "plumbline_recorder_running",
        help: "Whether the configuration recorder runs and delivers: 1 if it does, else 0.",
        kind: MetricKind::Gauge,
        labels: &["account", "region"],
        rows: |all, rows| {
            each(all, |account, measured| {
                for (region, runs) in &measured.recorders {
                    rows.row(&[account, region], u64::from(*runs));
                }
            });
        },
    },
    Family {
        name: "plumbline_findings_published_total",
        help: "Findings sent to the sink, by result.",
        kind: MetricKind::Counter,
        labels: &["account", "result"],
        rows: |all, rows| {
            each(all, |account, measured| {
                let Some((taken, failed)) = measured.published else { return };
                rows.row(&[account, "success"], taken);
                rows.row(&[account, "failure"], failed);
            });
        },
    },
    Family {
        name: "plumbline_other_publisher_findings",
        help: "Findings of this installation that another Plumbline published. They stay as they are.",
        kind: MetricKind::Gauge,
        labels: &["account"],
        rows: |all, rows| {
            each(all, |account, measured| {
                if let Some(others) = measured.others {
                    rows.row(&[account], others);
                }
            });
        },
    },
    Family {
        name: "plumbline_archivals_held",
        help: "Findings that would be archived and wait for a confirmation.",
        kind: MetricKind::Gauge,
        labels: &["account"],
        rows: |all, rows| {
            each(all, |account, measured| {
                if let Some(held) = measured.held {
                    rows.row(&[account], held);
                }
            });
        },
    },
    Family {
        name: "plumbline_aws_throttled_total",
        help: "Calls that AWS throttled, by the account that is called.",
        kind: MetricKind::Counter,
        labels: &["account"],
        rows: |all, rows| {
            each(all, |account, measured| {
                if let Some(calls) = measured.calls {
                    rows.row(&[account], calls.throttled);
                }
            });
        },
    },
    Family {
        name: "plumbline_aws_budget_wait_seconds_total",
        help: "Time that calls waited for Plumbline's own rate limits, by the account that is \
            called.",
        kind: MetricKind::Counter,
        labels: &["account"],
        rows: |all, rows| {
            each(all, |account, measured| {
                if let Some(calls) = measured.calls {
                    rows.row(&[account], calls.waited.as_secs_f64());
                }
            });
        },
    },
    Family {
        name: "plumbline_aws_budget_left_ratio",
        help: "The smallest remaining share of an account's call budgets: 1 if unused, 0 if used \
            up, negative while calls wait.",
        kind: MetricKind::Gauge,
        labels: &["account"],
        rows: |all, rows| {
            let budgets = all.budgets.iter().flat_map(|budgets| budgets.left());
            budgets.for_each(|(account, left)| rows.row(&[&account], left));
        },
    },
];

fn each<'m>(all: &'m Accounts, mut show: impl FnMut(&'m str, &'m Measured)) {
    all.measured.iter().for_each(|(account, measured)| show(account, measured));
}

fn info(all: &Accounts, rows: &mut Rows<'_>) {
    each(all, |account, measured| {
        let Some(facts) = &measured.facts else { return };
        // Two labels whose names differ only in what Prometheus does not allow would be one.
        let mut labels: BTreeMap<String, &str> = BTreeMap::new();
        for shown in &all.shown_labels {
            if let Some(value) = facts.labels.get(shown) {
                labels.entry(label_name(shown)).or_insert(value);
            }
        }
        let own = labels.iter().map(|(name, value)| (name.as_str(), *value));
        let owner = facts.owner.as_ref().map_or("", Owner::as_str);
        rows.row_with(&[account, &facts.name, owner], own, 1);
    });
}

/// As kube-state-metrics names the labels of objects: `label_` and the name, with `_` for what
/// Prometheus does not allow (<https://github.com/kubernetes/kube-state-metrics>, `docs/`).
fn label_name(label: &str) -> String {
    let allowed = label.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' });
    "label_".chars().chain(allowed).collect()
}
