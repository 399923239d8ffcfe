//! Whether an account can be reached: credentials, the role, and whose account that leads to.

use super::check::{Check, CheckResult, Place};
use crate::api::RoleReference;
use crate::aws::{AccountAccess, AwsError, Class, OTHER_ACCOUNT};
use crate::controller::AwsAccounts;
use crate::resource::Region;

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
    match aws.aws().await.own_account(region).await {
        Ok((account, _)) => {
            let message = format!("Plumbline's own credentials are of account {account}");
            results.push(place.ok(Check::Credentials, message));
        }
        Err(error) => {
            let message = format!("{}: {}", error.code, error.message);
            results.push(place.failed(Check::Credentials, message, credentials_mend(&error)));
            let missing = "there are no credentials to begin with";
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

fn credentials_mend(error: &AwsError) -> &'static str {
    match error.class {
        Class::ClockSkew | Class::RegionDisabled => error.advice(),
        Class::Transient | Class::Throttled => {
            "try again; if it stays so, look at the network between here and AWS STS"
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
            place.failed(Check::Role, message, role_mend(role))
        }
        Err(error) if error.class.is_passing() => place.refused(Check::Role, error),
        _ => place.ok(Check::Role, format!("{arn} can be assumed")),
    }
}

fn role_mend(role: &RoleReference) -> String {
    let external_id = match &role.external_id {
        Some(_) => "let its sts:ExternalId equal the account's role.externalId",
        None => "set role.externalId if it asks for sts:ExternalId",
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
        Ok(_) => place.ok(Check::Account, "the credentials are the account's own"),
        Err(error) if error.code == OTHER_ACCOUNT => {
            let mend = "correct accountId or partition, or set role to a role of that account";
            place.failed(Check::Account, &error.message, mend)
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
    fn a_refused_role_says_what_to_mend_without_the_external_id() {
        let account = "111122223333".parse().unwrap();
        let place = Place::account(&account);
        let refused = Err::<(), _>(refusal(Class::Credentials, "AccessDenied"));
        let result = assumed(place, &role(), &refused);
        assert_eq!(result.state, CheckState::Failed);
        let told = format!("{result:?}");
        assert!(told.contains("sts:ExternalId") && !told.contains("a-secret"), "{told}");
        assert_eq!(belongs(place, true, &refused).state, CheckState::NotTried);
    }
}
