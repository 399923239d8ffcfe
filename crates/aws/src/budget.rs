//! Budgets: how often each operation may be called, by account and region.
//!
//! A budget is a token bucket a little below what AWS grants. A refusal for too many calls halves
//! its rate, at most once a second; every second without one wins a part of it back. Everything
//! in one process that calls the same operation of the same account and region shares one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use metrics::BudgetLevels;

/// Calls a second, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Calls a second.
    pub per_second: f64,
    /// Calls at once, after a time without any.
    pub burst: f64,
}

/// A rate is never lowered below this part of itself.
const FLOOR: f64 = 1.0 / 8.0;
/// What a second without refusal wins back, as a part of the rate.
const RECOVERY: f64 = 1.0 / 20.0;
/// A rate is halved at most once in this time: calls that were under way say nothing new.
const HALVING: Duration = Duration::from_secs(1);

/// The rate of an operation unless an account says otherwise.
///
/// Security Hub's limits are documented ("Quotas", Security Hub API Reference: `GetFindings` 3 a
/// second with bursts of 6, `BatchImportFindings`, `BatchUpdateFindings` and all others 10 with
/// bursts of 30). AWS Config documents none; callers see advanced queries refused above about 8 a
/// second. IAM documents none, and serves all regions of an account from one place. S3 takes 5,500
/// reads a second of each prefix ("Best practices design patterns", Amazon S3 User Guide), SQS 300 of
/// each operation where a queue keeps the order ("Quotas", Amazon SQS Developer Guide).
fn default_rate(service: &str, operation: &str) -> Rate {
    let (per_second, burst) = match (service, operation) {
        ("config", "SelectResourceConfig" | "SelectAggregateResourceConfig") => (7.0, 4.0),
        ("config", "BatchGetResourceConfig") => (12.0, 6.0),
        // No more than rules are created by hand: each is evaluated as soon as it is there.
        ("config", "PutConfigRule" | "DeleteConfigRule") => (2.0, 2.0),
        // Each makes AWS Config write all that it knows of a region.
        ("config", "DeliverConfigSnapshot") => (1.0, 1.0),
        ("securityhub", "GetFindings") => (2.5, 4.0),
        ("securityhub", _) => (8.0, 16.0),
        ("iam", _) => (4.0, 4.0),
        ("s3", "ListBucket" | "GetObject") => (500.0, 500.0),
        ("sqs", _) => (300.0, 300.0),
        ("sts", _) => (20.0, 20.0),
        _ => (8.0, 8.0),
    };
    Rate { per_second, burst }
}

/// The budget of one operation of one account in one region.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<BudgetState>,
}

#[derive(Debug)]
struct BudgetState {
    rate: Rate,
    /// What is left; less than nothing when calls wait for their turn.
    tokens: f64,
    /// The part of the rate that is in use.
    share: f64,
    updated: Instant,
    halved: Option<Instant>,
}

impl Budget {
    /// A full budget.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let (tokens, updated) = (rate.burst, Instant::now());
        let state = BudgetState { rate, tokens, share: 1.0, updated, halved: None };
        Self { state: Mutex::new(state) }
    }

    /// Goes on at another rate. What is spent stays spent, or accounts that share an aggregator and
    /// differ in what they allow would have a full budget at each turn.
    fn change(&self, rate: Rate) {
        self.refilled(Instant::now()).rate = rate;
    }

    /// Waits for a call's turn, and says how long that took.
    pub async fn turn(&self) -> Duration {
        let now = Instant::now();
        let wait = self.reserve(now);
        if !wait.is_zero() {
            sleep_until(now + wait).await;
        }
        wait
    }

    /// Takes a turn, and gives the time until it comes. Turns come in the order of asking.
    fn reserve(&self, now: Instant) -> Duration {
        let mut state = self.refilled(now);
        state.tokens -= 1.0;
        if state.tokens >= 0.0 {
            return Duration::ZERO;
        }
        let per_second = state.rate.per_second * state.share;
        Duration::try_from_secs_f64(-state.tokens / per_second).unwrap_or(Duration::MAX)
    }

    /// Takes note that AWS refused a call for there being too many.
    pub fn refused(&self) {
        self.refused_at(Instant::now());
    }

    fn refused_at(&self, now: Instant) {
        let mut state = self.refilled(now);
        if state.halved.is_some_and(|halved| now.duration_since(halved) < HALVING) {
            return;
        }
        state.halved = Some(now);
        state.share = (state.share / 2.0).max(FLOOR);
        state.tokens = state.tokens.min(0.0);
    }

    /// The part of it that is left: 1 is all, and less than nothing means that calls wait.
    fn left(&self, now: Instant) -> f64 {
        let state = self.refilled(now);
        state.tokens / state.rate.burst.max(1.0)
    }

    /// The calls a second that it grants at a time.
    #[cfg(test)]
    fn per_second(&self, now: Instant) -> f64 {
        let state = self.refilled(now);
        state.rate.per_second * state.share
    }

    fn refilled(&self, now: Instant) -> MutexGuard<'_, BudgetState> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.updated).as_secs_f64();
        state.updated = now;
        let Rate { per_second, burst } = state.rate;
        state.tokens = (state.tokens + passed * per_second * state.share).min(burst.max(1.0));
        state.share = (state.share + passed * RECOVERY).min(1.0);
        state
    }
}

/// Whose budget: the account, the region, the service and the operation.
type BudgetKey = (Box<str>, Box<str>, &'static str, &'static str);

/// The budgets of a process.
#[derive(Debug, Default)]
pub struct Budgets {
    budgets: Mutex<HashMap<BudgetKey, Arc<Budget>>>,
}

impl Budgets {
    /// The budget of an operation, which is made when it is first asked for. `own` is the calls a
    /// second that the account sets for it.
    pub fn of(
        &self,
        account: &str,
        region: &str,
        (service, operation): (&'static str, &'static str),
        own: Option<f64>,
    ) -> Arc<Budget> {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (account.into(), region.into(), service, operation);
        let wanted = own.map_or_else(
            || default_rate(service, operation),
            |per_second| Rate { per_second, burst: (per_second / 2.0).max(1.0) },
        );
        let budget = budgets.entry(key).or_insert_with(|| Arc::new(Budget::new(wanted)));
        budget.change(wanted);
        Arc::clone(budget)
    }
}

impl BudgetLevels for Budgets {
    fn left(&self) -> Vec<(String, f64)> {
        let now = Instant::now();
        let budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut least: BTreeMap<&str, f64> = BTreeMap::new();
        for ((account, ..), budget) in &*budgets {
            let left = budget.left(now);
            let known = least.entry(account).or_insert(left);
            *known = known.min(left);
        }
        least.into_iter().map(|(account, left)| (account.to_owned(), left)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(per_second: f64, burst: f64) -> (Budget, Instant) {
        let budget = Budget::new(Rate { per_second, burst });
        let now = budget.state.lock().unwrap().updated;
        (budget, now)
    }

    #[test]
    fn calls_beyond_the_burst_wait_for_their_turn_in_order() {
        let (budget, now) = budget(10.0, 2.0);
        let waits: Vec<u128> = (0..5).map(|_| budget.reserve(now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 100, 200, 300]);
    }

    #[test]
    fn another_rate_gives_nothing_back() {
        let (budget, now) = budget(10.0, 1.0);
        assert_eq!(budget.reserve(now), Duration::ZERO);
        budget.change(Rate { per_second: 5.0, burst: 4.0 });
        assert!(budget.reserve(now) > Duration::from_millis(100));
    }

    #[test]
    fn time_refills_up_to_the_burst_and_no_further() {
        let (budget, now) = budget(10.0, 2.0);
        for _ in 0..2 {
            assert_eq!(budget.reserve(now), Duration::ZERO);
        }
        let later = now + Duration::from_mins(1);
        let waits: Vec<u128> = (0..3).map(|_| budget.reserve(later).as_millis()).collect();
        assert_eq!(waits, [0, 0, 100]);
    }

    #[test]
    fn refusals_halve_the_rate_once_a_second_and_it_comes_back_slowly() {
        let (budget, now) = budget(8.0, 1.0);
        budget.refused_at(now);
        budget.refused_at(now);
        assert!((budget.per_second(now) - 4.0).abs() < 1e-6);
        let later = now + Duration::from_secs(1);
        budget.refused_at(later);
        assert!((budget.per_second(later) - 2.2).abs() < 1e-6);
        let much_later = later + Duration::from_secs(30);
        assert!((budget.per_second(much_later) - 8.0).abs() < 1e-6);
    }

    #[test]
    fn the_least_of_an_accounts_budgets_is_shown() {
        let budgets = Arc::<Budgets>::default();
        let of = |region| budgets.of("1", region, ("config", "SelectResourceConfig"), Some(4.0));
        assert_eq!(of("a").reserve(Instant::now()), Duration::ZERO);
        drop(of("b"));
        let left = BudgetLevels::left(&*budgets);
        assert_eq!(left.len(), 1);
        assert!((0.4..0.9).contains(&left[0].1), "{left:?}");
    }

    #[test]
    fn refusals_never_stop_all_calls() {
        let (budget, now) = budget(8.0, 1.0);
        for second in 1..20 {
            budget.refused_at(now + Duration::from_secs(second));
        }
        assert!(budget.per_second(now + Duration::from_secs(20)) >= 1.0);
    }

    #[test]
    fn one_operation_of_one_account_and_region_has_one_budget() {
        let budgets = Budgets::default();
        let select = ("config", "SelectResourceConfig");
        let of = |account, region, own| budgets.of(account, region, select, own);
        let one = of("1", "a", None);
        assert!(Arc::ptr_eq(&one, &of("1", "a", None)));
        assert!(!Arc::ptr_eq(&one, &of("1", "b", None)));
        assert!(!Arc::ptr_eq(&one, &of("2", "a", None)));
        let slower = of("1", "a", Some(3.0));
        assert!(Arc::ptr_eq(&one, &slower));
        assert!((slower.per_second(Instant::now()) - 3.0).abs() < f64::EPSILON);
    }
}
