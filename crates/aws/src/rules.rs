//! AWS Config rules: what one is, how it fares, what it says, and what a new one is made of.

use std::collections::BTreeMap;

use cel::Timestamp;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigRule {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its id, which another rule of the same name does not have.
    pub id: String,
    /// Whether it is an AWS managed rule.
    pub is_managed: bool,
    /// The managed rule's identifier, or the function of a custom rule.
    pub identifier: String,
    /// Its input parameters; nothing where they cannot be understood.
    pub parameters: Option<BTreeMap<String, String>>,
    /// The only types that it checks, where it is so limited.
    pub resource_types: Vec<String>,
    /// What else limits it, in words: a tag, or a single resource.
    pub limit: Option<String>,
    /// How often it runs, where that is set.
    pub frequency: Option<String>,
    /// Why it says nothing; nothing where it is in force.
    pub inactive: Option<String>,
}

/// How a rule fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStatus {
    /// The rule's name.
    pub name: String,
    /// Its id, which another rule of the same name does not have.
    pub id: String,
    /// When it last evaluated; nothing where it never did.
    pub evaluated: Option<Timestamp>,
    /// Why the last try to evaluate failed, where it did.
    pub failure: Option<String>,
}

/// What a rule says of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleResult {
    /// The resource's type.
    pub resource_type: String,
    /// Its id.
    pub resource_id: String,
    /// `COMPLIANT`, `NON_COMPLIANT` and the like, as AWS writes it.
    pub compliance: String,
    /// What the rule adds.
    pub annotation: Option<String>,
    /// When AWS Config recorded it.
    pub recorded: Option<Timestamp>,
}

/// A rule to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule<'r> {
    /// Its name.
    pub name: &'r str,
    /// What it is for.
    pub description: &'r str,
    /// The AWS managed rule.
    pub identifier: &'r str,
    /// Its input parameters.
    pub parameters: &'r BTreeMap<String, String>,
    /// The only types that it checks; its own where there is none.
    pub resource_types: Vec<String>,
    /// How often it runs, where that is set.
    pub frequency: Option<&'r str>,
    /// What it is marked with.
    pub tag: (&'r str, &'r str),
}
