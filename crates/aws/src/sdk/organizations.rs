//! What AWS Organizations lists of an organization, and Account Management of one account's regions.
//!
//! `ListAccounts` has 20 accounts on a page at most, each with its path of units, so that nothing else
//! takes a call unless names, tags or regions are asked for (`ListAccounts`, `Account`, AWS
//! Organizations API Reference).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::access::AccountAccess;
use super::pages::{self, AnswerPage};
use super::signed::{Request, Service, SignedClient};
use crate::error::AwsError;
use crate::operations::{LIST_MEMBER_TAGS, LIST_MEMBERS, LIST_REGIONS, LIST_UNITS, Operation};
use engine::organization::{MemberAccount, MemberState};
use model::{AccountId, Region, value_of};

/// How the service is named in requests.
const TARGET: &str = "AWSOrganizationsV20161128";
/// The most accounts or units on a page (`MaxResults`, AWS Organizations API Reference).
const PAGE: u32 = 20;
/// The most regions on a page (`ListRegions`, AWS Account Management Reference).
const REGIONS_PAGE: u32 = 50;
/// The states of an account (`State`), and of earlier answers (`Status`).
const STATES: [(&str, MemberState); 5] = [
    ("ACTIVE", MemberState::Active),
    ("CLOSED", MemberState::Closed),
    ("PENDING_ACTIVATION", MemberState::PendingActivation),
    ("PENDING_CLOSURE", MemberState::PendingClosure),
    ("SUSPENDED", MemberState::Suspended),
];
/// The states in which a region is enabled (`RegionOptStatus`, AWS Account Management Reference), and
/// those in which it is not.
const REGION_STATES: [(&str, bool); 5] = [
    ("ENABLED", true),
    ("ENABLED_BY_DEFAULT", true),
    ("ENABLING", false),
    ("DISABLING", false),
    ("DISABLED", false),
];

/// Reads an organization, from its management account or a delegated administrator.
#[derive(Debug, Clone)]
pub struct OrganizationsClient(SignedClient);

/// An account as it is listed (`Account`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedAccount {
    id: AccountId,
    arn: String,
    #[serde(default)]
    name: String,
    state: Option<String>,
    status: Option<String>,
    paths: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccountsPage {
    accounts: Vec<ListedAccount>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UnitsPage {
    organizational_units: Vec<ListedUnit>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedUnit {
    id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagsPage {
    tags: Vec<ListedTag>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedTag {
    key: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RegionsPage {
    regions: Vec<ListedRegion>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedRegion {
    region_name: Region,
    region_opt_status: String,
}

impl OrganizationsClient {
    pub(super) fn new(access: &AccountAccess) -> Self {
        Self(access.signed(Service::Organizations, &access.partition().usual_region()))
    }

    /// All accounts of the organization.
    ///
    /// # Errors
    ///
    /// When any page cannot be read: a part of the list says nothing of who is not on it.
    pub async fn accounts(&self) -> Result<Vec<MemberAccount>, AwsError> {
        let service = &self.0;
        let page = async |token: Option<String>| {
            let body = body([("MaxResults", PAGE.into())], token);
            let request = Request::json(LIST_MEMBERS, TARGET, body);
            let page: AccountsPage = service.ask_json(LIST_MEMBERS, &request).await?;
            Ok(AnswerPage { entries: page.accounts, next: page.next_token })
        };
        let listed = all(service, LIST_MEMBERS, page).await?;
        let members: Result<_, _> = listed.into_iter().map(ListedAccount::member).collect();
        members.map_err(|what| service.not_understood(LIST_MEMBERS, &what))
    }

    /// The names of the units right below a root or unit, by id.
    ///
    /// # Errors
    ///
    /// When there is no such unit, or it may not be read.
    pub async fn units_below(&self, parent: &str) -> Result<BTreeMap<String, String>, AwsError> {
        let service = &self.0;
        let page = async |token: Option<String>| {
            let body = body([("MaxResults", PAGE.into()), ("ParentId", parent.into())], token);
            let request = Request::json(LIST_UNITS, TARGET, body);
            let page: UnitsPage = service.ask_json(LIST_UNITS, &request).await?;
            Ok(AnswerPage { entries: page.organizational_units, next: page.next_token })
        };
        let units = all(service, LIST_UNITS, page).await?;
        Ok(units.into_iter().map(|ListedUnit { id, name }| (id, name)).collect())
    }

    /// The tags of an account.
    ///
    /// # Errors
    ///
    /// When there is no such account, or its tags may not be read.
    pub async fn tags(&self, account: &AccountId) -> Result<BTreeMap<String, String>, AwsError> {
        let service = &self.0;
        let page = async |token: Option<String>| {
            let body = body([("ResourceId", account.as_str().into())], token);
            let request = Request::json(LIST_MEMBER_TAGS, TARGET, body);
            let page: TagsPage = service.ask_json(LIST_MEMBER_TAGS, &request).await?;
            Ok(AnswerPage { entries: page.tags, next: page.next_token })
        };
        let tags = all(service, LIST_MEMBER_TAGS, page).await?;
        Ok(tags.into_iter().map(|ListedTag { key, value }| (key, value)).collect())
    }
}

/// The regions that the account has enabled. What its answer says of a region that is being enabled or
/// disabled, the next reading settles.
pub(super) async fn enabled_regions(access: &AccountAccess) -> Result<Vec<Region>, AwsError> {
    let service = &access.signed(Service::Account, &access.partition().usual_region());
    let page = async |token: Option<String>| {
        let body = body([("MaxResults", REGIONS_PAGE.into())], token);
        let request = Request::rest_json("/listRegions", body);
        let page: RegionsPage = service.ask_json(LIST_REGIONS, &request).await?;
        Ok(AnswerPage { entries: page.regions, next: page.next_token })
    };
    let mut enabled = Vec::new();
    for ListedRegion { region_name, region_opt_status } in all(service, LIST_REGIONS, page).await? {
        let is_enabled = value_of(&region_opt_status, &REGION_STATES).ok_or_else(|| {
            service.not_understood(LIST_REGIONS, &format!("the status `{region_opt_status}`"))
        })?;
        enabled.extend(is_enabled.then_some(region_name));
    }
    Ok(enabled)
}

async fn all<T: Send, F>(
    service: &SignedClient,
    operation: Operation,
    page: impl Fn(Option<String>) -> F + Send,
) -> Result<Vec<T>, AwsError>
where
    F: Future<Output = Result<AnswerPage<T>, AwsError>> + Send,
{
    pages::all(page, |repeated| service.repeated(operation, repeated)).await
}

/// The body of a request for a page.
fn body<const N: usize>(fields: [(&str, serde_json::Value); N], token: Option<String>) -> String {
    let token = token.map(|token| ("NextToken", token.into()));
    let fields = fields.into_iter().chain(token);
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    serde_json::Value::Object(fields.collect()).to_string()
}

impl ListedAccount {
    fn member(self) -> Result<MemberAccount, String> {
        let Self { id, arn, name, state, status, paths } = self;
        // `arn:aws:organizations::999988887777:account/o-exampleorgid/111122223333`
        let organization = arn.split('/').nth(1).filter(|it| it.starts_with("o-"));
        let organization = organization.ok_or_else(|| format!("the ARN `{arn}`"))?.to_owned();
        // `Status` was retired on September 9, 2026, for `State`.
        let state = state.or(status).and_then(|state| value_of(&state, &STATES));
        let path = match paths.as_deref() {
            Some([path]) => Some(units_of(path)),
            _ => None,
        };
        Ok(MemberAccount { id, organization, name, state, path: path.filter(|it| !it.is_empty()) })
    }
}

/// The root and the units of a path, `o-exampleorgid/r-exam/ou-exam-a1b2c3d4/111122223333/`.
fn units_of(path: &str) -> Vec<String> {
    let parts = path.split('/');
    let units = parts.filter(|part| part.starts_with("r-") || part.starts_with("ou-"));
    units.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(more: &str) -> Result<MemberAccount, String> {
        let text = format!(
            "{{\"Id\": \"111122223333\", \"Name\": \"a\", \"Email\": \"a@example.com\", \"Arn\": \
             \"arn:aws:organizations::999988887777:account/o-exampleorgid/111122223333\"{more}}}"
        );
        serde_json::from_str::<ListedAccount>(&text).unwrap().member()
    }

    #[test]
    fn an_account_is_read_as_far_as_it_is_listed() {
        let path = ", \"Paths\": [\"o-exampleorgid/r-exam/ou-exam-a1b2c3d4/111122223333/\"]";
        let account = listed(&format!(", \"State\": \"ACTIVE\"{path}")).unwrap();
        assert_eq!(account.organization, "o-exampleorgid");
        assert_eq!(account.state, Some(MemberState::Active));
        assert_eq!(account.path.unwrap(), ["r-exam", "ou-exam-a1b2c3d4"]);
        let earlier = listed(", \"Status\": \"SUSPENDED\"").unwrap();
        assert_eq!((earlier.state, earlier.path), (Some(MemberState::Suspended), None));
        assert_eq!(listed(", \"State\": \"MERGING\"").unwrap().state, None);
        assert_eq!(listed("").unwrap().state, None);
        assert_eq!(listed(", \"Paths\": []").unwrap().path, None);
        assert_eq!(listed(", \"Paths\": [\"o-a/r-b/\", \"o-a/r-b/ou-c/\"]").unwrap().path, None);
        let foreign = "{\"Id\": \"111122223333\", \"Arn\": \"arn:aws:iam::111122223333:root\"}";
        assert!(serde_json::from_str::<ListedAccount>(foreign).unwrap().member().is_err());
    }
}
