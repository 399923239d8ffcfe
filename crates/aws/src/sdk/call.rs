//! One call of AWS: waits for its budget, is tried again where that helps, and is counted.

use std::error::Error as StdError;
use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::{Instant, sleep};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::credentials::Renewable;
use super::failure::CallFailure;
use super::pages::{self, AnswerPage};
use crate::budget::Budgets;
use crate::error::{AwsError, Class};
use crate::operations::{Operation, is_write};
use crate::settings::Patience;
use clock::Fence;
use metrics::{AwsCall, AwsMetrics, TRACED};

/// EC2's word for a request that is signed too early or late, and for credentials that have run out
/// ("Error codes for the Amazon EC2 API").
const OF_CLOCK_OR_CREDENTIALS: &str = "RequestExpired";

/// The code of a call that was not made since the lease was over.
const LEASE_OVER: &str = "LeaseOver";

/// Makes the calls of one account in one region.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) region: String,
    /// The role through which the account is reached.
    pub(super) role: Option<Arc<str>>,
    pub(super) budgets: Arc<Budgets>,
    /// The calls a second that the account sets, by operation.
    pub(super) own_rates: Arc<Vec<(String, f64)>>,
    pub(super) metrics: AwsMetrics,
    pub(super) credentials: Arc<Renewable>,
    pub(super) patience: Patience,
    pub(super) fence: Fence,
}

impl Caller {
    /// The same, which tries a call that fails again for so long at most.
    pub(super) fn within(&self, deadline: Duration) -> Self {
        let deadline = self.patience.deadline.min(deadline);
        Self { patience: Patience { deadline, ..self.patience }, ..self.clone() }
    }

    /// Calls until there is an answer, or an error that another try would not fix.
    pub(super) async fn call<T, E, F>(
        &self,
        operation: Operation,
        send: impl Fn() -> F + Send,
    ) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        T: Send,
    {
        let span = self.traced(operation);
        let tried = Box::pin(self.tried(operation, send)); // large, and callers hold several of them
        let answer = tried.instrument(span.clone()).await;
        if let Err(error) = &answer {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", &error.code);
        }
        answer
    }

    /// All that is on the pages of an answer. `page` asks for the one of a token.
    pub(super) async fn pages<T, F>(
        &self,
        operation: Operation,
        page: impl Fn(Option<String>) -> F + Send,
    ) -> Result<Vec<T>, AwsError>
    where
        F: Future<Output = Result<AnswerPage<T>, AwsError>> + Send,
        T: Send,
    {
        pages::all(page, |repeated| self.unusable(operation, &repeated.to_string())).await
    }

    /// A span of OpenTelemetry's conventions for calls of AWS.
    fn traced(&self, (service, operation): Operation) -> Span {
        tracing::info_span!(
            target: TRACED,
            "AWS",
            otel.name = format_args!("{service}/{operation}"),
            otel.kind = "client",
            otel.status_code = Empty,
            error.r#type = Empty,
            rpc.system = "aws-api",
            rpc.service = service,
            rpc.method = operation,
            cloud.account.id = self.account,
            cloud.region = self.region,
            tries = Empty,
        )
    }

    async fn tried<T, E, F>(
        &self,
        operation: Operation,
        send: impl Fn() -> F + Send,
    ) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        T: Send,
    {
        let own = self.own_rates.iter().find(|(name, _)| name == operation.1);
        let own = own.map(|(_, rate)| *rate);
        let budget = self.budgets.of(&self.account, &self.region, operation, own);
        let call = self.measured(operation);
        let deadline = Instant::now() + self.patience.deadline;
        let (mut renewals, mut corrections) = (0, 0);
        let mut tries = 0;
        loop {
            self.metrics.waited(&call, budget.turn().await);
            if is_write(operation) && !self.fence.is_open() {
                return Err(self.error(operation, lease_over()));
            }
            let credentials = self.credentials.generation();
            let failure = match send().await {
                Ok(answer) => {
                    self.metrics.answered(&call, "ok");
                    return Ok(answer);
                }
                Err(error) => CallFailure::of(&error),
            };
            self.metrics.answered(&call, &failure.code);
            tries += 1;
            Span::current().record("tries", tries);
            match failure.class {
                Class::Expired if renewals < 2 => {
                    renewals += 1;
                    self.credentials.renew(credentials);
                }
                Class::Throttled => {
                    self.metrics.throttled(&call);
                    budget.refused();
                }
                Class::Transient => {}
                // The SDK signs the next request by AWS's clock, as far as answers have reported it.
                Class::ClockSkew if corrections < 2 => {
                    corrections += 1;
                    if failure.code == OF_CLOCK_OR_CREDENTIALS {
                        self.credentials.renew(credentials);
                    }
                }
                _ => return Err(self.error(operation, failure)),
            }
            let pause = self.patience.pause(tries);
            if Instant::now() + pause >= deadline {
                return Err(self.error(operation, failure));
            }
            tracing::debug!(
                account = self.account,
                region = self.region,
                operation = operation.1,
                code = failure.code,
                tries,
                "AWS did not answer; trying again",
            );
            sleep(pause).await;
        }
    }

    fn measured(&self, (service, operation): Operation) -> AwsCall<'_> {
        AwsCall { service, operation, account: &self.account }
    }

    /// An error of ours about an answer that cannot be used.
    pub(super) fn unusable(&self, operation: Operation, message: &str) -> AwsError {
        let code = "UnusableAnswer".to_owned();
        let message = message.to_owned();
        let failure = CallFailure { class: Class::Invalid, code, message, of_role: false };
        self.error(operation, failure)
    }

    fn error(&self, (service, operation): Operation, failure: CallFailure) -> AwsError {
        let CallFailure { class, code, message, of_role } = failure;
        let message = match &self.role {
            Some(role) if of_role => format!("the role {role} cannot be assumed: {message}"),
            _ if of_role => format!("the role cannot be assumed: {message}"),
            _ => message,
        };
        AwsError {
            class: class.of_service(service, &code),
            code,
            message,
            service,
            operation,
            account: self.account.clone(),
            region: self.region.clone(),
        }
    }
}

/// Why a call is not made: whoever holds the lease now makes it, or has.
fn lease_over() -> CallFailure {
    CallFailure {
        class: Class::Transient,
        code: LEASE_OVER.to_owned(),
        message: "this replica's lease is over, and nothing is written until it is renewed"
            .to_owned(),
        of_role: false,
    }
}

impl Patience {
    /// A random part of what the pause may be, so that many callers do not come back at once
    /// ("Exponential Backoff And Jitter", AWS Architecture Blog).
    pub(super) fn pause(&self, tries: u32) -> Duration {
        let most = self.first_pause.saturating_mul(1 << tries.min(16)).min(self.longest_pause);
        // A hasher's seed is random, and no secret depends on it.
        let random = RandomState::new().build_hasher().finish() >> 11;
        #[allow(clippy::cast_precision_loss)] // 53 bits fit
        most.mul_f64(random as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        let patience = Patience::default();
        let pauses: Vec<Duration> = (0..200).map(|_| patience.pause(30)).collect();
        assert!(pauses.iter().all(|pause| *pause <= patience.longest_pause));
        assert!(pauses.iter().any(|pause| *pause > patience.longest_pause / 2));
        assert!(pauses.iter().any(|pause| *pause < patience.longest_pause / 2));
        assert!(patience.pause(1) <= patience.first_pause * 2);
    }
}
