//! Signed calls of services of which Plumbline calls an operation or two: an SDK for each would be
//! larger than all else.
//!
//! A call goes the way that the SDKs' own calls go: by the same HTTP client, credentials, time limits
//! and settings of endpoints, signed by AWS's library for Signature Version 4. What an answer says is
//! taken as it is: [`Answer`] has no defaults.

mod answer;
mod endpoint;
mod request;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime::client::orchestrator::operation::Operation as SmithyOperation;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::de::DeserializeOwned;

use super::call::Caller;
use crate::error::AwsError;
use crate::operations::Operation;
use crate::paging::RepeatedPage;
use crate::settings::Patience;
pub(super) use answer::Answer;
use answer::Refusal;
pub(super) use endpoint::Service;
use endpoint::{CallPlace, Endpoint};
use model::{AccountId, Partition, Region};
pub(super) use request::Request;
use request::ToSign;

/// A service of one account in one region, called without an SDK of its own.
#[derive(Debug, Clone)]
pub(super) struct SignedClient {
    transport: SmithyOperation<ToSign, Answer, Refusal>,
    caller: Caller,
    seen: AnswerNotes,
}

/// What answers have said beside what was asked.
#[derive(Debug, Clone, Default)]
struct AnswerNotes {
    skew: Skew,
    /// The region of the bucket that was asked, where S3 has named it.
    region: Arc<Mutex<Option<Region>>>,
}

/// So many seconds AWS's clock is ahead of this machine's, as far as a refusal has reported it.
#[derive(Debug, Clone, Default)]
struct Skew(Arc<AtomicI64>);

impl SignedClient {
    /// The service as `region` reaches it; `caller` makes calls of the region that signatures name.
    pub(super) fn new(
        config: &SdkConfig,
        service: Service,
        (account, partition, region): (&AccountId, Partition, &Region),
        caller: impl FnOnce(&Region) -> Caller,
    ) -> Self {
        let place = CallPlace { account, partition, region };
        let endpoint = Endpoint::of(service, place, config);
        let caller = caller(&endpoint.signing_region);
        Self::at(config, service, endpoint, caller)
    }

    /// A bucket, as it is reached in `region`.
    pub(super) fn bucket(
        config: &SdkConfig,
        bucket: &str,
        place: (Partition, &Region),
        caller: Caller,
    ) -> Self {
        let endpoint = Endpoint::of_bucket(bucket, place, config);
        Self::at(config, Service::S3, endpoint, caller)
    }

    fn at(config: &SdkConfig, service: Service, endpoint: Endpoint, caller: Caller) -> Self {
        let (seen, url) = (AnswerNotes::default(), endpoint.origin());
        let read = seen.clone();
        let mut transport = SmithyOperation::builder()
            .service_name(service.name())
            .operation_name("Call")
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&url)
            // Requests come signed; calls are tried again by the caller, within budgets.
            .no_auth()
            .no_retry();
        if let Some(client) = config.http_client() {
            transport = transport.http_client(client);
        }
        if let Some(timeouts) = config.timeout_config() {
            transport = transport.timeout_config(timeouts.clone());
        }
        let transport = transport
            .serializer(move |input: ToSign| input.signed(service, &endpoint))
            .deserializer(move |response: &HttpResponse| read.read(response))
            .build();
        Self { transport, caller, seen }
    }

    /// Calls an operation.
    pub(super) async fn ask(
        &self,
        operation: Operation,
        request: &Request,
    ) -> Result<Answer, AwsError> {
        self.caller.call(operation, || self.send(request)).await
    }

    /// Calls an operation whose answer is XML.
    pub(super) async fn ask_xml<T: DeserializeOwned>(
        &self,
        operation: Operation,
        request: &Request,
    ) -> Result<T, AwsError> {
        let answer = self.ask(operation, request).await?;
        answer.xml().map_err(|what| self.not_understood(operation, &what))
    }

    /// Calls an operation whose answer is JSON.
    pub(super) async fn ask_json<T: DeserializeOwned>(
        &self,
        operation: Operation,
        request: &Request,
    ) -> Result<T, AwsError> {
        let answer = self.ask(operation, request).await?;
        answer.json().map_err(|what| self.not_understood(operation, &what))
    }

    /// An answer that says what is not known here, which says nothing.
    pub(super) fn not_understood(&self, operation: Operation, what: &str) -> AwsError {
        self.caller.unusable(operation, &format!("its answer is not understood: {what}"))
    }

    /// An error of ours about an answer whose pages have no end.
    pub(super) fn repeated(&self, operation: Operation, repeated: RepeatedPage) -> AwsError {
        self.caller.unusable(operation, &repeated.to_string())
    }

    /// The time between two looks at what takes AWS a moment, and after how long nobody waits.
    pub(super) const fn patience(&self) -> Patience {
        self.caller.patience
    }

    /// The region that S3 has named as that of the bucket.
    pub(super) fn region_of_bucket(&self) -> Option<Region> {
        self.seen.region.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn send(&self, request: &Request) -> Result<Answer, SdkError<Refusal, HttpResponse>> {
        let credentials = self.caller.credentials.provide_credentials().await;
        let credentials = credentials.map_err(SdkError::construction_failure)?;
        let input = ToSign { request: request.clone(), credentials, time: self.seen.skew.now() };
        self.transport.invoke(input).await
    }
}

impl Skew {
    /// The time by AWS's clock.
    fn now(&self) -> SystemTime {
        let (now, skew) = (SystemTime::now(), self.0.load(Ordering::Relaxed));
        let by = Duration::from_secs(skew.unsigned_abs());
        let corrected = if skew < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        corrected.unwrap_or(now)
    }

    /// Takes note of AWS's time.
    fn note(&self, date: DateTime) {
        let own = DateTime::from(SystemTime::now()).secs();
        self.0.store(date.secs().saturating_sub(own), Ordering::Relaxed);
    }
}

impl AnswerNotes {
    fn read(&self, response: &HttpResponse) -> Result<Answer, OrchestratorError<Refusal>> {
        let body = response.body().bytes();
        let body =
            body.ok_or_else(|| OrchestratorError::other("the answer was not read completely"))?;
        if response.status().is_success() {
            return Ok(Answer::new(body));
        }
        let date = response.headers().get("date");
        if let Some(date) = date.and_then(|it| DateTime::from_str(it, Format::HttpDate).ok()) {
            self.skew.note(date);
        }
        // "Requests and redirects" (`PermanentRedirect`), Amazon S3 User Guide. Where the region of the
        // signature is refused, only the body may name the right one.
        let region = response.headers().get("x-amz-bucket-region");
        let region = region.and_then(|it| it.parse().ok());
        if let Some(region) = region.or_else(|| answer::named_region(body)) {
            *self.region.lock().unwrap_or_else(PoisonError::into_inner) = Some(region);
        }
        let code = response.headers().get("x-amzn-errortype");
        Err(OrchestratorError::operation(Refusal::of(code, body)))
    }
}
