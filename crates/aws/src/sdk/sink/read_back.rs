//! Reads back what stands in a place: all of it, or an error.

use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, StringFilter, StringFilterComparison,
};

use super::decode::decode;
use crate::operations::GET_FINDINGS;
use crate::paging::{PageCursor, RepeatedPage};
use crate::publish::{OthersFindings, Place};
use crate::{AwsError, SecurityHubService};
use engine::drift::{Finding, Installation, Publisher};

/// What stands in a place.
#[derive(Debug, Default)]
pub(super) struct StandingFindings {
    pub(super) findings: Vec<Finding>,
    /// How many others have Plumbline's prefix.
    pub(super) foreign: usize,
    /// Why one of them is none of its own.
    pub(super) example: Option<String>,
    /// Those that another Plumbline of the installation keeps.
    pub(super) others: OthersFindings,
}

/// Reads every finding of the publisher's installation in a place.
///
/// # Errors
///
/// When a page cannot be read: what was read before it counts for nothing.
pub(super) async fn read_back(
    hub: &impl SecurityHubService,
    place: &Place,
    publisher: &Publisher,
) -> Result<StandingFindings, AwsError> {
    let filters = filters_of(place, &publisher.installation);
    let mut standing = StandingFindings::default();
    let mut cursor = PageCursor::default();
    loop {
        let page = hub.findings(&filters, cursor.token()).await?;
        for given in page.findings {
            standing.add(given, place, publisher);
        }
        if !cursor.follow(page.next).map_err(|repeated| repeated_in(place, repeated))? {
            return Ok(standing);
        }
    }
}

/// A page of a place's findings came twice.
pub(super) fn repeated_in(place: &Place, repeated: RepeatedPage) -> AwsError {
    repeated.of(GET_FINDINGS, place.account.as_str(), place.region.as_str())
}

impl StandingFindings {
    fn add(&mut self, given: AwsSecurityFinding, place: &Place, publisher: &Publisher) {
        let problem = match decode(given, place) {
            Ok(finding) if is_of(&finding, place, &publisher.installation) => {
                if publisher.owns(&finding) {
                    self.findings.push(finding);
                } else {
                    self.others.add(&finding);
                }
                return;
            }
            Ok(finding) => format!(
                "finding {} belongs to another account, region or \
                installation",
                finding.id
            ),
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
