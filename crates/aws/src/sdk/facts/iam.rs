//! What IAM tells of an account. Its answers are XML of the query protocol.

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::{FactsClient, report, time};
use crate::error::{AwsError, Class};
use crate::facts::{CredentialReport, PasswordPolicy, RootUser};
use crate::operations::{
    GENERATE_CREDENTIAL_REPORT, GET_ACCOUNT_SUMMARY, GET_CREDENTIAL_REPORT, GET_PASSWORD_POLICY,
    LIST_VIRTUAL_MFA_DEVICES, Operation,
};
use crate::paging::PageCursor;
use crate::sdk::signed::Request;
use model::{means, value_of};

/// The version of IAM's API.
const VERSION: &str = "2010-05-08";
/// Devices of one page, at most (`ListVirtualMFADevices`, IAM API Reference).
const PAGE: &str = "1000";
/// Nobody waits longer for a credential report: the next round finds it made.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(30);

impl FactsClient {
    /// The account's password policy; nothing where it has none of its own.
    pub async fn password_policy(&self) -> Result<Option<PasswordPolicy>, AwsError> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(rename = "GetAccountPasswordPolicyResult")]
            result: ReadOutcome,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct ReadOutcome {
            password_policy: PasswordPolicy,
        }
        let answer: Result<Response, AwsError> = self.ask(GET_PASSWORD_POLICY, &[]).await;
        match answer {
            Ok(answer) => Ok(Some(answer.result.password_policy)),
            Err(error) if error.class == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What IAM says of the root user.
    pub async fn root_user(&self) -> Result<RootUser, AwsError> {
        let summary = self.account_summary().await?;
        let count = |name: &str| {
            let found = summary.get(name).copied();
            found.filter(|count| *count >= 0).ok_or_else(|| format!("it lacks {name}"))
        };
        let is = |name: &str| match count(name)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{name} is {other}")),
        };
        let read = || {
            Ok(RootUser {
                mfa_enabled: is("AccountMFAEnabled")?,
                access_key_count: count("AccountAccessKeysPresent")?,
                password_exists: match summary.get("AccountPasswordPresent") {
                    None => None,
                    Some(_) => Some(is("AccountPasswordPresent")?),
                },
                signing_certificate_count: match summary.get("AccountSigningCertificatesPresent") {
                    None => None,
                    Some(_) => Some(count("AccountSigningCertificatesPresent")?),
                },
            })
        };
        read().map_err(|what: String| self.iam.not_understood(GET_ACCOUNT_SUMMARY, &what))
    }

    /// What IAM counts in the account, by IAM's names.
    async fn account_summary(&self) -> Result<BTreeMap<String, i64>, AwsError> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(rename = "GetAccountSummaryResult")]
            result: ReadOutcome,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct ReadOutcome {
            summary_map: SummaryMap,
        }
        #[derive(Deserialize)]
        struct SummaryMap {
            entry: Vec<PolicyEntry>,
        }
        #[derive(Deserialize)]
        struct PolicyEntry {
            key: String,
            value: i64,
        }
        let answer: Response = self.ask(GET_ACCOUNT_SUMMARY, &[]).await?;
        let mut summary = BTreeMap::new();
        for PolicyEntry { key, value } in answer.result.summary_map.entry {
            if summary.insert(key.clone(), value).is_some() {
                let what = format!("it contains {key} twice");
                return Err(self.iam.not_understood(GET_ACCOUNT_SUMMARY, &what));
            }
        }
        Ok(summary)
    }

    /// The serial numbers of the virtual MFA devices that the root user signs in with.
    pub async fn virtual_mfa_of_root(&self) -> Result<Vec<String>, AwsError> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(rename = "ListVirtualMFADevicesResult")]
            result: ReadOutcome,
        }
        #[derive(Deserialize)]
        struct ReadOutcome {
            #[serde(rename = "VirtualMFADevices")]
            devices: Devices,
            #[serde(rename = "IsTruncated")]
            is_truncated: bool,
            #[serde(rename = "Marker")]
            marker: Option<String>,
        }
        #[derive(Deserialize)]
        struct Devices {
            #[serde(default)]
            member: Vec<Device>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Device {
            serial_number: String,
            user: User,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct User {
            arn: String,
        }
        let (account, partition) = (self.access.account(), self.access.partition());
        let root = format!("arn:{partition}:iam::{account}:root");
        let (mut found, mut cursor) = (Vec::new(), PageCursor::default());
        loop {
            let marker = cursor.token();
            let mut parameters = vec![("AssignmentStatus", "Assigned"), ("MaxItems", PAGE)];
            parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            let page: Response = self.ask(LIST_VIRTUAL_MFA_DEVICES, &parameters).await?;
            let ReadOutcome { devices, is_truncated, marker: next } = page.result;
            let of_root = devices.member.into_iter().filter(|device| device.user.arn == root);
            found.extend(of_root.map(|device| device.serial_number));
            let followed = cursor.follow(next.filter(|_| is_truncated));
            match followed
                .map_err(|repeated| self.iam.repeated(LIST_VIRTUAL_MFA_DEVICES, repeated))?
            {
                true => {}
                false if !is_truncated => return Ok(found),
                false => {
                    let what = "it has more pages, but no marker for the next one";
                    return Err(self.iam.not_understood(LIST_VIRTUAL_MFA_DEVICES, what));
                }
            }
        }
    }

    /// The credential report: one that IAM made within the last four hours, or a new one, which
    /// takes it a moment ("Getting credential reports", IAM User Guide).
    pub async fn credential_report(&self) -> Result<CredentialReport, AwsError> {
        let patience = self.iam.patience();
        let deadline = Instant::now() + LONGEST_WAIT.min(patience.deadline);
        let mut tries = 0;
        loop {
            if self.is_report_made().await?
                && let Some(report) = self.made_report().await?
            {
                return Ok(report);
            }
            let pause = patience.pause(tries);
            if Instant::now() + pause >= deadline {
                let error = self.iam.not_understood(GENERATE_CREDENTIAL_REPORT, "");
                let message = "IAM is still generating the credential report; the next evaluation \
                    reads it";
                let (code, class) = ("ReportInProgress".to_owned(), Class::Transient);
                return Err(AwsError { class, code, message: message.to_owned(), ..error });
            }
            sleep(pause).await;
            tries += 1;
        }
    }

    /// Asks for a report, and says whether it is made.
    async fn is_report_made(&self) -> Result<bool, AwsError> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(rename = "GenerateCredentialReportResult")]
            result: ReadOutcome,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct ReadOutcome {
            state: String,
        }
        const STATES: [(&str, bool); 3] =
            [("STARTED", false), ("INPROGRESS", false), ("COMPLETE", true)];
        let answer: Response = self.ask(GENERATE_CREDENTIAL_REPORT, &[]).await?;
        let state = answer.result.state;
        value_of(&state, &STATES).ok_or_else(|| {
            self.iam.not_understood(GENERATE_CREDENTIAL_REPORT, &format!("the state `{state}`"))
        })
    }

    /// The report that was made; nothing where there is none after all.
    async fn made_report(&self) -> Result<Option<CredentialReport>, AwsError> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(rename = "GetCredentialReportResult")]
            result: ReadOutcome,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct ReadOutcome {
            content: String,
            report_format: String,
            generated_time: String,
        }
        let answer: Result<Response, AwsError> = self.ask(GET_CREDENTIAL_REPORT, &[]).await;
        let ReadOutcome { content, report_format, generated_time } = match answer {
            Ok(answer) => answer.result,
            Err(error) if is_not_made(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let read = || {
            if !means(&report_format, "text/csv") {
                return Err(format!("the format `{report_format}`"));
            }
            let content: String = content.split_whitespace().collect();
            let content = base64::decode(&content).map_err(|error| error.to_string())?;
            let rows = report::rows(&content, self.access.account())?;
            Ok(CredentialReport { generated: time(&generated_time)?, rows })
        };
        let not_understood = |what: String| self.iam.not_understood(GET_CREDENTIAL_REPORT, &what);
        read().map(Some).map_err(not_understood)
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        operation: Operation,
        parameters: &[(&str, &str)],
    ) -> Result<T, AwsError> {
        let request = Request::query(operation, VERSION, parameters);
        self.iam.ask_xml(operation, &request).await
    }
}

/// The errors of `GetCredentialReport` that a new report fixes (IAM API Reference).
fn is_not_made(error: &AwsError) -> bool {
    ["ReportInProgress", "ReportNotPresent", "ReportExpired"].contains(&error.code.as_str())
}
