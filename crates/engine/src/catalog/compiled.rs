//! A control that is ready to run.

use api::{ConfigRuleCheck, ControlSpec, Scope};
use cel::Program;
use model::{ControlName, ResourceType};

/// The places of a control's variables, the same in each of its programs.
pub mod slots {
    /// `resource`, or `resources` with a scope wider than one resource.
    pub const SUBJECT: usize = 0;
    /// `parameters`: a map of every declared parameter.
    pub const PARAMETERS: usize = 1;
    /// `now`: the time of the evaluation.
    pub const NOW: usize = 2;
    /// `related`: a map from each name to the list of resources that join.
    pub const RELATED: usize = 3;
}

/// A control that is ready to run.
#[derive(Debug)]
pub struct CompiledControl {
    /// Its name.
    pub name: ControlName,
    /// What it was compiled from.
    pub spec: ControlSpec,
    /// How it is checked.
    pub check: CompiledCheck,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a control comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue in the binary.
    BuiltIn,
    /// A team's own.
    Custom,
}

/// How a control is checked.
#[derive(Debug, Clone)]
pub enum CompiledCheck {
    /// By an expression over configuration items.
    Expression(CompiledExpression),
    /// By an AWS Config rule.
    ConfigRule(CompiledRule),
    /// By evidence that a procedure was carried out.
    Attestation,
    /// Not at all: why it cannot be run.
    Refused(String),
}

/// A check by an AWS Config rule.
#[derive(Debug, Clone)]
pub struct CompiledRule {
    /// What it was compiled from.
    pub check: ConfigRuleCheck,
    /// What the rule's results say. Their type follows from the control's parameters.
    pub(crate) expression: CompiledExpression,
}

/// A check by an expression.
#[derive(Debug, Clone)]
pub struct CompiledExpression {
    /// The types of the resources that it looks at.
    pub resource_types: Vec<ResourceType>,
    /// What a verdict speaks of.
    pub scope: Scope,
    /// Whether the control concerns the subject: gives a bool.
    pub applies_to: Option<Program>,
    /// What is joined.
    pub related: Vec<CompiledRelated>,
    /// Whether the subject is as it should be: gives a bool.
    pub compliant: Program,
    /// What is wrong with a subject that is not: gives a string.
    pub message: Option<Program>,
    /// What the control marks as secret.
    pub sensitive: Vec<SensitivePath>,
}

/// A place whose values, and all below, are secret. Lists are gone through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitivePath {
    /// The slot of the variable.
    pub slot: usize,
    /// The names that lead from the variable there.
    pub fields: Box<[Box<str>]>,
}

impl CompiledExpression {
    /// All its programs.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        let Self { applies_to, compliant, message, related, .. } = self;
        let keys = related.iter().flat_map(|related| [&related.key, &related.related_key]);
        applies_to.iter().chain([compliant]).chain(message).chain(keys)
    }
}

/// Other resources, joined by equal keys. A key is a string, a list of strings (any of them
/// joins) or an optional of these (none joins nothing).
#[derive(Debug, Clone)]
pub struct CompiledRelated {
    /// The name in `related.<name>`.
    pub name: String,
    /// The type of the related resources.
    pub resource_type: ResourceType,
    /// The key of `resource`, the one that is judged.
    pub key: Program,
    /// The key of `resource`, here a related one.
    pub related_key: Program,
}
