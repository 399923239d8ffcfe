//! What EC2, S3, Account Management and Organizations tell of an account.

use serde::Deserialize;

use super::FactsClient;
use crate::error::{AwsError, Class};
use crate::facts::{ContactKind, Organization, PublicAccessBlock};
use crate::operations::{
    DESCRIBE_ORGANIZATION, GET_ALTERNATE_CONTACT, GET_EBS_ENCRYPTION, GET_PUBLIC_ACCESS_BLOCK,
};
use crate::sdk::signed::{Request, Service};
use model::Region;

/// The version of EC2's API.
pub(super) const EC2_VERSION: &str = "2016-11-15";
/// The account-wide block (`GetPublicAccessBlock`, Amazon S3 API Reference, S3 Control).
const BLOCK_PATH: &str = "/v20180820/configuration/publicAccessBlock";
/// What Organizations calls an account that belongs to none (`DescribeOrganization`, API
/// Reference).
const NO_ORGANIZATION: &str = "AWSOrganizationsNotInUseException";

impl FactsClient {
    /// Whether new volumes of EBS are encrypted in a region.
    pub async fn ebs_encryption_by_default(&self, region: &Region) -> Result<bool, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Response {
            ebs_encryption_by_default: bool,
        }
        let request = Request::query(GET_EBS_ENCRYPTION, EC2_VERSION, &[]);
        let ec2 = self.access.signed(Service::Ec2, region);
        let answer: Response = ec2.ask_xml(GET_EBS_ENCRYPTION, &request).await?;
        Ok(answer.ebs_encryption_by_default)
    }

    /// The account's block of public access to S3, as a region tells it; nothing where it has none.
    pub async fn public_access_block(
        &self,
        region: &Region,
    ) -> Result<Option<PublicAccessBlock>, AwsError> {
        let account = self.access.account().to_string();
        let request = Request::get(BLOCK_PATH, vec![("x-amz-account-id", account)]);
        let s3 = self.access.signed(Service::S3Control, region);
        match s3.ask_xml(GET_PUBLIC_ACCESS_BLOCK, &request).await {
            Ok(block) => Ok(Some(block)),
            Err(error) if error.code == "NoSuchPublicAccessBlockConfiguration" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the account has an alternate contact. Who that is stays where it is.
    pub async fn has_alternate_contact(&self, kind: ContactKind) -> Result<bool, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Response {
            alternate_contact: Contact,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Contact {
            alternate_contact_type: String,
        }
        let body = serde_json::json!({"AlternateContactType": kind.as_str()}).to_string();
        let request = Request::rest_json("/getAlternateContact", body);
        let service = self.access.signed(Service::Account, &self.access.partition().usual_region());
        let answer: Result<Response, AwsError> =
            service.ask_json(GET_ALTERNATE_CONTACT, &request).await;
        match answer {
            Ok(answer) if answer.alternate_contact.alternate_contact_type == kind.as_str() => {
                Ok(true)
            }
            Ok(_) => {
                let what = "it describes another type of contact";
                Err(service.not_understood(GET_ALTERNATE_CONTACT, what))
            }
            Err(error) if error.class == Class::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The organization that the account belongs to; nothing where it belongs to none.
    pub async fn organization(&self) -> Result<Option<Organization>, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Response {
            organization: Organization,
        }
        let target = "AWSOrganizationsV20161128";
        let request = Request::json(DESCRIBE_ORGANIZATION, target, "{}".to_owned());
        let region = self.access.partition().usual_region();
        let service = self.access.signed(Service::Organizations, &region);
        let answer: Result<Response, AwsError> =
            service.ask_json(DESCRIBE_ORGANIZATION, &request).await;
        match answer {
            Ok(answer) => Ok(Some(answer.organization)),
            Err(error) if error.code == NO_ORGANIZATION => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl ContactKind {
    /// Its name in the API.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Billing => "BILLING",
            Self::Operations => "OPERATIONS",
            Self::Security => "SECURITY",
        }
    }
}
