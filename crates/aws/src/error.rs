//! AWS's error codes, classified in this one place.

use std::fmt;

use thiserror::Error;

use crate::settings::OTHER_ACCOUNT;
use model::UnknownReason;

/// The code of a call for which there were no credentials.
pub(crate) const NO_CREDENTIALS: &str = "NoCredentials";
/// The code of a call for which there was no such profile.
pub(crate) const NO_PROFILE: &str = "NoProfile";
/// The code of a call that was not made, for this build has no SDK.
pub(crate) const NOT_BUILT: &str = "NotBuilt";
/// Stands for the account of the process's own credentials, while it is not known.
pub(crate) const OWN: &str = "own";

/// Codes of an access key that AWS does not know in the region that is called.
pub(crate) const UNKNOWN_KEY: [&str; 4] =
    ["AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"];
/// The code of STS where it is off in the region.
const STS_OFF: &str = "RegionDisabledException";

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
    /// The region is not enabled for the account, or the account has no subscription there.
    RegionDisabled,
    /// This machine's clock and AWS's differ too much for a signature to be taken.
    ClockSkew,
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
    /// failure says nothing of what it asked for. Nor does a clock that is wrong.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Throttled | Self::Transient | Self::ClockSkew)
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
            // Its message is the sentence.
            (NOT_BUILT, _) => Ok(()),
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

/// What to do about it, as the end of a sentence: the one place that says so.
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
        Class::Credentials if code == STS_OFF => {
            "; activate AWS STS in this region (IAM console, account settings), or set `homeRegion` to \
             a region where it is active"
        }
        Class::Credentials if UNKNOWN_KEY.contains(&code) => {
            "; check that the access key exists and is active, and that this region is enabled for \
             the account (`aws account list-regions`)"
        }
        Class::Credentials => {
            "; check the access key or profile, that the role's trust policy admits Plumbline's \
             identity with its external ID, and that this identity may call sts:AssumeRole \
             (`plumbline doctor` says which)"
        }
        Class::Expired => "; renew the credentials",
        Class::NotEnabled => "; enable the service in this account and region",
        Class::RegionDisabled if UNKNOWN_KEY.contains(&code) => {
            "; the region is not enabled for this account: enable it (`aws account enable-region`), \
             or leave it out of `regions`. If calls in other regions fail too, the credentials were \
             revoked"
        }
        Class::RegionDisabled => {
            "; the account has no subscription for this service and region: complete the account's \
             registration and enable the region (`aws account enable-region`), or leave it out of \
             `regions`"
        }
        Class::ClockSkew => {
            "; set the clock of the machine that runs Plumbline, for example by NTP: AWS refuses \
             requests that are signed more than five minutes early or late"
        }
        Class::Throttled => "; lower the account's `budgets`, or stop what else calls this API",
        Class::Transient | Class::NotFound | Class::TooLarge | Class::Invalid => "",
    }
}

impl AwsError {
    /// What to do about it; empty where nothing is known to help.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        advice(&self.code, self.class).trim_start_matches("; ")
    }

    /// Why what the call was to read is unknown.
    #[must_use]
    pub const fn unknown_reason(&self) -> UnknownReason {
        match self.class {
            Class::Throttled => UnknownReason::Throttled,
            Class::Denied | Class::Expired | Class::Credentials | Class::RegionDisabled => {
                UnknownReason::AccessDenied
            }
            Class::Transient
            | Class::ClockSkew
            | Class::NotFound
            | Class::NotEnabled
            | Class::TooLarge
            | Class::Invalid => UnknownReason::NotDelivered,
        }
    }
}

/// What a code means. Sources: "Common Errors" of the AWS Config, Security Hub and STS API
/// references, the errors that each operation lists, and "Retry behavior" of the AWS SDKs and Tools
/// Reference Guide for the codes of throttling.
pub(crate) fn classify(code: &str, status: u16) -> Class {
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
        // SQS: too many messages are in flight, or the key of the queue is asked too often.
        | "OverLimit"
        | "KmsThrottled"
        | "PriorRequestNotComplete"
        | "TransactionInProgressException" => Class::Throttled,
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => Class::Expired,
        // The date stamp of the request is too early or too late ("Common Errors"; S3 and EC2 have
        // names of their own for it).
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => Class::ClockSkew,
        // "The AWS access key ID needs a subscription for the service" ("Common Errors").
        "OptInRequired" | "SubscriptionRequired" | "SubscriptionRequiredException"
        // STS is off in the region (`AssumeRole`, API Reference of STS).
        | STS_OFF => Class::RegionDisabled,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "AuthorizationError"
        // SQS: the key of the queue may not be used.
        | "KmsAccessDenied" => Class::Denied,
        // EC2 has a name of its own for it ("Error codes for the Amazon EC2 API").
        "AuthFailure"
        | "UnrecognizedClientException"
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
        | "RequestTimeoutException" => Class::Transient,
        _ if code.starts_with("NoSuch") || code.contains("NotFound") => Class::NotFound,
        // SQS has two names for it (`ReceiveMessage`, Amazon SQS API Reference).
        "ResourceNotDiscoveredException"
        | "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue" => Class::NotFound,
        _ if status == 429 => Class::Throttled,
        _ if status >= 500 => Class::Transient,
        _ => Class::Invalid,
    }
}

#[cfg(test)]
mod tests;
