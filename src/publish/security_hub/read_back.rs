//! Reads back what stands in a place: all of it, or an error.

use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, StringFilter, StringFilterComparison,
};

use super::decode::decode;
use crate::aws::{AwsError, SecurityHubService};
use crate::drift::{Finding, Installation};
use crate::publish::Place;

/// What stands in a place.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) findings: Vec<Finding>,
    /// How many others have Plumbline's prefix.
    pub(super) foreign: usize,
    /// Why one of them is none of its own.
    pub(super) example: Option<String>,
}

/// Reads every finding of the installation in a place.
///
/// # Errors
///
/// When a page cannot be read: what was read before it counts for nothing.
pub(super) async fn read_back(
    hub: &impl SecurityHubService,
    place: &Place,
    installation: &Installation,
) -> Result<Standing, AwsError> {
    let filters = filters_of(place, installation);
    let mut standing = Standing::default();
    let mut token = None;
    loop {
        let page = hub.findings(&filters, token).await?;
        for given in page.findings {
            standing.add(given, place, installation);
        }
        token = page.next;
        if token.is_none() {
            return Ok(standing);
        }
    }
}

impl Standing {
    fn add(&mut self, given: AwsSecurityFinding, place: &Place, installation: &Installation) {
        let problem = match decode(given, place) {
            Ok(finding) if is_of(&finding, place, installation) => {
                self.findings.push(finding);
                return;
            }
            Ok(finding) => format!("finding {} is of another place or installation", finding.id),
            Err(problem) => problem.to_string(),
        };
        self.foreign += 1;
        self.example.get_or_insert(problem);
    }
}

fn is_of(finding: &Finding, place: &Place, installation: &Installation) -> bool {
    finding.account == place.account
        && finding.region == place.region
        && finding.generator.installation == *installation
}

/// The product that every account has for findings of its own making.
pub(super) fn product_arn(place: &Place) -> String {
    let Place { account, region, partition } = place;
    format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
}

fn filters_of(place: &Place, installation: &Installation) -> AwsSecurityFindingFilters {
    let prefix = format!("plumbline/{installation}/");
    AwsSecurityFindingFilters::builder()
        .product_arn(equals(&product_arn(place)))
        .aws_account_id(equals(place.account.as_str()))
        .region(equals(place.region.as_str()))
        .generator_id(filter(&prefix, StringFilterComparison::Prefix))
        .build()
}

/// A filter for a value.
pub(super) fn equals(value: &str) -> StringFilter {
    filter(value, StringFilterComparison::Equals)
}

fn filter(value: &str, comparison: StringFilterComparison) -> StringFilter {
    StringFilter::builder().value(value).comparison(comparison).build()
}
