//! Whether an account can be reached: credentials, the role, and whose account that leads to.

use super::check::{Check, CheckResult, Place};
use api::RoleReference;
use assess::AwsAccounts;
use aws::{AccountAccess, AwsError, Class, OTHER_ACCOUNT};
use model::Region;

/// Looks at the process's own credentials first: without these no role can be assumed. `reached`
/// is what came of reaching the account.
pub(super) async fn reach(
    aws: &AwsAccounts,
    place: Place<'_>,
    role: Option<&RoleReference>,
    region: &Region,
    reached: impl Future<Output = Result<AccountAccess, AwsError>>,
) -> (Vec<CheckResult>, Option<AccountAccess>) {
    let mut results = Vec::new();
    let own = async { aws.aws().await?.own_account(region).await };
    match own.await {
        Ok((account, _)) => {
            let message = format!("Plumbline's own credentials are of account {account}");
            results.push(place.ok(Check::Credentials, message));
        }
        Err(error) => {
            let message = format!("{}: {}", error.code, error.message);
            results.push(place.failed(
                Check::Credentials,
                message,
                credentials_remediation(&error),
            ));
            let missing = "Plumbline itself has no credentials";
            results.extend(role.map(|_| place.not_tried(Check::Role, missing)));
            results.push(place.not_tried(Check::Account, missing));
            return (results, None);
        }
    }
    let reached = reached.await;
    results.extend(role.map(|role| assumed(place, role, &reached)));
    results.push(belongs(place, role.is_some(), &reached));
    (results, reached.ok())
}

fn credentials_remediation(error: &AwsError) -> &'static str {
    match error.class {
        Class::ClockSkew | Class::RegionDisabled => error.advice(),
        Class::Transient | Class::Throttled => {
            "try again; if it persists, check the network between this machine and AWS STS"
        }
        Class::Expired => "sign in again (`aws sso login`), or renew the credentials",
        _ => {
            "give --profile, set AWS_PROFILE or AWS_ACCESS_KEY_ID, sign in (`aws sso login`), or \
             give the workload a role (EKS Pod Identity, IRSA, an instance profile)"
        }
    }
}

/// Whether the role was assumed: whatever came after that shows that it was.
fn assumed<T>(
    place: Place<'_>,
    role: &RoleReference,
    reached: &Result<T, AwsError>,
) -> CheckResult {
    let arn = &role.arn;
    match reached {
        Err(error) if error.class == Class::Credentials && error.code != OTHER_ACCOUNT => {
            let message = format!("{}: {}", error.code, error.message);
            place.failed(Check::Role, message, role_remediation(role))
        }
        Err(error) if error.class.is_passing() => place.refused(Check::Role, error),
        _ => place.ok(Check::Role, format!("{arn} can be assumed")),
    }
}

fn role_remediation(role: &RoleReference) -> String {
    let external_id = match &role.external_id {
        Some(_) => "with the account's role.externalId as sts:ExternalId",
        None => "with role.externalId set if the policy requires sts:ExternalId",
    };
    let tags = if role.session_tags.is_empty() { "" } else { " and sts:TagSession" };
    format!(
        "let the role's trust policy allow sts:AssumeRole{tags} to Plumbline's own identity, \
         {external_id}, and allow sts:AssumeRole to that identity; `plumbline iam-policy` prints \
         all of it"
    )
}

fn belongs<T>(place: Place<'_>, has_role: bool, reached: &Result<T, AwsError>) -> CheckResult {
    match reached {
        Ok(_) => place.ok(Check::Account, "the credentials belong to the account"),
        Err(error) if error.code == OTHER_ACCOUNT => {
            let remediation =
                "correct accountId or partition, or set role to a role of that account";
            place.failed(Check::Account, &error.message, remediation)
        }
        Err(error) if has_role && error.class == Class::Credentials => {
            place.not_tried(Check::Account, "the role cannot be assumed")
        }
        Err(error) => place.refused(Check::Account, error),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::check::CheckState;
    use super::*;

    fn refusal(class: Class, code: &str) -> AwsError {
        AwsError {
            class,
            code: code.to_owned(),
            message: "message".to_owned(),
            service: "sts",
            operation: "GetCallerIdentity",
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
        }
    }

    fn role() -> RoleReference {
        RoleReference {
            arn: "arn:aws:iam::111122223333:role/plumbline".to_owned(),
            external_id: Some("a-secret".to_owned()),
            session_name: None,
            session_tags: BTreeMap::new(),
        }
    }

    #[test]
    fn a_role_that_leads_to_another_account_was_assumed() {
        let account = "111122223333".parse().unwrap();
        let place = Place::account(&account);
        let other = Err::<(), _>(refusal(Class::Credentials, OTHER_ACCOUNT));
        assert_eq!(assumed(place, &role(), &other).state, CheckState::Ok);
        assert_eq!(belongs(place, true, &other).state, CheckState::Failed);
    }

    #[test]
    fn a_refused_role_says_what_to_fix_without_the_external_id() {
        let account = "111122223333".parse().unwrap();
        let place = Place::account(&account);
        let refused = Err::<(), _>(refusal(Class::Credentials, "AccessDenied"));
        let result = assumed(place, &role(), &refused);
        assert_eq!(result.state, CheckState::Failed);
        let text = format!("{result:?}");
        assert!(text.contains("sts:ExternalId") && !text.contains("a-secret"), "{text}");
        assert_eq!(belongs(place, true, &refused).state, CheckState::NotTried);
    }
}
