//! AWS's error codes, classified in this one place.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use thiserror::Error;

use crate::resource::UnknownReason;

/// How much of AWS's message is shown, in characters.
const LONGEST_MESSAGE: usize = 400;

/// What an error means for whoever made the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Too many calls: later ones succeed.
    Throttled,
    /// The service or the way to it failed: the same call may succeed later.
    Transient,
    /// The credentials have run out: others are needed.
    Expired,
    /// There are no credentials, or the role cannot be assumed.
    Credentials,
    /// The caller may not do this.
    Denied,
    /// What the call names is not there.
    NotFound,
    /// The service is not in use in this account and region.
    NotEnabled,
    /// The request is too large.
    TooLarge,
    /// The call itself is wrong.
    Invalid,
}

impl Class {
    /// What a code means that an answer gives for one of several entries.
    #[must_use]
    pub fn of_code(code: &str) -> Self {
        classify(code, 400)
    }

    /// Whether AWS merely was busy, or the way to it was: later the same call may succeed, and this
    /// failure says nothing of what it asked for.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Throttled | Self::Transient)
    }
}

/// A call of AWS that failed, after all tries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{service}:{operation} of account {account} in {region}: {code}: {message}{}", mend(*.class))]
pub struct AwsError {
    /// What the error means.
    pub class: Class,
    /// AWS's code, or one of ours for what did not reach AWS.
    pub code: String,
    /// What AWS says.
    pub message: String,
    /// The service.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// The account whose API was called.
    pub account: String,
    /// The region whose API was called.
    pub region: String,
}

/// What to do about it, as the end of a sentence.
const fn mend(class: Class) -> &'static str {
    match class {
        Class::Denied => "; allow the action (`plumbline iam-policy` prints what is needed)",
        Class::Credentials => {
            "; check the profile, the role's trust policy and its external id \
             (`plumbline doctor` looks into it)"
        }
        Class::Expired => "; renew the credentials",
        Class::NotEnabled => "; enable the service in this account and region",
        Class::Throttled => "; lower the account's `budgets`, or stop what else calls this API",
        Class::Transient | Class::NotFound | Class::TooLarge | Class::Invalid => "",
    }
}

impl AwsError {
    /// Why what the call was to read is unknown.
    #[must_use]
    pub const fn unknown_reason(&self) -> UnknownReason {
        match self.class {
            Class::Throttled => UnknownReason::Throttled,
            Class::Denied | Class::Expired | Class::Credentials => UnknownReason::AccessDenied,
            Class::Transient
            | Class::NotFound
            | Class::NotEnabled
            | Class::TooLarge
            | Class::Invalid => UnknownReason::NotDelivered,
        }
    }
}

/// What an SDK's error says, before it is known whose call it was.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) class: Class,
    pub(super) code: String,
    pub(super) message: String,
}

impl Failure {
    /// Reads an SDK's error.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                Self::answered(service.err(), status)
            }
            SdkError::ResponseError(response) => {
                let status = response.raw().status().as_u16();
                Self::local(Class::Transient, "UnreadableAnswer", &format!("status {status}"))
            }
            SdkError::TimeoutError(_) => {
                Self::local(Class::Transient, "Timeout", "no answer in time")
            }
            other => Self::unsent(other),
        }
    }

    fn answered(error: &dyn ProvideErrorMetadata, status: u16) -> Self {
        let code = error.code().unwrap_or("Unknown");
        let message = shortened(error.message().unwrap_or("AWS says no more"));
        Self { class: classify(code, status), code: code.to_owned(), message }
    }

    /// The call did not reach AWS: there were no credentials, or no connection.
    fn unsent(error: &(dyn StdError + 'static)) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
        let mut credentials = None;
        let mut last = String::new();
        while let Some(error) = cause {
            if let Some(refused) = error.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
                return Self::not_assumed(refused);
            }
            if let Some(refused) = error.downcast_ref::<AssumeRoleError>() {
                return Self::role_refused(refused, 400);
            }
            if let Some(missing) = error.downcast_ref::<CredentialsError>() {
                credentials.get_or_insert(missing);
            }
            last = error.to_string();
            cause = error.source();
        }
        match credentials {
            Some(CredentialsError::ProviderTimedOut(_)) => {
                Self::local(Class::Transient, "CredentialsTimeout", &last)
            }
            Some(_) => Self::local(Class::Credentials, "NoCredentials", &last),
            None => Self::local(Class::Transient, "NoConnection", &last),
        }
    }

    fn not_assumed(refused: &SdkError<AssumeRoleError, HttpResponse>) -> Self {
        match refused {
            SdkError::ServiceError(service) => {
                Self::role_refused(service.err(), service.raw().status().as_u16())
            }
            other => Self::unsent_assume(other),
        }
    }

    fn unsent_assume(error: &SdkError<AssumeRoleError, HttpResponse>) -> Self {
        let source = StdError::source(error).map(ToString::to_string).unwrap_or_default();
        let missing = source.contains("credential");
        let class = if missing { Class::Credentials } else { Class::Transient };
        Self::local(class, "RoleNotAssumed", &source)
    }

    /// A role that may not be assumed is a matter of credentials, whatever STS calls it.
    fn role_refused(refused: &AssumeRoleError, status: u16) -> Self {
        let failure = Self::answered(refused, status);
        let class = match failure.class {
            Class::Throttled | Class::Transient | Class::Expired => failure.class,
            _ => Class::Credentials,
        };
        let message = format!("the role cannot be assumed: {}", failure.message);
        Self { class, code: failure.code, message }
    }

    fn local(class: Class, code: &str, message: &str) -> Self {
        Self { class, code: code.to_owned(), message: message.to_owned() }
    }
}

/// Some of AWS's messages list all that would have been right.
fn shortened(message: &str) -> String {
    let mut characters = message.chars();
    let mut short: String = characters.by_ref().take(LONGEST_MESSAGE).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// What a code means. Sources: "Common Errors" of the AWS Config, Security Hub and STS API
/// references, the errors that each operation lists, and "Retry behavior" of the AWS SDKs and Tools
/// Reference Guide for the codes of throttling.
fn classify(code: &str, status: u16) -> Class {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "LimitExceededException"
        | "RequestThrottled"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "TransactionInProgressException" => Class::Throttled,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            Class::Expired
        }
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "OptInRequired"
        | "AuthorizationError" => Class::Denied,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature" => Class::Credentials,
        // Security Hub's word for an account that has not subscribed to it, and AWS Config's.
        "InvalidAccessException" | "NoAvailableConfigurationRecorderException" => Class::NotEnabled,
        "RequestEntityTooLargeException" | "RequestEntityTooLarge" | "PayloadTooLargeException"
        | "FindingSizeExceeded" => {
            Class::TooLarge
        }
        "InternalFailure"
        | "InternalServerError"
        | "InternalError"
        | "InternalException"
        | "InternalServerErrorException"
        // Security Hub's word for two writers of one finding (`BatchUpdateFindings`).
        | "ConcurrentUpdateError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        // The clocks differ: the SDK has corrected its own by the answer's date.
        | "RequestTimeTooSkewed"
        | "RequestInTheFuture" => Class::Transient,
        _ if code.starts_with("NoSuch") || code.contains("NotFound") => Class::NotFound,
        "ResourceNotDiscoveredException" => Class::NotFound,
        _ if status == 429 => Class::Throttled,
        _ if status >= 500 => Class::Transient,
        _ => Class::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_can_be_done_about_them() {
        for (code, status, class) in [
            ("ThrottlingException", 400, Class::Throttled),
            ("TooManyRequestsException", 429, Class::Throttled),
            ("ExpiredTokenException", 400, Class::Expired),
            ("ExpiredToken", 403, Class::Expired),
            ("AccessDeniedException", 403, Class::Denied),
            ("InvalidClientTokenId", 403, Class::Credentials),
            ("InvalidAccessException", 401, Class::NotEnabled),
            ("NoAvailableConfigurationRecorderException", 400, Class::NotEnabled),
            ("NoSuchConfigurationAggregatorException", 400, Class::NotFound),
            ("InvalidExpressionException", 400, Class::Invalid),
            ("ConcurrentUpdateError", 400, Class::Transient),
            ("FindingNotFound", 400, Class::NotFound),
            ("Whatever", 503, Class::Transient),
            ("Whatever", 418, Class::Invalid),
        ] {
            assert_eq!(classify(code, status), class, "{code} {status}");
        }
    }

    #[test]
    fn an_error_says_whose_call_failed_and_what_to_do() {
        let error = AwsError {
            class: Class::Denied,
            code: "AccessDeniedException".to_owned(),
            message: "no permission".to_owned(),
            service: "config",
            operation: "SelectResourceConfig",
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "config:SelectResourceConfig of account 111122223333 in eu-west-1: \
             AccessDeniedException: no permission; allow the action (`plumbline iam-policy` \
             prints what is needed)"
        );
        assert_eq!(error.unknown_reason(), UnknownReason::AccessDenied);
    }
}
