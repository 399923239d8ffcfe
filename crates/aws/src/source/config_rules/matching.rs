//! Which of the rules of a region is the one that a control delegates to.
//!
//! A rule that checks less, or checks otherwise, is not it: its verdicts would be those of another
//! question.

use std::collections::BTreeMap;

use super::super::aws_config::Unread;
use super::missing;
use crate::rules::ConfigRule;
use engine::plan::PlannedRule;
use model::{Region, ResourceType};

/// The rule that a control delegates to.
pub(super) fn find<'r>(
    wanted: &PlannedRule,
    rules: &'r [ConfigRule],
    region: &Region,
) -> Result<&'r ConfigRule, Unread> {
    if let Some(name) = &wanted.name {
        let Some(rule) = rules.iter().find(|rule| rule.name == *name) else {
            return Err(missing(format!(
                "there is no AWS Config rule {name} in {region}: create it, or correct \
                 check.configRule.name"
            )));
        };
        return fits(wanted, rule, region).map(|()| rule);
    }
    let identifier = wanted.identifier.as_deref().unwrap_or_default();
    let is_of =
        |rule: &&ConfigRule| rule.is_managed && rule.identifier.eq_ignore_ascii_case(identifier);
    let mut unfit = None;
    for rule in rules.iter().filter(is_of) {
        match fits(wanted, rule, region) {
            Ok(()) => return Ok(rule),
            Err(unread) => _ = unfit.get_or_insert(unread),
        }
    }
    Err(unfit.unwrap_or_else(|| {
        missing(format!(
            "there is no AWS Config rule of the managed rule {identifier} in {region}: create one, or \
             set source.configRules of the AwsAccount to Manage"
        ))
    }))
}

/// Whether a rule checks what is wanted, and is in force.
pub(super) fn fits(wanted: &PlannedRule, rule: &ConfigRule, region: &Region) -> Result<(), Unread> {
    let name = &rule.name;
    if let Some(why) = &rule.inactive {
        return Err(missing(format!("the AWS Config rule {name} in {region} {why}")));
    }
    match difference(wanted, rule) {
        None => Ok(()),
        Some(difference) => Err(missing(format!(
            "the AWS Config rule {name} in {region} {difference}: change it, or set \
             source.configRules of the AwsAccount to Manage"
        ))),
    }
}

/// What a rule does otherwise than is wanted; nothing where it does the same.
pub(super) fn difference(wanted: &PlannedRule, rule: &ConfigRule) -> Option<String> {
    let identifier = wanted.identifier.as_deref()?;
    if !rule.is_managed || !rule.identifier.eq_ignore_ascii_case(identifier) {
        return Some(format!("is one of {}, not of {identifier}", rule.identifier));
    }
    if let Some(limit) = &rule.limit {
        return Some(format!("checks only {limit}"));
    }
    let Some(parameters) = &rule.parameters else {
        return Some("has input parameters that Plumbline does not understand".to_owned());
    };
    if let Some(difference) = parameter_difference(&wanted.parameters, parameters) {
        return Some(difference);
    }
    let is_left_out =
        |name: &&ResourceType| !rule.resource_types.iter().any(|it| it == name.as_str());
    if !rule.resource_types.is_empty()
        && let Some(left_out) = wanted.resource_types.iter().find(is_left_out)
    {
        return Some(format!("does not check {left_out}"));
    }
    None
}

fn parameter_difference(
    wanted: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Option<String> {
    let different = wanted
        .iter()
        .find(|(name, value)| found.get(*name).is_none_or(|found| plain(found) != plain(value)));
    if let Some((name, value)) = different {
        let found = found.get(name);
        let found = found.map_or("no value".to_owned(), |found| format!("the value {found}"));
        return Some(format!("has {found} for {name}, not {value}"));
    }
    let more = found.iter().find(|(name, value)| !wanted.contains_key(*name) && !value.is_empty());
    more.map(|(name, value)| {
        format!("has the value {value} for {name}, which the control does not set")
    })
}

/// A value without what does not matter: blanks in a list, capitals in a boolean.
fn plain(value: &str) -> String {
    let value = value.split(',').map(str::trim).collect::<Vec<_>>().join(",");
    let boolean = ["true", "false"].iter().any(|it| value.eq_ignore_ascii_case(it));
    if boolean { value.to_ascii_lowercase() } else { value }
}
