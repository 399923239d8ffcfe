//! The types of what AWS Config rules say: AWS Config's own item of the compliance of a resource, and
//! items of our own, a type for each rule that a control delegates its check to.

use super::{InvalidName, ResourceType};
use cel::Value;

/// What all rules say of one resource, as AWS Config records it.
pub const COMPLIANCE: &str = "AWS::Config::ResourceCompliance";
/// The resource type of what a rule says of an account as a whole (`GetComplianceDetailsByResource`,
/// AWS Config API Reference).
pub const ACCOUNT: &str = "AWS::::Account";

/// The field of a result that stands for `complianceType` where a rule says several things of one
/// resource: all that it says.
pub const CONTRADICTION: &str = "contradictoryComplianceTypes";

const OF_REGION: &str = "Plumbline::ConfigRule::";
const OF_ACCOUNT: &str = "Plumbline::AccountConfigRule::";

/// Whether a type is that of the results of one rule.
#[must_use]
pub fn is_rule(resource_type: &str) -> bool {
    resource_type.starts_with(OF_REGION) || resource_type.starts_with(OF_ACCOUNT)
}

/// The type of the results of a rule. `label` tells it from others, in letters and digits.
///
/// # Errors
/// Where the label has other characters, or is too long.
pub fn of_rule(label: &str, is_of_account: bool) -> Result<ResourceType, InvalidName> {
    let prefix = if is_of_account { OF_ACCOUNT } else { OF_REGION };
    format!("{prefix}{label}").parse()
}

/// The id of what a rule says of a resource.
#[must_use]
pub fn result_id(resource_type: &str, id: &str) -> String {
    format!("{resource_type}/{id}")
}

/// The type and id of the resource that a result of this id speaks of.
#[must_use]
pub fn judged(result_id: &str) -> Option<(&str, &str)> {
    result_id.split_once('/')
}

/// What one rule says of a resource: an entry of a compliance item's `configRuleList`.
#[derive(Debug, Clone, Copy)]
pub struct RuleEntry<'a> {
    /// The rule's name, which another rule may have had before.
    pub name: &'a str,
    /// The rule's id, which no other rule has; nothing where the entry does not give it.
    pub id: Option<&'a str>,
    /// `COMPLIANT`, `NON_COMPLIANT` and the like, as AWS writes it.
    pub compliance: Option<&'a str>,
}

impl<'a> RuleEntry<'a> {
    /// Reads an entry; nothing where it names no rule.
    #[must_use]
    pub fn of(entry: Value<'a>) -> Option<Self> {
        let text = |name: &str| entry.get(name).and_then(|value| value.as_str());
        // A rule's ARN ends in its id (`ConfigRule`, AWS Config API Reference).
        let of_arn =
            || text("configRuleArn").and_then(|arn| arn.rsplit_once('/')).map(|(_, id)| id);
        Some(Self {
            name: text("configRuleName")?,
            id: text("configRuleId").or_else(of_arn).filter(|id| !id.is_empty()),
            compliance: text("complianceType"),
        })
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde_json::json;

    use super::*;
    use cel::from_json;

    #[test]
    fn an_entry_gives_its_rules_id_by_itself_or_in_the_arn() {
        let id = |entry: &serde_json::Value| {
            let arena = Bump::new();
            let entry = RuleEntry::of(from_json(entry, &arena)).unwrap();
            assert_eq!(entry.name, "volumes");
            entry.id.map(str::to_owned)
        };
        let arn = "arn:aws:config:eu-west-1:111122223333:config-rule/config-rule-0a1b";
        let found = Some("config-rule-0a1b".to_owned());
        assert_eq!(
            id(&json!({"configRuleName": "volumes", "configRuleId": "config-rule-0a1b"})),
            found
        );
        assert_eq!(id(&json!({"configRuleName": "volumes", "configRuleArn": arn})), found);
        assert_eq!(id(&json!({"configRuleName": "volumes", "configRuleId": ""})), None);
        assert_eq!(id(&json!({"configRuleName": "volumes"})), None);
    }

    #[test]
    fn the_results_of_a_rule_have_a_type_of_their_own() {
        let of_region = of_rule("EncryptedVolumes0a1b", false).unwrap();
        assert!(is_rule(of_region.as_str()) && !super::super::is_global(of_region.as_str()));
        let of_account = of_rule("IamPasswordPolicy0a1b", true).unwrap();
        assert!(is_rule(of_account.as_str()) && super::super::is_global(of_account.as_str()));
        assert!(!is_rule(COMPLIANCE));
        assert!(of_rule("encrypted-volumes", false).is_err());
    }

    #[test]
    fn a_result_names_the_resource_that_it_speaks_of() {
        let id = result_id("AWS::S3::Bucket", "logs/a");
        assert_eq!(judged(&id), Some(("AWS::S3::Bucket", "logs/a")));
        assert_eq!(judged("logs"), None);
    }
}
