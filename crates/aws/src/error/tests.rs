//! How codes of AWS are classified, and what is said of them.

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
        ("RequestExpired", 400, Class::ClockSkew),
        ("RequestTimeTooSkewed", 403, Class::ClockSkew),
        ("OptInRequired", 403, Class::RegionDisabled),
        ("SubscriptionRequiredException", 400, Class::RegionDisabled),
        ("SignatureDoesNotMatch", 403, Class::Credentials),
        ("Whatever", 418, Class::Invalid),
    ] {
        assert_eq!(classify(code, status), class, "{code} {status}");
    }
}

#[test]
fn what_to_do_fits_what_went_wrong() {
    for (code, class, said) in [
        ("UnrecognizedClientException", Class::RegionDisabled, "enable-region"),
        ("InvalidClientTokenId", Class::Credentials, "access key exists"),
        ("OptInRequired", Class::RegionDisabled, "subscription"),
        (STS_OFF, Class::Credentials, "activate AWS STS"),
        ("RequestExpired", Class::ClockSkew, "set the clock"),
        ("ExpiredToken", Class::Expired, "renew"),
        ("AccessDenied", Class::Denied, "iam-policy"),
        ("InvalidAccessException", Class::NotEnabled, "enable the service"),
    ] {
        assert!(advice(code, class).contains(said), "{code}: {}", advice(code, class));
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
    assert!(own.to_string().contains(" with Plumbline's own credentials in eu-west-1: "), "{own}");
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
    let profile = missing(NO_PROFILE, "there is no profile `prod` in ~/.aws/config").to_string();
    let beginning = "no AWS credentials: there is no profile `prod` in ~/.aws/config; name ";
    assert!(profile.starts_with(beginning), "{profile}");
    let none = missing(NO_CREDENTIALS, "nothing gives any.").to_string();
    assert!(none.starts_with("no AWS credentials: nothing gives any; give --profile"), "{none}");
}
