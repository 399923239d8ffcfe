//! AWS Config rules that controls delegate to: whether they may be read and kept.

use super::AccountCheck;
use super::check::{Check, CheckResult, Place};
use super::permission::NOBODY;
use aws::ConfigClient;
use aws::operations::{
    DELETE_RULE, DESCRIBE_RULE_STATUS, DESCRIBE_RULES, PUT_RULE, RULE_RESULTS, RULE_TAGS, action,
};

/// Calls what reading rules would, and says what only creating one shows.
pub(super) async fn examine(
    place: Place<'_>,
    client: &ConfigClient,
    account: &AccountCheck<'_>,
) -> Vec<CheckResult> {
    let check = Check::ConfigRules;
    let rules = client.rules().await;
    let mut results = vec![place.allowed(check, DESCRIBE_RULES, &rules)];
    let name = [NOBODY.to_owned()];
    let status = client.rule_statuses(&name).await;
    results.push(place.allowed(check, DESCRIBE_RULE_STATUS, &status));
    let found = client.rule_results(NOBODY).await;
    results.push(place.allowed(check, RULE_RESULTS, &found));
    if account.spec.source.manages_config_rules() {
        if let Some(rule) = rules.iter().flatten().next() {
            let tags = client.rule_tags(&rule.arn).await;
            results.push(place.allowed(check, RULE_TAGS, &tags));
        }
        let (put, delete) = (action(PUT_RULE), action(DELETE_RULE));
        let message =
            format!("whether {put} and {delete} are allowed shows only when a rule is created");
        results.push(place.not_tried(check, message));
    }
    results
}
