//! Attestations as a plan has them.

use crate::catalog::{Catalog, CompiledCheck};
use crate::plan::accounts::AccountsByName;
use crate::plan::resolve::{account_ids, timestamp};
use crate::plan::{PlannedControl, controls};
use crate::problem::{Problem, ProblemKind};
use api::{Attestation, Evidence, FieldPath, ObjectKey};
use cel::Timestamp;
use model::{AccountId, ControlName};

/// Evidence that a procedure was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedAttestation {
    /// Its namespace and name: `platform/access-review`.
    pub name: String,
    /// The controls of the plan that it is evidence for.
    pub controls: Vec<ControlName>,
    /// The accounts; `None` means all.
    pub accounts: Option<Vec<AccountId>>,
    /// Who answers for it.
    pub owner: String,
    /// From when on it counts.
    pub performed_at: Timestamp,
    /// Until when, that moment not included.
    pub valid_until: Timestamp,
    /// Where the evidence is.
    pub evidence: Vec<Evidence>,
}

impl PlannedAttestation {
    /// Whether it speaks of the control and account, at whatever time.
    pub fn concerns(&self, control: &ControlName, account: &AccountId) -> bool {
        self.controls.contains(control)
            && self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
    }

    /// Whether it counts at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.performed_at <= now && now < self.valid_until
    }
}

/// The attestation, unless it concerns nothing of the plan.
pub(super) fn plan(
    attestation: &Attestation,
    namespace: &str,
    planned: &[PlannedControl],
    accounts: &AccountsByName<'_>,
    catalog: &Catalog,
    problems: &mut Vec<Problem>,
) -> Option<PlannedAttestation> {
    let spec = &attestation.spec;
    let object = ObjectKey::of(attestation);
    let mut report = |path: FieldPath, kind: ProblemKind| {
        problems.push(Problem { object: object.clone(), path, kind });
    };
    let (performed_at, valid_until) = (timestamp(&spec.performed_at), timestamp(&spec.valid_until));
    if valid_until <= performed_at {
        report(FieldPath::spec("validUntil"), ProblemKind::EndsBeforeItBegins);
        return None;
    }
    let accounts = account_ids(spec.accounts.as_deref(), namespace, accounts, &mut report);
    let controls = attestable(&spec.controls, planned, catalog, &mut report);
    (!controls.is_empty()).then(|| PlannedAttestation {
        name: format!("{namespace}/{}", object.name),
        controls,
        accounts,
        owner: spec.owner.clone(),
        performed_at,
        valid_until,
        evidence: spec.evidence.clone(),
    })
}

/// The controls that the plan holds. One that other baselines hold is no problem here.
fn attestable(
    names: &[ControlName],
    planned: &[PlannedControl],
    catalog: &Catalog,
    report: &mut dyn FnMut(FieldPath, ProblemKind),
) -> Vec<ControlName> {
    let mut attestable = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let path = FieldPath::spec("controls").index(place);
        match catalog.control(name.as_str()).map(|control| &control.check) {
            None => report(path, controls::unknown_control(name, catalog)),
            Some(
                CompiledCheck::Expression(_)
                | CompiledCheck::ConfigRule(_)
                | CompiledCheck::Refused(_),
            ) => {
                report(path, ProblemKind::NotAttestable { name: name.to_string() });
            }
            Some(CompiledCheck::Attestation) => {
                if planned.iter().any(|control| control.control.name == *name) {
                    attestable.push(name.clone());
                }
            }
        }
    }
    attestable
}
