//! What calls of AWS cost: how many, how they went, and how long budgets made them wait.

use std::time::Duration;

use prometheus::{IntCounterVec, IntGauge};

use super::account::{AccountMetrics, BudgetLevels};
use super::changes::{ChangeMetrics, QueuesMetrics};
use super::described::Registered;
use super::{name, register};

/// Counts calls of AWS. Clones count together.
#[derive(Debug, Clone)]
pub struct AwsMetrics {
    requests: IntCounterVec,
    mirrors: IntGauge,
    mirror_limit: IntGauge,
    accounts: AccountMetrics,
    queues: QueuesMetrics,
}

/// Which calls a number is about.
#[derive(Debug, Clone, Copy)]
pub struct AwsCall<'c> {
    /// The service, such as `config`.
    pub service: &'c str,
    /// The operation, such as `SelectResourceConfig`.
    pub operation: &'c str,
    /// The account whose API is called.
    pub account: &'c str,
}

impl AwsMetrics {
    pub(super) fn new(
        registry: &Registered,
        accounts: &AccountMetrics,
    ) -> prometheus::Result<Self> {
        // By account and region it would be tens of thousands of series in an organization.
        let requests = IntCounterVec::new(
            name("aws_requests_total", "Calls to AWS, by result code: ok or AWS's error code."),
            &["service", "operation", "code"],
        )?;
        register(registry, &requests)?;
        let mirrors = IntGauge::with_opts(name(
            "mirror_bytes",
            "Size of the temporary files with what AWS Config recorded, of all accounts.",
        ))?;
        let mirror_limit = IntGauge::with_opts(name(
            "mirror_limit_bytes",
            "Maximum size of these files; 0 without a limit. What does not fit is Unknown.",
        ))?;
        register(registry, &mirrors)?;
        register(registry, &mirror_limit)?;
        let queues = QueuesMetrics::new(registry)?;
        Ok(Self { requests, mirrors, mirror_limit, accounts: accounts.clone(), queues })
    }

    /// Counts an answer.
    pub fn answered(&self, call: &AwsCall<'_>, code: &str) {
        let AwsCall { service, operation, .. } = *call;
        self.requests.with_label_values(&[service, operation, code]).inc();
    }

    /// Counts a refusal for too many calls.
    pub fn throttled(&self, call: &AwsCall<'_>) {
        self.accounts.throttled(call.account);
    }

    /// Adds up how long a call waited for its budget.
    pub fn waited(&self, call: &AwsCall<'_>, time: Duration) {
        self.accounts.waited(call.account, time);
    }

    /// Shows what the items of all accounts take on disk, and may take; [`u64::MAX`] is no limit.
    pub fn mirrors(&self, taken: u64, limit: u64) {
        let shown = |bytes: u64| i64::try_from(bytes).unwrap_or_default();
        self.mirrors.set(shown(taken));
        self.mirror_limit.set(shown(limit));
    }

    /// What a change queue brings.
    #[must_use]
    pub fn changes(&self, queue: &str) -> ChangeMetrics {
        self.queues.of(queue)
    }

    /// Shows whether a recorder runs.
    pub fn recorder(&self, account: &str, region: &str, runs: bool) {
        self.accounts.recorder(account, region, runs);
    }

    /// Shows what is left of these budgets.
    pub fn budgets(&self, budgets: impl BudgetLevels) {
        self.accounts.budgets(Box::new(budgets));
    }
}
