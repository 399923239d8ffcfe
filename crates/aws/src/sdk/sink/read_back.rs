//! Reads back what stands in a place, page by page. What is not read whole counts for nothing.

use std::time::Duration;

use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, StringFilter, StringFilterComparison,
};

use tokio::time::Instant;

use super::decode::decode;
use crate::operations::GET_FINDINGS;
use crate::paging::{PageCursor, RepeatedPage};
use crate::publish::{OthersFindings, Place};
use crate::{AwsError, Class, SecurityHubService};
use engine::drift::{Finding, Installation, KnownFindings, Publisher, SharedParts};

/// Values of one filter of `GetFindings` (Security Hub API Reference).
pub(super) const FILTERED_AT_ONCE: usize = 20;

/// What stands in a place.
#[derive(Debug, Default)]
pub(super) struct StandingFindings {
    pub(super) findings: KnownFindings,
    /// How many others have Plumbline's prefix.
    pub(super) foreign: usize,
    /// Why one of them is none of its own.
    pub(super) example: Option<String>,
    /// Those that another Plumbline of the installation keeps.
    pub(super) others: OthersFindings,
    shared: SharedParts,
}

/// A reading that goes on where it was broken off.
#[derive(Debug)]
pub(super) struct ReadBack {
    standing: StandingFindings,
    cursor: PageCursor,
    begun: Instant,
}

impl ReadBack {
    pub(super) fn new() -> Self {
        let (standing, cursor) = Default::default();
        Self { standing, cursor, begun: Instant::now() }
    }

    /// Whether its first pages still say what is so.
    pub(super) fn is_fresh(&self, within: Duration) -> bool {
        self.begun.elapsed() < within
    }

    /// How many findings came so far.
    pub(super) fn count(&self) -> usize {
        self.standing.findings.len()
    }

    /// What was read whole.
    pub(super) fn finish(self) -> StandingFindings {
        self.standing
    }
}

/// Reads every finding of the publisher's installation in a place, until then at most, and says whether
/// that is all. Broken off or dropped, it goes on after the last page that came. What is known already is
/// not held twice.
///
/// # Errors
///
/// When a page cannot be read.
pub(super) async fn read_back(
    hub: &impl SecurityHubService,
    place: &Place,
    (publisher, known): (&Publisher, &KnownFindings),
    reading: &mut ReadBack,
    until: Option<Instant>,
) -> Result<bool, AwsError> {
    let filters = filters_of(place, &publisher.installation);
    let mut is_resumed = reading.cursor.token().is_some();
    loop {
        let page = match hub.findings(&filters, reading.cursor.token()).await {
            Ok(page) => page,
            // How long AWS knows where a reading was, nobody says.
            Err(error) if is_resumed && error.class == Class::Invalid => {
                (*reading, is_resumed) = (ReadBack::new(), false);
                continue;
            }
            Err(error) => return Err(error),
        };
        is_resumed = false;
        for given in page.findings {
            reading.standing.add(given, place, (publisher, known));
        }
        let goes_on = reading.cursor.follow(page.next);
        if !goes_on.map_err(|repeated| repeated_in(place, repeated))? {
            return Ok(true);
        }
        if until.is_some_and(|until| until <= Instant::now()) {
            return Ok(false);
        }
    }
}

/// A page of a place's findings came twice.
pub(super) fn repeated_in(place: &Place, repeated: RepeatedPage) -> AwsError {
    repeated.of(GET_FINDINGS, place.account.as_str(), place.region.as_str())
}

impl StandingFindings {
    fn add(&mut self, given: AwsSecurityFinding, place: &Place, of: (&Publisher, &KnownFindings)) {
        if let Err(problem) = self.take(given, place, of) {
            self.foreign += 1;
            self.example.get_or_insert(problem);
        }
    }

    /// Takes in a finding, or says why it is none of the installation's.
    pub(super) fn take(
        &mut self,
        given: AwsSecurityFinding,
        place: &Place,
        (publisher, known): (&Publisher, &KnownFindings),
    ) -> Result<(), String> {
        let finding = decode(given, place).map_err(|problem| problem.to_string())?;
        if !is_of(&finding, place, &publisher.installation) {
            let id = finding.id;
            return Err(format!("finding {id} belongs to another account, region or installation"));
        }
        if publisher.owns(&finding) {
            self.findings.upsert_briefly(known.same(finding, &mut self.shared));
        } else {
            self.others.add(&finding);
        }
        Ok(())
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
