//! The AWS Config rule that a planned control delegates its check to: what it is, and what its own rule
//! is called where Plumbline creates one.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::catalog::{CompiledCheck, CompiledControl, CompiledExpression, Parameters};
use crate::drift::Installation;
use crate::drift::hexadecimal;
use api::{ConfigRuleCheck, ExecutionFrequency, RuleScope};
use model::{ResourceType, is_global, rule_types};

/// The longest name of a rule whose results can be read (`GetComplianceDetailsByConfigRule`, AWS Config
/// API Reference: at most 64 characters).
const LONGEST_NAME: usize = 64;
/// So many hexadecimal digits end the name of a rule.
const HASH: usize = 8;
/// So much of an installation's name begins the names of its rules.
const INSTALLATION: usize = 20;

/// The AWS Config rule that a planned control delegates its check to.
#[derive(Debug, Clone)]
pub struct PlannedRule {
    /// The type of its results. Two controls that delegate to the same rule share it.
    pub resource_type: ResourceType,
    /// The AWS managed rule.
    pub identifier: Option<String>,
    /// The name of the rule that is there.
    pub name: Option<String>,
    /// The rule's input parameters, as AWS Config writes them.
    pub parameters: BTreeMap<String, String>,
    /// The only types of resources that it checks; its own where there is none.
    pub resource_types: Vec<ResourceType>,
    /// How often it runs at least, where it runs periodically.
    pub frequency: Option<&'static str>,
    /// What its results say.
    pub(crate) expression: CompiledExpression,
    digest: String,
}

impl PlannedRule {
    /// The rule of a control with these values of its parameters; nothing for other checks.
    #[must_use]
    pub fn of(control: &CompiledControl, parameters: &Parameters) -> Option<Self> {
        let CompiledCheck::ConfigRule(rule) = &control.check else { return None };
        let check = &rule.check;
        let parameters: BTreeMap<String, String> = check
            .parameters
            .iter()
            .filter_map(|(theirs, ours)| Some((theirs.clone(), text(parameters.get(ours)?)?)))
            .collect();
        let mut resource_types = check.resource_types.clone();
        resource_types.sort_unstable();
        let digest = digest(check, &parameters, &resource_types);
        let called = check.identifier.as_deref().or(check.name.as_deref()).unwrap_or_default();
        let called = called.chars().filter(char::is_ascii_alphanumeric).take(48);
        let label: String = called.chain(digest.chars().take(12)).collect();
        let is_of_account = check.scope == RuleScope::Account
            || (!resource_types.is_empty()
                && resource_types.iter().all(|name| is_global(name.as_str())));
        let resource_type = rule_types::of_rule(&label, is_of_account).ok()?;
        let mut expression = rule.expression.clone();
        expression.resource_types = vec![resource_type.clone()];
        Some(Self {
            resource_type,
            identifier: check.identifier.clone(),
            name: check.name.clone(),
            parameters,
            resource_types,
            frequency: check.maximum_execution_frequency.map(ExecutionFrequency::as_str),
            expression,
            digest,
        })
    }

    /// Whether it is about an account as a whole, or about resources that belong to one.
    #[must_use]
    pub fn is_of_account(&self) -> bool {
        is_global(self.resource_type.as_str())
    }

    /// What a person calls it.
    #[must_use]
    pub fn described(&self) -> String {
        match (&self.name, &self.identifier) {
            (Some(name), _) => format!("the AWS Config rule {name}"),
            (None, identifier) => {
                format!(
                    "an AWS Config rule of {}",
                    identifier.as_deref().unwrap_or("no identifier")
                )
            }
        }
    }

    /// What the rule is called that an installation creates; nothing where the control names a rule that
    /// somebody else keeps. Equal definitions have equal names, and others have others.
    #[must_use]
    pub fn own_name(&self, installation: &Installation) -> Option<String> {
        let identifier = self.identifier.as_ref().filter(|_| self.name.is_none())?;
        let prefix = own_prefix(installation);
        let mut hash = hexadecimal(&Sha256::digest(format!("{installation}\n{}", self.digest)));
        hash.truncate(HASH);
        let room = LONGEST_NAME.saturating_sub(prefix.len() + hash.len() + 1);
        let label = identifier.to_ascii_lowercase().replace('_', "-");
        let label: String = label.chars().take(room).collect();
        Some(format!("{prefix}{}-{hash}", label.trim_end_matches('-')))
    }
}

/// What the names of all rules of an installation begin with. Others may begin so, too: the rule's tag
/// says whose it is.
#[must_use]
pub fn own_prefix(installation: &Installation) -> String {
    let installation: String = installation.as_str().chars().take(INSTALLATION).collect();
    format!("plumbline-{installation}-")
}

/// A value as AWS Config writes those of input parameters; nothing where it is empty.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

/// Stands for all that makes the rule what it is.
fn digest(
    check: &ConfigRuleCheck,
    parameters: &BTreeMap<String, String>,
    resource_types: &[ResourceType],
) -> String {
    let ConfigRuleCheck { identifier, name, maximum_execution_frequency, scope, .. } = check;
    let whole = serde_json::json!([
        identifier,
        name,
        parameters,
        resource_types,
        maximum_execution_frequency,
        scope
    ]);
    hexadecimal(&Sha256::digest(whole.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;
    use api::Control;

    fn control(parameters: &str, rule: &str) -> Result<Arc<CompiledControl>, Vec<String>> {
        let control = format!(
            "{{apiVersion: plumbline.dev/v1alpha1, kind: Control, metadata: {{name: c}}, spec: {{
                title: As it should be, description: It matters., severity: High,
                domain: data-protection, remediation: {{text: Fix it.}},
                parameters: [{parameters}], check: {{configRule: {rule}}}}}}}"
        );
        let control: Control = serde_saphyr::from_str(&control).unwrap();
        let (catalog, problems) = Catalog::default().with([control], []);
        match catalog.control("c") {
            Some(control) => Ok(Arc::clone(control)),
            None => Err(problems.iter().map(ToString::to_string).collect()),
        }
    }

    const DAYS: &str = "{name: days, type: integer, default: 90, description: Days.}";
    const NAMES: &str = "{name: names, type: stringList, default: [a, b], description: Names.}";

    fn planned(parameters: &str, rule: &str) -> PlannedRule {
        let control = control(parameters, rule).unwrap();
        let values = control.complete_parameters(Parameters::new()).unwrap();
        PlannedRule::of(&control, &values).unwrap()
    }

    #[test]
    fn values_are_written_as_aws_config_writes_them_and_empty_ones_not_at_all() {
        let empty = "{name: none, type: stringList, default: [], description: None.}";
        let rule = planned(
            &format!("{DAYS}, {NAMES}, {empty}"),
            "{identifier: A_RULE, parameters: {Days: days, Names: names, None: none}}",
        );
        let expected = [("Days", "90"), ("Names", "a,b")];
        assert_eq!(rule.parameters, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
    }

    #[test]
    fn the_own_name_follows_from_what_the_rule_is_and_whose_it_is() {
        let installation = Installation::default();
        let of = |days: &str, installation: &Installation| {
            let rule = "{identifier: ENCRYPTED_VOLUMES, parameters: {Days: days}}";
            planned(&DAYS.replace("90", days), rule).own_name(installation).unwrap()
        };
        let name = of("90", &installation);
        assert!(name.starts_with("plumbline-default-encrypted-volumes-"), "{name}");
        assert_eq!(name, of("90", &installation));
        assert_ne!(name, of("60", &installation));
        let long: Installation = "a".repeat(63).parse().unwrap();
        let other: Installation = format!("{}b", "a".repeat(62)).parse().unwrap();
        assert_ne!(of("90", &long), of("90", &other));
        assert!(of("90", &long).len() <= LONGEST_NAME);
        assert_eq!(planned("", "{identifier: A, name: theirs}").own_name(&installation), None);
    }

    #[test]
    fn a_rule_on_global_types_is_about_the_account() {
        assert!(planned("", "{identifier: A, resourceTypes: ['AWS::IAM::User']}").is_of_account());
        assert!(planned("", "{identifier: A, scope: Account}").is_of_account());
        assert!(
            !planned("", "{identifier: A, resourceTypes: ['AWS::EC2::Volume']}").is_of_account()
        );
    }

    #[test]
    fn what_does_not_hold_together_is_refused_with_its_place() {
        for (parameters, rule, words) in [
            ("", "{identifier: A, parameters: {Days: days}}", "there is no parameter `days`"),
            (DAYS, "{identifier: A}", "the parameter `days` is never read"),
            ("", "{identifier: A, resourceTypes: ['AWS::EC2::Volumes']}", "unknown resource type"),
            (
                "",
                "{identifier: A, resourceTypes: ['AWS::EC2::Volume', 'AWS::IAM::User']}",
                "global",
            ),
            ("", "{}", "give identifier, name, or both"),
            ("", "{name: a, resourceTypes: ['AWS::EC2::Volume']}", "work only with identifier"),
        ] {
            let problems = control(parameters, rule).unwrap_err().join("\n");
            assert!(problems.contains(words), "{rule}: {problems}");
        }
    }
}
