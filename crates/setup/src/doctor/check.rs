//! What a check looked at, and what it found.

use std::fmt;

use serde::Serialize;

use aws::operations::action;
use aws::{AwsError, Class, Operation};
use model::{AccountId, Region};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // their names say it, and `docs/commands.md` explains each
pub enum Check {
    Credentials,
    Role,
    Account,
    Recorder,
    RecordedTypes,
    Frequency,
    Queries,
    Counts,
    Lists,
    Batches,
    Histories,
    AccountFacts,
    ConfigRules,
    Aggregator,
    AggregatedRegion,
    SecurityHub,
    Findings,
    Publishing,
    Snapshot,
    DeliveryChannel,
    ChangeQueue,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    /// It is as it should be.
    Ok,
    /// It works, but not as one would expect.
    Warning,
    /// It is not as it should be.
    Failed,
    /// Nobody looked: something before it failed, or looking would have changed something.
    NotTried,
}

/// How a check went, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// The account that was looked at.
    pub account: AccountId,
    /// The region; nothing for what concerns the account as a whole.
    pub region: Option<Region>,
    /// What was looked at.
    pub check: Check,
    /// How it went.
    pub state: CheckState,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remediation: Option<String>,
}

impl Check {
    /// Its name, as JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Role => "role",
            Self::Account => "account",
            Self::Recorder => "recorder",
            Self::RecordedTypes => "recordedTypes",
            Self::Frequency => "frequency",
            Self::Queries => "queries",
            Self::Counts => "counts",
            Self::Lists => "lists",
            Self::Batches => "batches",
            Self::Histories => "histories",
            Self::AccountFacts => "accountFacts",
            Self::ConfigRules => "configRules",
            Self::Aggregator => "aggregator",
            Self::AggregatedRegion => "aggregatedRegion",
            Self::SecurityHub => "securityHub",
            Self::Findings => "findings",
            Self::Publishing => "publishing",
            Self::Snapshot => "snapshot",
            Self::DeliveryChannel => "deliveryChannel",
            Self::ChangeQueue => "changeQueue",
        }
    }
}

impl fmt::Display for CheckState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotTried => "not tried",
        })
    }
}

/// What is looked at: an account, or one of its regions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) account: &'p AccountId,
    pub(super) region: Option<&'p Region>,
}

impl<'p> Place<'p> {
    /// The account as a whole.
    pub(super) const fn account(account: &'p AccountId) -> Self {
        Self { account, region: None }
    }

    /// One of its regions.
    pub(super) const fn region(account: &'p AccountId, region: &'p Region) -> Self {
        Self { account, region: Some(region) }
    }

    pub(super) fn ok(&self, check: Check, message: impl Into<String>) -> CheckResult {
        self.result(check, CheckState::Ok, message.into(), None)
    }

    pub(super) fn warning(
        &self,
        check: Check,
        message: impl Into<String>,
        remediation: impl Into<String>,
    ) -> CheckResult {
        self.result(check, CheckState::Warning, message.into(), Some(remediation.into()))
    }

    pub(super) fn failed(
        &self,
        check: Check,
        message: impl Into<String>,
        remediation: impl Into<String>,
    ) -> CheckResult {
        self.result(check, CheckState::Failed, message.into(), Some(remediation.into()))
    }

    pub(super) fn not_tried(&self, check: Check, message: impl Into<String>) -> CheckResult {
        self.result(check, CheckState::NotTried, message.into(), None)
    }

    /// A call that AWS refused or did not answer.
    pub(super) fn refused(&self, check: Check, error: &AwsError) -> CheckResult {
        let message = format!("{}: {}", error.code, error.message);
        self.failed(check, message, remediation(error))
    }

    /// Whether an operation is allowed, by a call that changes nothing. That what the call names
    /// is not there says that looking for it was allowed.
    pub(super) fn allowed<T>(
        &self,
        check: Check,
        operation: Operation,
        answer: &Result<T, AwsError>,
    ) -> CheckResult {
        match answer {
            Err(error) if error.class == Class::NotEnabled => {
                self.not_tried(check, "AWS Config is not set up in this region")
            }
            Err(error) if error.class != Class::NotFound => self.refused(check, error),
            _ => self.ok(check, format!("{} is allowed", action(operation))),
        }
    }

    fn result(
        &self,
        check: Check,
        state: CheckState,
        message: String,
        remediation: Option<String>,
    ) -> CheckResult {
        let (account, region) = (self.account.clone(), self.region.cloned());
        CheckResult { account, region, check, state, message, remediation }
    }
}

/// What to do about a call that failed.
pub(super) fn remediation(error: &AwsError) -> String {
    let action = action((error.service, error.operation));
    match error.class {
        Class::Denied => format!(
            "allow {action}: in the role's policy, and in the service control policies of the \
             organization; `plumbline iam-policy` prints what is needed"
        ),
        Class::Expired
        | Class::Credentials
        | Class::NotEnabled
        | Class::RegionDisabled
        | Class::ClockSkew => error.advice().to_owned(),
        Class::Throttled => "try again later, or reduce other calls to this API".to_owned(),
        Class::Transient => {
            "try again; if it persists, check the network, proxies and VPC endpoints between this \
             machine and AWS"
                .to_owned()
        }
        Class::NotFound | Class::TooLarge | Class::Invalid => {
            format!("look up the code in the API reference of {action}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws::operations::HISTORY;

    fn refusal(class: Class) -> AwsError {
        let (service, operation) = HISTORY;
        AwsError {
            class,
            code: "Code".to_owned(),
            message: "message".to_owned(),
            service,
            operation,
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
        }
    }

    #[test]
    fn names_are_the_same_in_text_and_json() {
        let json = serde_json::to_value(Check::AggregatedRegion).unwrap();
        assert_eq!(json, Check::AggregatedRegion.as_str());
        let json = serde_json::to_value(Check::RecordedTypes).unwrap();
        assert_eq!(json, Check::RecordedTypes.as_str());
    }

    #[test]
    fn only_a_refusal_says_that_an_operation_is_not_allowed() {
        let account = "111122223333".parse().unwrap();
        let place = Place::account(&account);
        let state =
            |answer: Result<(), AwsError>| place.allowed(Check::Histories, HISTORY, &answer).state;
        assert_eq!(state(Ok(())), CheckState::Ok);
        assert_eq!(state(Err(refusal(Class::NotFound))), CheckState::Ok);
        assert_eq!(state(Err(refusal(Class::Denied))), CheckState::Failed);
        assert_eq!(state(Err(refusal(Class::NotEnabled))), CheckState::NotTried);
        let denied =
            place.allowed(Check::Histories, HISTORY, &Err::<(), _>(refusal(Class::Denied)));
        assert!(denied.remediation.unwrap().starts_with("allow config:GetResourceConfigHistory"));
    }
}
