//! What an error of the SDK says: the one place where it becomes a class and a code.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::message::shown;
use super::profile::ProfileProblem;
use crate::error::{Class, NO_CREDENTIALS, NO_PROFILE, UNKNOWN_KEY, classify};

/// What an SDK's error says, before it is known whose call it was.
#[derive(Debug)]
pub(super) struct CallFailure {
    pub(super) class: Class,
    pub(super) code: String,
    pub(super) message: String,
    /// Whether STS refused the account's role.
    pub(super) of_role: bool,
}

impl CallFailure {
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
        let said = error.message().unwrap_or("AWS gave no details");
        let class =
            if speaks_of_time(code, said) { Class::ClockSkew } else { classify(code, status) };
        Self { class, code: code.to_owned(), message: shown(said), of_role: false }
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
                "neither the environment, a profile nor the workload provides any",
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
            Class::Throttled | Class::Transient | Class::Expired | Class::ClockSkew => {
                failure.class
            }
            _ => Class::Credentials,
        };
        Self { class, of_role: true, ..failure }
    }

    fn local(class: Class, code: &str, message: &str) -> Self {
        Self { class, code: code.to_owned(), message: shown(message), of_role: false }
    }
}

impl Class {
    /// What the class means for a call of a service. The credentials were verified by STS before
    /// anything else is called; a region that does not know them is one that is not enabled for the
    /// account ("Regions and Availability Zones" of the AWS Global Infrastructure documentation:
    /// the data of IAM reach only Regions that are enabled).
    pub(super) fn of_service(self, service: &str, code: &str) -> Self {
        let unknown = self == Self::Credentials && UNKNOWN_KEY.contains(&code);
        if unknown && service != "sts" { Self::RegionDisabled } else { self }
    }
}

/// Whether a signature was refused for its time: "Signature expired: … is now earlier than …" or
/// "Signature not yet current: …" ("Troubleshoot Signature Version 4 signing", IAM User Guide).
fn speaks_of_time(code: &str, message: &str) -> bool {
    let is_signature = matches!(code, "InvalidSignatureException" | "SignatureDoesNotMatch");
    is_signature
        && ["signature expired", "signature not yet current"]
            .iter()
            .any(|time| message.to_ascii_lowercase().contains(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_that_is_refused_for_its_time_is_a_matter_of_the_clock() {
        for (code, message, is_time) in [
            (
                "InvalidSignatureException",
                "Signature expired: 20261128T101500Z is now earlier than 20261128T102500Z \
                 (20261128T103000Z - 5 min.)",
                true,
            ),
            (
                "SignatureDoesNotMatch",
                "Signature not yet current: 20261128T104500Z is still later than 20261128T103500Z \
                 (20261128T103000Z + 5 min.)",
                true,
            ),
            (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
                false,
            ),
            ("AccessDeniedException", "Signature expired", false),
        ] {
            assert_eq!(speaks_of_time(code, message), is_time, "{code}: {message}");
        }
    }

    #[test]
    fn a_key_that_one_region_alone_does_not_know_means_that_the_region_is_not_enabled() {
        for code in UNKNOWN_KEY {
            assert_eq!(Class::Credentials.of_service("config", code), Class::RegionDisabled);
            assert_eq!(Class::Credentials.of_service("sts", code), Class::Credentials);
        }
        let mismatch = "SignatureDoesNotMatch";
        assert_eq!(Class::Credentials.of_service("config", mismatch), Class::Credentials);
    }

    #[test]
    fn a_chain_that_gives_nothing_is_reported_without_its_parts() {
        let not_loaded = CredentialsError::not_loaded("Profile: the provider was not enabled");
        let failure = CallFailure::unsent(&not_loaded);
        assert_eq!((failure.class, failure.code.as_str()), (Class::Credentials, NO_CREDENTIALS));
        assert!(!failure.message.contains("enabled"), "{failure:?}");
        let name = "prod".to_owned();
        let problem = ProfileProblem::Missing { name, known: String::new() };
        let failure = CallFailure::unsent(&CredentialsError::invalid_configuration(problem));
        assert_eq!((failure.class, failure.code.as_str()), (Class::Credentials, NO_PROFILE));
        assert!(failure.message.starts_with("there is no profile `prod` in "), "{failure:?}");
    }
}
