//! AWS Config rules: what there are, how they fare and what they say; and putting and deleting them.

use std::collections::BTreeMap;

use aws_sdk_config::types::{
    ConfigRule as SdkRule, ConfigRuleEvaluationStatus, ConfigRuleState, EvaluationResult,
    MaximumExecutionFrequency, Owner, Scope, Source, Tag,
};
use serde_json::{Map, Value};

use super::describe::timestamp;
use super::{ConfigClient, PAGE};
use crate::error::AwsError;
use crate::operations::{
    DELETE_RULE, DESCRIBE_RULE_STATUS, DESCRIBE_RULES, PUT_RULE, RULE_RESULTS, RULE_TAGS,
};
use crate::rules::{ConfigRule, NewRule, RuleResult, RuleStatus};
use crate::sdk::message::shown;
use crate::sdk::pages::AnswerPage;
use model::means;

/// So many rules are asked for at once (`DescribeConfigRuleEvaluationStatus`, AWS Config API Reference).
const NAMES: usize = 25;
/// So many statuses are on a page at most (the same page).
const STATUSES: i32 = 50;

impl ConfigClient {
    /// All rules of the account and region.
    ///
    /// # Errors
    ///
    /// When AWS does not say.
    pub async fn rules(&self) -> Result<Vec<ConfigRule>, AwsError> {
        let page = move |token| async move {
            let ask = self.client.describe_config_rules().set_next_token(token);
            let page = self.caller.call(DESCRIBE_RULES, || ask.clone().send()).await?;
            let entries = page.config_rules.into_iter().flatten().map(rule).collect();
            Ok::<_, AwsError>(AnswerPage { entries, next: page.next_token })
        };
        self.caller.pages(DESCRIBE_RULES, page).await
    }

    /// How these rules fare.
    ///
    /// # Errors
    ///
    /// When AWS does not say, of any of them.
    pub async fn rule_statuses(&self, names: &[String]) -> Result<Vec<RuleStatus>, AwsError> {
        let mut statuses = Vec::new();
        for names in names.chunks(NAMES) {
            let page = move |token| async move {
                let ask = self
                    .client
                    .describe_config_rule_evaluation_status()
                    .set_config_rule_names(Some(names.to_vec()))
                    .limit(STATUSES)
                    .set_next_token(token);
                let page = self.caller.call(DESCRIBE_RULE_STATUS, || ask.clone().send()).await?;
                let found = page.config_rules_evaluation_status.into_iter().flatten();
                Ok::<_, AwsError>(AnswerPage {
                    entries: found.map(status).collect(),
                    next: page.next_token,
                })
            };
            statuses.extend(self.caller.pages(DESCRIBE_RULE_STATUS, page).await?);
        }
        Ok(statuses)
    }

    /// What a rule says of each resource.
    ///
    /// # Errors
    ///
    /// When AWS does not say, or says it of no resource.
    pub async fn rule_results(&self, name: &str) -> Result<Vec<RuleResult>, AwsError> {
        let page = move |token| async move {
            let ask = self
                .client
                .get_compliance_details_by_config_rule()
                .config_rule_name(name)
                .limit(PAGE)
                .set_next_token(token);
            let page = self.caller.call(RULE_RESULTS, || ask.clone().send()).await?;
            let found = page.evaluation_results.into_iter().flatten().map(result);
            let entries = found.collect::<Option<Vec<RuleResult>>>().ok_or_else(|| {
                self.caller.unusable(RULE_RESULTS, "a result names no resource or no compliance")
            })?;
            Ok::<_, AwsError>(AnswerPage { entries, next: page.next_token })
        };
        self.caller.pages(RULE_RESULTS, page).await
    }

    /// The tags of a rule.
    ///
    /// # Errors
    ///
    /// When AWS does not say.
    pub async fn rule_tags(&self, arn: &str) -> Result<Vec<(String, String)>, AwsError> {
        let page = move |token| async move {
            let ask = self
                .client
                .list_tags_for_resource()
                .resource_arn(arn)
                .limit(PAGE)
                .set_next_token(token);
            let page = self.caller.call(RULE_TAGS, || ask.clone().send()).await?;
            let found = page.tags.into_iter().flatten();
            let tags = found.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
            Ok::<_, AwsError>(AnswerPage { entries: tags.collect(), next: page.next_token })
        };
        self.caller.pages(RULE_TAGS, page).await
    }

    /// Puts a managed rule, in the place of one of that name if there is one.
    ///
    /// # Errors
    ///
    /// When AWS refuses it.
    pub async fn put_rule(&self, new: &NewRule<'_>) -> Result<(), AwsError> {
        let unusable =
            |error: &dyn std::fmt::Display| self.caller.unusable(PUT_RULE, &error.to_string());
        let source = Source::builder().owner(Owner::Aws).source_identifier(new.identifier);
        let source = source.build().map_err(|error| unusable(&error))?;
        let scope = (!new.resource_types.is_empty()).then(|| {
            let types = Some(new.resource_types.clone());
            Scope::builder().set_compliance_resource_types(types).build()
        });
        let parameters: Map<String, Value> = new
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let parameters = (!parameters.is_empty()).then(|| Value::Object(parameters).to_string());
        let rule = SdkRule::builder()
            .config_rule_name(new.name)
            .description(new.description)
            .source(source)
            .set_scope(scope)
            .set_input_parameters(parameters)
            .set_maximum_execution_frequency(new.frequency.map(MaximumExecutionFrequency::from))
            .build();
        let tag = Tag::builder().key(new.tag.0).value(new.tag.1).build();
        let ask = self.client.put_config_rule().config_rule(rule).tags(tag);
        self.caller.call(PUT_RULE, || ask.clone().send()).await.map(drop)
    }

    /// Deletes a rule.
    ///
    /// # Errors
    ///
    /// When AWS refuses it. A rule that is not there is one that is deleted.
    pub async fn delete_rule(&self, name: &str) -> Result<(), AwsError> {
        let ask = self.client.delete_config_rule().config_rule_name(name);
        match self.caller.call(DELETE_RULE, || ask.clone().send()).await {
            Err(error) if error.class == crate::Class::NotFound => Ok(()),
            deleted => deleted.map(drop),
        }
    }
}

fn rule(found: SdkRule) -> ConfigRule {
    let state = found.config_rule_state.as_ref().map(ConfigRuleState::as_str);
    let source = found.source.as_ref();
    let scope = found.scope.as_ref();
    let limit = scope.and_then(|scope| match (&scope.tag_key, &scope.compliance_resource_id) {
        (_, Some(id)) => Some(format!("the resource {id}")),
        (Some(key), None) => Some(format!("resources with the tag {key}")),
        (None, None) => None,
    });
    ConfigRule {
        name: found.config_rule_name.unwrap_or_default(),
        arn: found.config_rule_arn.unwrap_or_default(),
        id: found.config_rule_id.unwrap_or_default(),
        is_managed: source.is_some_and(|source| means(source.owner.as_str(), "AWS")),
        identifier: source.and_then(|it| it.source_identifier.clone()).unwrap_or_default(),
        parameters: parameters(found.input_parameters.as_deref()),
        resource_types: scope
            .and_then(|scope| scope.compliance_resource_types.clone())
            .unwrap_or_default(),
        limit,
        frequency: found.maximum_execution_frequency.map(|it| it.as_str().to_owned()),
        inactive: inactive(state),
    }
}

/// The states of a rule (`ConfigRule`, AWS Config API Reference).
fn inactive(state: Option<&str>) -> Option<String> {
    match state {
        Some(said) if means(said, "ACTIVE") || means(said, "EVALUATING") => None,
        Some(said) if means(said, "DELETING") => Some("is being deleted".to_owned()),
        Some(said) if means(said, "DELETING_RESULTS") => {
            Some("has its results deleted at the moment".to_owned())
        }
        Some(said) => Some(format!("is in the state {said}, which Plumbline does not know")),
        None => Some("has no state: AWS Config does not say whether it is active".to_owned()),
    }
}

/// A rule's parameters as texts, whatever JSON has them.
fn parameters(text: Option<&str>) -> Option<BTreeMap<String, String>> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Some(BTreeMap::new());
    };
    let given: Map<String, Value> = serde_json::from_str(text).ok()?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Some(given.into_iter().map(|(name, value)| (name, text(value))).collect())
}

fn status(found: ConfigRuleEvaluationStatus) -> RuleStatus {
    let evaluated = found.last_successful_evaluation_time.map(timestamp);
    let tries = [found.last_failed_evaluation_time, found.last_failed_invocation_time];
    let failed = tries.into_iter().flatten().map(timestamp).max();
    let is_failing = failed.is_some_and(|failed| evaluated.is_none_or(|at| failed > at));
    let code = found.last_error_code.unwrap_or_else(|| "no code".to_owned());
    let message = shown(&found.last_error_message.unwrap_or_default());
    let failure = format!("{code}: {message}").trim_end_matches([':', ' ']).to_owned();
    RuleStatus {
        name: found.config_rule_name.unwrap_or_default(),
        id: found.config_rule_id.unwrap_or_default(),
        evaluated: evaluated.filter(|_| found.first_evaluation_started),
        failure: is_failing.then_some(failure),
    }
}

fn result(found: EvaluationResult) -> Option<RuleResult> {
    let qualifier = found.evaluation_result_identifier?.evaluation_result_qualifier?;
    Some(RuleResult {
        resource_type: qualifier.resource_type?,
        resource_id: qualifier.resource_id?,
        compliance: found.compliance_type?.as_str().to_owned(),
        annotation: found.annotation.map(|text| shown(&text)),
        recorded: found.result_recorded_time.map(timestamp),
    })
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;

    use super::*;

    #[test]
    fn parameters_are_read_as_texts() {
        let read = parameters(Some(r#"{"days": 90, "strict": true, "tag": "owner"}"#)).unwrap();
        assert_eq!(read["days"], "90");
        assert_eq!(read["strict"], "true");
        assert_eq!(read["tag"], "owner");
        assert_eq!(parameters(None), Some(BTreeMap::new()));
        assert_eq!(parameters(Some("[]")), None);
    }

    #[test]
    fn a_rule_counts_as_evaluated_only_once_aws_says_so_and_not_while_it_fails() {
        let found = |first: bool, succeeded: Option<i64>, failed: Option<i64>| {
            status(
                ConfigRuleEvaluationStatus::builder()
                    .config_rule_name("rule")
                    .first_evaluation_started(first)
                    .set_last_successful_evaluation_time(succeeded.map(DateTime::from_secs))
                    .set_last_failed_evaluation_time(failed.map(DateTime::from_secs))
                    .last_error_code("AccessDenied")
                    .build(),
            )
        };
        assert_eq!(found(false, None, None).evaluated, None);
        assert_eq!(found(true, None, None).evaluated, None);
        assert!(found(true, Some(7), None).evaluated.is_some());
        assert_eq!(found(true, Some(7), Some(6)).failure, None);
        assert_eq!(found(true, Some(7), Some(8)).failure.as_deref(), Some("AccessDenied"));
    }

    #[test]
    fn only_states_that_are_known_to_be_in_force_count() {
        for state in ["ACTIVE", "Active", "EVALUATING"] {
            assert_eq!(inactive(Some(state)), None);
        }
        for state in [Some("DELETING"), Some("DELETING_RESULTS"), Some("PAUSED"), None] {
            assert!(inactive(state).is_some(), "{state:?}");
        }
    }
}
