//! What calls of AWS cost: how many, how they went, and how long budgets made them wait.

use std::time::Duration;

use prometheus::{CounterVec, IntCounterVec, IntGaugeVec};

use super::described::Registered;
use super::{name, register};

/// Counts calls of AWS. Clones count together.
#[derive(Debug, Clone)]
pub struct AwsMetrics {
    requests: IntCounterVec,
    throttled: IntCounterVec,
    waited: CounterVec,
    recorder_running: IntGaugeVec,
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
    /// The region whose API is called.
    pub region: &'c str,
}

const CALL: [&str; 4] = ["service", "operation", "account", "region"];

impl AwsMetrics {
    pub(super) fn new(registry: &Registered) -> prometheus::Result<Self> {
        let requests = IntCounterVec::new(
            name("aws_requests_total", "Calls of AWS, by the code of the answer: ok or an error."),
            &["service", "operation", "account", "region", "code"],
        )?;
        let throttled = IntCounterVec::new(
            name("aws_throttled_total", "Calls that AWS refused because there were too many."),
            &CALL,
        )?;
        let waited = CounterVec::new(
            name("aws_budget_wait_seconds_total", "How long calls waited for their budget."),
            &CALL,
        )?;
        let recorder_running = IntGaugeVec::new(
            name("recorder_running", "Whether the configuration recorder runs and delivers."),
            &["account", "region"],
        )?;
        register(registry, &requests)?;
        register(registry, &throttled)?;
        register(registry, &waited)?;
        register(registry, &recorder_running)?;
        Ok(Self { requests, throttled, waited, recorder_running })
    }

    /// Counts an answer.
    pub fn answered(&self, call: &AwsCall<'_>, code: &str) {
        let AwsCall { service, operation, account, region } = *call;
        self.requests.with_label_values(&[service, operation, account, region, code]).inc();
    }

    /// Counts a refusal for too many calls.
    pub fn throttled(&self, call: &AwsCall<'_>) {
        self.throttled.with_label_values(&labels(call)).inc();
    }

    /// Adds up how long a call waited for its budget.
    pub fn waited(&self, call: &AwsCall<'_>, time: Duration) {
        self.waited.with_label_values(&labels(call)).inc_by(time.as_secs_f64());
    }

    /// Shows whether a recorder runs.
    pub fn recorder(&self, account: &str, region: &str, runs: bool) {
        self.recorder_running.with_label_values(&[account, region]).set(i64::from(runs));
    }
}

const fn labels<'c>(call: &AwsCall<'c>) -> [&'c str; 4] {
    [call.service, call.operation, call.account, call.region]
}
