//! Controls that a baseline asks for and that cannot be run.
//!
//! Such a control stands in the plan, so that all that it would have said is unknown rather than
//! absent.

use super::compiled::{CompiledCheck, CompiledControl, Origin};
use api::{Check, ControlSpec, Domain, Remediation};
use model::{ControlName, Severity};

impl CompiledControl {
    /// A control of which nothing is known but its name. `why` says what is wrong with it.
    #[must_use]
    pub fn unknown(name: ControlName, why: String) -> Self {
        let spec = ControlSpec {
            title: format!("{name} cannot be evaluated"),
            description: "The baseline names it, and it does not exist.".to_owned(),
            severity: Severity::Medium,
            domain: Domain::Governance,
            practices: Vec::new(),
            implements: Vec::new(),
            limitations: None,
            related_to: Vec::new(),
            frameworks: Vec::new(),
            remediation: Remediation {
                text: "Fix the name in the baseline, or create what it names.".to_owned(),
                url: None,
            },
            parameters: Vec::new(),
            check: Check::default(),
        };
        Self { name, spec, check: CompiledCheck::Refused(why), origin: Origin::Custom }
    }

    /// The same control, not to be run. `why` says what is wrong with it, or with its use.
    #[must_use]
    pub fn refused(&self, why: String) -> Self {
        let (name, spec) = (self.name.clone(), self.spec.clone());
        Self { name, spec, check: CompiledCheck::Refused(why), origin: self.origin }
    }

    /// Why it cannot be run; nothing where it can.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match &self.check {
            CompiledCheck::Refused(why) => Some(why),
            CompiledCheck::Expression(_)
            | CompiledCheck::ConfigRule(_)
            | CompiledCheck::Attestation => None,
        }
    }
}
