//! What a plan is made of.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::catalog::CompiledControl;
use crate::plan::{
    OwnerKeys, Parameters, PlannedAttestation, PlannedExemption, PlannedRule, ResourceMatch,
};
use crate::problem::{Problem, ProblemKind};
use api::{ConditionReason, Kind, PublishSettings};
use cel::Timestamp;
use model::{AccountId, InvalidName, Owner, Partition, Region, Severity};

/// All there is to evaluate for one baseline. Equal plans give the same verdicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The baseline.
    pub baseline: BaselineKey,
    /// The generation of its spec; 0 where nobody counts.
    pub generation: i64,
    /// The accounts and regions, by account name and region.
    pub targets: Vec<Target>,
    /// The controls, by name.
    pub controls: Vec<PlannedControl>,
    /// The exemptions of this baseline, by name. Their time is judged by
    /// [`PlannedExemption::covers`].
    pub exemptions: Vec<PlannedExemption>,
    /// The attestations of the namespace that concern a control of this plan, by name.
    pub attestations: Vec<PlannedAttestation>,
    /// How often everything is evaluated.
    pub interval: Duration,
    /// What is published.
    pub publish: PublishSettings,
    /// Which tags and labels name the owners of drift.
    pub owner_keys: OwnerKeys,
    /// Whether evaluating is stopped and what is published stays as it is.
    pub suspended: bool,
    /// What is wrong with the baseline and with what it names.
    pub problems: Vec<Problem>,
    /// How many accounts the selector matches that do not allow the namespace: they are left out.
    pub passed_over: usize,
}

/// Why nothing of a baseline is evaluated, although nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum NotEvaluated {
    /// Its spec says so.
    Suspended,
    /// Every control is disabled, or there is none.
    NoControls,
    /// No account is selected.
    NoTargets,
}

/// A baseline by namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaselineKey {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// One account in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The AWS account.
    pub account: AccountId,
    /// The name of its `AwsAccount`.
    pub account_name: String,
    /// The account's partition.
    pub partition: Partition,
    /// The region.
    pub region: Region,
    /// Whether the account's global resources count for this region.
    pub home: bool,
    /// Whom drift belongs to whose resource no tag gives to somebody.
    pub owner: Owner,
}

/// A control as the baseline asks for it.
#[derive(Debug, Clone)]
pub struct PlannedControl {
    /// The control.
    pub control: Arc<CompiledControl>,
    /// Its severity here.
    pub severity: Severity,
    /// A value of the right type for every parameter that it declares. What is large is shared by all
    /// copies of the plan, of which each account has one.
    pub parameters: Arc<Parameters>,
    /// Only these resources.
    pub matching: Option<Arc<ResourceMatch>>,
    /// Not these resources.
    pub exclude: Option<Arc<ResourceMatch>>,
    /// The AWS Config rule that it delegates to; nothing for other checks.
    pub rule: Option<Arc<PlannedRule>>,
}

/// Two are the same where the controls say the same, whether compiled once or twice.
impl PartialEq for PlannedControl {
    fn eq(&self, other: &Self) -> bool {
        // What the rule is follows from the control and its parameters.
        let Self { control, severity, parameters, matching, exclude, rule: _ } = self;
        let same = Arc::ptr_eq(control, &other.control)
            || (control.name == other.control.name
                && control.refusal() == other.control.refusal()
                && control.spec == other.control.spec);
        same && *severity == other.severity
            && *parameters == other.parameters
            && *matching == other.matching
            && *exclude == other.exclude
    }
}

impl Plan {
    /// Whether the plan evaluates all that the baseline asks for.
    pub fn is_complete(&self) -> bool {
        !self.mistakes().any(|problem| problem.kind.hides_work())
    }

    /// Whether nothing is wrong with the baseline.
    pub fn is_accepted(&self) -> bool {
        self.mistakes().next().is_none()
    }

    /// What is wrong with the baseline itself. An exemption or an attestation that names what does not
    /// exist takes nothing from what the baseline asks for.
    pub fn mistakes(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.object.kind == Kind::SecurityBaseline)
    }

    /// Whether the plan may lack a control that the baseline asks for: a mistyped name is no reason
    /// to archive what was published under the right one.
    pub fn may_lack_controls(&self) -> bool {
        self.mistakes().any(|problem| problem.kind.may_hide_controls())
    }

    /// Whether the plan may lack a target that the baseline asks for.
    pub fn may_lack_targets(&self) -> bool {
        self.mistakes().any(|problem| problem.kind.may_hide_targets())
    }

    /// Whether there is a place to evaluate it in, and nobody stopped that.
    pub const fn is_evaluated(&self) -> bool {
        !self.suspended && !self.targets.is_empty()
    }

    /// Why nothing is evaluated, although nothing is wrong; nothing where something is evaluated.
    pub fn not_evaluated(&self) -> Option<NotEvaluated> {
        if self.suspended {
            Some(NotEvaluated::Suspended)
        } else if self.controls.is_empty() {
            Some(NotEvaluated::NoControls)
        } else {
            self.targets.is_empty().then_some(NotEvaluated::NoTargets)
        }
    }

    /// What is wrong at this time only: exemptions that were approved in the future.
    pub fn problems_at(&self, now: Timestamp) -> Vec<Problem> {
        self.exemptions
            .iter()
            .filter(|exemption| exemption.approved_at > now)
            .map(|exemption| exemption.problem(ProblemKind::ApprovedInFuture))
            .collect()
    }
}

impl FromStr for BaselineKey {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const EXPECTED: &str = "a baseline as NAMESPACE/NAME";
        let invalid = || InvalidName { text: text.to_owned(), expected: EXPECTED };
        let (namespace, name) = text.split_once('/').ok_or_else(invalid)?;
        if namespace.is_empty() || name.is_empty() || name.contains('/') {
            return Err(invalid());
        }
        Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for BaselineKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

impl NotEvaluated {
    /// The reason, as conditions have it.
    pub const fn reason(self) -> ConditionReason {
        match self {
            Self::Suspended => ConditionReason::Suspended,
            Self::NoControls => ConditionReason::NoControls,
            Self::NoTargets => ConditionReason::NoTargets,
        }
    }

    /// Whether the spec asks for it: that nothing is evaluated is then what was wanted.
    pub const fn is_by_choice(self) -> bool {
        matches!(self, Self::Suspended | Self::NoControls)
    }
}

/// What is not evaluated and why, as a sentence.
impl fmt::Display for NotEvaluated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Suspended => "nothing is evaluated, because spec.suspend is true",
            Self::NoControls => "nothing is evaluated, because every control is disabled",
            Self::NoTargets => "nothing is evaluated, because no account is selected",
        })
    }
}
