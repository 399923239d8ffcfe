//! AWS's error codes, classified in this one place.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use thiserror::Error;

use super::access::OTHER_ACCOUNT;
use super::message::shown;
use super::profile::ProfileProblem;
use crate::resource::UnknownReason;

/// The code of a call for which there were no credentials.
const NO_CREDENTIALS: &str = "NoCredentials";
/// The code of a call for which there was no such profile.
const NO_PROFILE: &str = "NoProfile";
/// Stands for the account of the process's own credentials, while it is not known.
pub(super) const OWN: &str = "own";

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
#[error("{}{}{}", Call(self), sentence(.message, advice(.code, *.class)), advice(.code, *.class))]
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

/// Which call failed, and how, as the beginning of a sentence.
struct Call<'e>(&'e AwsError);

impl fmt::Display for Call<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AwsError { code, service, operation, account, region, .. } = self.0;
        match (code.as_str(), account.as_str()) {
            (NO_CREDENTIALS | NO_PROFILE, OWN) => formatter.write_str("no AWS credentials: "),
            (NO_CREDENTIALS | NO_PROFILE, account) => {
                write!(formatter, "no AWS credentials for account {account}: ")
            }
            (_, OWN) => write!(
                formatter,
                "{service}:{operation} with Plumbline's own credentials in {region}: {code}: "
            ),
            (_, account) => write!(
                formatter,
                "{service}:{operation} of account {account} in {region}: {code}: "
            ),
        }
    }
}

/// The message without its full stop, where the sentence goes on.
fn sentence<'m>(message: &'m str, advice: &str) -> &'m str {
    if advice.is_empty() { message } else { message.trim_end_matches('.') }
}

/// What to do about it, as the end of a sentence.
fn advice(code: &str, class: Class) -> &'static str {
    match class {
        // Its message says it.
        Class::Credentials if code == OTHER_ACCOUNT => "",
        Class::Credentials if code == NO_PROFILE => {
            "; name another with --profile or AWS_PROFILE, or add it (`aws configure --profile NAME`)"
        }
        Class::Credentials if code == NO_CREDENTIALS => {
            "; give --profile, set AWS_PROFILE or AWS_ACCESS_KEY_ID, sign in (`aws sso login`), or \
             give the workload a role (EKS Pod Identity, IRSA, an instance profile)"
        }
        Class::Denied => "; allow the action (`plumbline iam-policy` prints what is needed)",
        Class::Credentials => {
            "; check the access key or profile, that the role's trust policy admits Plumbline's \
             identity with its external ID, and that this identity may call sts:AssumeRole \
             (`plumbline doctor` says which)"
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
    /// Whether STS refused the account's role.
    pub(super) of_role: bool,
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
        let message = shown(error.message().unwrap_or("AWS says no more"));
        Self { class: classify(code, status), code: code.to_owned(), message, of_role: false }
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
            if let Some(problem) = error.downcast_ref::<ProfileProblem>() {
                return Self::local(Class::Credentials, NO_PROFILE, &problem.to_string());
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
            Some(CredentialsError::CredentialsNotLoaded(_)) => Self::local(
                Class::Credentials,
                NO_CREDENTIALS,
                "neither the environment nor a profile nor the workload gives any",
            ),
            Some(_) => Self::local(Class::Credentials, NO_CREDENTIALS, &last),
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
        Self { class, of_role: true, ..failure }
    }

    fn local(class: Class, code: &str, message: &str) -> Self {
        Self { class, code: code.to_owned(), message: shown(message), of_role: false }
    }
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
        let own = AwsError { account: OWN.to_owned(), ..error };
        assert!(
            own.to_string().contains(" with Plumbline's own credentials in eu-west-1: "),
            "{own}"
        );
    }

    #[test]
    fn credentials_that_are_missing_are_one_sentence_with_a_next_step() {
        let missing = |code: &str, message: &str| AwsError {
            class: Class::Credentials,
            code: code.to_owned(),
            message: message.to_owned(),
            service: "sts",
            operation: "GetCallerIdentity",
            account: OWN.to_owned(),
            region: "eu-west-1".to_owned(),
        };
        let profile =
            missing(NO_PROFILE, "there is no profile `prod` in ~/.aws/config").to_string();
        let beginning = "no AWS credentials: there is no profile `prod` in ~/.aws/config; name ";
        assert!(profile.starts_with(beginning), "{profile}");
        let none = missing(NO_CREDENTIALS, "nothing gives any.").to_string();
        assert!(
            none.starts_with("no AWS credentials: nothing gives any; give --profile"),
            "{none}"
        );
    }

    #[test]
    fn a_chain_that_gives_nothing_is_told_without_its_parts() {
        let not_loaded = CredentialsError::not_loaded("Profile: the provider was not enabled");
        let failure = Failure::unsent(&not_loaded);
        assert_eq!((failure.class, failure.code.as_str()), (Class::Credentials, NO_CREDENTIALS));
        assert!(!failure.message.contains("enabled"), "{failure:?}");
        let name = "prod".to_owned();
        let problem = ProfileProblem::Missing { name, known: String::new() };
        let failure = Failure::unsent(&CredentialsError::invalid_configuration(problem));
        assert_eq!((failure.class, failure.code.as_str()), (Class::Credentials, NO_PROFILE));
        assert!(failure.message.starts_with("there is no profile `prod` in "), "{failure:?}");
    }
}
