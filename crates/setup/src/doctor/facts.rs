//! Account facts: whether they are read, and whether what reading them calls is allowed.

use std::collections::BTreeSet;

use super::AccountCheck;
use super::check::{Check, CheckResult, Place};
use super::needs::Needs;
use aws::AwsError;
use aws::facts::FactsClient;
use aws::source::account_facts::{Fact, FactReading, tell};
use cel::Timestamp;
use model::{AccountId, Region};

/// Reads each fact that controls check, once.
pub(super) async fn examine(
    place: Place<'_>,
    client: &FactsClient,
    regions: &BTreeSet<Region>,
    home: &Region,
    needs: &Needs,
    now: Timestamp,
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for fact in Fact::of_types(needs.facts.iter().chain(&needs.substitutes)) {
        if fact.is_regional() {
            for region in regions {
                let place = Place::region(place.account, region);
                results.push(reported(place, fact, tell(client, fact, region, now).await));
            }
        } else {
            results.push(reported(place, fact, tell(client, fact, home, now).await));
        }
    }
    results
}

fn reported(place: Place<'_>, fact: Fact, read: Result<FactReading, AwsError>) -> CheckResult {
    let types = fact.types().join(", ");
    match read {
        Ok(read) => match read.problems.first() {
            None => place.ok(Check::AccountFacts, format!("{types} can be read")),
            Some(problem) => place.failed(
                Check::AccountFacts,
                format!("{types} can be read only in part: {problem}"),
                "please report this to the Plumbline project, with the value that is not \
                 understood",
            ),
        },
        Err(error) => place.refused(Check::AccountFacts, &error),
    }
}

/// That controls check facts which nobody reads.
pub(super) fn switched_off(account: &AccountCheck<'_>) -> Option<CheckResult> {
    let AccountCheck { spec, needs, .. } = account;
    let is_off = spec.source.snapshot.is_none() && !spec.source.reads_account_facts();
    if !is_off || needs.facts.is_empty() {
        return None;
    }
    let account: &AccountId = &spec.account_id;
    let named = needs.with_controls(&needs.facts);
    Some(Place::account(account).warning(
        Check::AccountFacts,
        format!("account facts are not read, so their controls are Unknown: {named}"),
        "set source.accountFacts to Enabled, or disable the controls",
    ))
}
