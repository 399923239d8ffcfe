//! Rules of Plumbline's own: created where a plan delegates to a managed rule, removed where no plan
//! does any more, replaced where somebody changed them.
//!
//! A rule is Plumbline's own by its tag, whatever its name. Its name follows from what it is, so that two
//! who create the same one create one. A rule is never changed in place: results of what it was before
//! would pass for those of what it is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::aws_config::Unread;
use super::{WantedRule, matching, missing};
use crate::rules::{ConfigRule, NewRule};
use crate::sdk::ConfigClient;
use engine::drift::Installation;
use engine::plan::own_prefix;
use model::{Region, ResourceType};

/// The tag that marks the rules of an installation.
const TAG: &str = "plumbline.dev/installation";
/// Rules of one account and region ("AWS Config endpoints and quotas", AWS General Reference, and
/// `MaxNumberOfConfigRulesExceededException`, AWS Config API Reference: 1,000).
const QUOTA: usize = 1000;
/// AWS's word for a quota that is used up.
const QUOTA_EXCEEDED: &str = "MaxNumberOfConfigRulesExceededException";
/// AWS's word for a rule that is being changed.
const IN_USE: &str = "ResourceInUseException";
const DESCRIPTION: &str =
    "Created by Plumbline for a control of a SecurityBaseline. Changes are replaced.";

/// How Plumbline keeps rules of its own.
#[derive(Debug, Clone)]
pub struct OwnRules {
    /// Whose they are.
    pub installation: Installation,
    /// Whether those that no plan wants may go: not where plans may lack something by mistake.
    pub may_remove: bool,
}

/// Whether a rule is Plumbline's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleMark {
    /// It is this installation's.
    Own,
    /// It is somebody else's.
    Foreign,
}

/// The rules of a region, before any of them is changed.
pub(super) struct Unchanged<'a> {
    pub(super) own: &'a OwnRules,
    /// Whose rules are, by ARN, as far as that was asked: a rule's tags are asked for once.
    pub(super) marks: &'a BTreeMap<String, RuleMark>,
}

/// What keeping rules came to.
#[derive(Default)]
pub(super) struct KeptRules<'w> {
    /// The rule for each that is wanted and not named by its control, if it is there.
    pub(super) chosen: BTreeMap<&'w ResourceType, Result<ConfigRule, Unread>>,
    pub(super) marks: BTreeMap<String, RuleMark>,
    /// Rules that should go and are still there.
    pub(super) notes: Vec<String>,
    /// Whether a rule is new, or is to be created again.
    pub(super) is_new: bool,
}

impl Unchanged<'_> {
    /// Creates what is missing, and removes what is not wanted.
    pub(super) async fn keep<'w>(
        &self,
        region: &Region,
        client: &ConfigClient,
        rules: &[ConfigRule],
        wanted: &[(&'w ResourceType, &'w WantedRule)],
    ) -> KeptRules<'w> {
        let mut kept = KeptRules::default();
        let mut count = rules.len();
        let mut names = BTreeSet::new();
        for (resource_type, wanted) in wanted {
            let Some(name) = wanted.rule.own_name(&self.own.installation) else { continue };
            // The rules of a suspended baseline stay as they are.
            if wanted.is_read {
                let there = rules.iter().find(|rule| rule.name == name);
                let outcome = match there {
                    Some(rule) => self.there(region, client, rule, wanted, &mut kept).await,
                    None if count >= QUOTA => Err(full(&name, region)),
                    None => {
                        count += 1;
                        let created = self.create(region, client, &name, wanted).await;
                        kept.is_new |= created.is_ok();
                        created.and_then(|()| Err(created_now(&name, region)))
                    }
                };
                kept.chosen.insert(resource_type, outcome);
            }
            names.insert(name);
        }
        if self.own.may_remove {
            self.remove(client, rules, &names, &mut kept).await;
        }
        kept
    }

    /// A rule that has the name of one of Plumbline's own.
    async fn there(
        &self,
        region: &Region,
        client: &ConfigClient,
        rule: &ConfigRule,
        wanted: &WantedRule,
        kept: &mut KeptRules<'_>,
    ) -> Result<ConfigRule, Unread> {
        let name = &rule.name;
        if self.mark(client, rule, kept).await? == RuleMark::Foreign {
            return Err(missing(format!(
                "an AWS Config rule {name} in {region} is not Plumbline's own: it lacks the tag \
                 {TAG}={}, and Plumbline leaves it as it is; rename or delete it",
                self.own.installation
            )));
        }
        if let Some(why) = &rule.inactive {
            kept.is_new = true;
            return Err(missing(format!("the AWS Config rule {name} in {region} {why}")));
        }
        if is_unchanged(wanted, rule) {
            return Ok(rule.clone());
        }
        client.delete_rule(name).await?;
        kept.is_new = true;
        Err(missing(format!(
            "the AWS Config rule {name} in {region} was changed by somebody else; Plumbline deleted \
             it, and creates it again in the next evaluation"
        )))
    }

    async fn create(
        &self,
        region: &Region,
        client: &ConfigClient,
        name: &str,
        wanted: &WantedRule,
    ) -> Result<(), Unread> {
        let rule = &wanted.rule;
        let new = NewRule {
            name,
            description: DESCRIPTION,
            identifier: rule.identifier.as_deref().unwrap_or_default(),
            parameters: &rule.parameters,
            resource_types: rule.resource_types.iter().map(ToString::to_string).collect(),
            frequency: rule.frequency,
            tag: (TAG, self.own.installation.as_str()),
        };
        match client.put_rule(&new).await {
            Ok(()) => {
                tracing::info!(%region, rule = name, "created an AWS Config rule");
                Ok(())
            }
            Err(error) if error.code == QUOTA_EXCEEDED => Err(full(name, region)),
            Err(error) if error.code == IN_USE => Err(missing(format!(
                "the AWS Config rule {name} in {region} is being changed: {}; Plumbline tries again",
                error.message
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes rules of Plumbline's own that are not among these names.
    async fn remove(
        &self,
        client: &ConfigClient,
        rules: &[ConfigRule],
        names: &BTreeSet<String>,
        kept: &mut KeptRules<'_>,
    ) {
        let prefix = own_prefix(&self.own.installation);
        let is_left = |rule: &&ConfigRule| {
            rule.name.starts_with(&prefix) && !names.contains(&rule.name) && rule.inactive.is_none()
        };
        for rule in rules.iter().filter(is_left) {
            let removed = match self.mark(client, rule, kept).await {
                Ok(RuleMark::Foreign) => continue,
                Ok(RuleMark::Own) => client.delete_rule(&rule.name).await.map_err(Unread::from),
                Err(unread) => Err(unread),
            };
            match removed {
                Ok(()) => tracing::info!(rule = rule.name, "removed an AWS Config rule"),
                Err(unread) => {
                    let detail = unread.detail;
                    let name = &rule.name;
                    kept.notes.push(format!(
                        "the AWS Config rule {name}, which no baseline needs, cannot be removed: {detail}"
                    ));
                }
            }
        }
    }

    async fn mark(
        &self,
        client: &ConfigClient,
        rule: &ConfigRule,
        kept: &mut KeptRules<'_>,
    ) -> Result<RuleMark, Unread> {
        if let Some(mark) = self.marks.get(&rule.arn) {
            return Ok(*mark);
        }
        let tags = client.rule_tags(&rule.arn).await?;
        let installation = self.own.installation.as_str();
        let is_own = tags.iter().any(|(key, value)| key == TAG && value == installation);
        let mark = if is_own { RuleMark::Own } else { RuleMark::Foreign };
        kept.marks.insert(rule.arn.clone(), mark);
        Ok(mark)
    }
}

/// Whether a rule still is what was created.
fn is_unchanged(wanted: &WantedRule, rule: &ConfigRule) -> bool {
    let types: BTreeSet<&str> = rule.resource_types.iter().map(String::as_str).collect();
    let asked: BTreeSet<&str> =
        wanted.rule.resource_types.iter().map(ResourceType::as_str).collect();
    let frequency = wanted.rule.frequency;
    matching::difference(&wanted.rule, rule).is_none()
        && (asked.is_empty() || types == asked)
        && (frequency.is_none() || frequency == rule.frequency.as_deref())
}

fn created_now(name: &str, region: &Region) -> Unread {
    missing(format!(
        "Plumbline created the AWS Config rule {name} in {region}, which has not evaluated yet"
    ))
}

fn full(name: &str, region: &Region) -> Unread {
    missing(format!(
        "the AWS Config rule {name} cannot be created: {region} has the {QUOTA} rules that AWS Config \
         allows; delete rules that nobody needs"
    ))
}
