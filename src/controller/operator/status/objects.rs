//! The status of controls, packs, exemptions and attestations: accepted, or where the mistake is.

use super::condition::{Said, few};
use crate::api::{Attestation, Exemption, ObjectKey, ObjectStatus, Time};
use crate::catalog::CatalogProblem;
use crate::controller::operator::time::moment;
use crate::plan::{Problem, ProblemKind};
use crate::resource::Timestamp;

/// So many mistakes are told in one message.
const TOLD: usize = 5;

/// A control or pack, with what is wrong with it.
pub(super) fn of_catalog(problems: &[&CatalogProblem]) -> Said {
    let Some(first) = problems.first() else {
        return Said::yes("Accepted", "valid; baselines may use it");
    };
    let told: Vec<String> = problems.iter().map(|it| without_object(&it.object, *it)).collect();
    let reason = if first.message.starts_with("NameTaken") { "NameTaken" } else { "Invalid" };
    Said::no(reason, few(&told, TOLD))
}

/// An exemption, with what is wrong with it.
pub(super) fn of_exemption(exemption: &Exemption, problems: &[&Problem], now: Timestamp) -> Said {
    let (approved, expires) = (&exemption.spec.approved_at, &exemption.spec.expires_at);
    if let Some(said) = wrong(problems) {
        return said;
    }
    if moment(approved) > now {
        let message = format!("spec.approvedAt: {}", ProblemKind::ApprovedInFuture);
        return Said::no("ApprovedInFuture", message);
    }
    in_time(expires, "expired", now)
}

/// An attestation, with what is wrong with it.
pub(super) fn of_attestation(
    attestation: &Attestation,
    problems: &[&Problem],
    now: Timestamp,
) -> Said {
    wrong(problems).unwrap_or_else(|| in_time(&attestation.spec.valid_until, "ended", now))
}

fn wrong(problems: &[&Problem]) -> Option<Said> {
    if problems.is_empty() {
        return None;
    }
    let told: Vec<String> = problems.iter().map(|it| without_object(&it.object, *it)).collect();
    Some(Said::no("Invalid", few(&told, TOLD)))
}

fn in_time(end: &Time, ended: &str, now: Timestamp) -> Said {
    let until = end.0;
    if moment(end) <= now {
        return Said::no("Expired", format!("it {ended} at {until}; renew it, or delete it"));
    }
    Said::yes("Accepted", format!("in force until {until}"))
}

/// What is wrong, without the name of the object that it is told on.
fn without_object(object: &ObjectKey, problem: &dyn std::fmt::Display) -> String {
    let told = problem.to_string();
    told.strip_prefix(&format!("{object}: ")).unwrap_or(&told).to_owned()
}

/// The whole status.
pub(super) fn status(
    said: Said,
    generation: Option<i64>,
    before: Option<&ObjectStatus>,
    now: &Time,
) -> ObjectStatus {
    let stood = before.map(|it| it.conditions.as_slice()).unwrap_or_default();
    ObjectStatus {
        observed_generation: generation,
        conditions: vec![said.condition("Accepted", generation, stood, now)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::drift::fixture::at;

    fn control(name: &str, compliant: &str) -> crate::api::Control {
        serde_saphyr::from_str(&format!(
            "apiVersion: plumbline.dev/v1alpha1\nkind: Control\nmetadata: {{name: {name}}}\n\
             spec:\n  title: t\n  description: d\n  severity: Low\n  domain: governance\n  \
             remediation: {{text: r}}\n  check: {{expression: {{\
             resourceTypes: ['AWS::S3::Bucket'], compliant: '{compliant}'}}}}\n"
        ))
        .unwrap()
    }

    fn said(name: &str, compliant: &str) -> Said {
        let (_, problems) = Catalog::built_in().clone().with([control(name, compliant)], []);
        of_catalog(&problems.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_mistake_in_a_control_is_told_with_its_position() {
        let said = said("ours", "resourse.name == \"a\"");
        assert_eq!(said.reason, "Invalid");
        assert!(said.message.contains("line 1, column 1"), "{}", said.message);
        assert!(said.message.starts_with("spec.check.expression.compliant"), "{}", said.message);
    }

    #[test]
    fn a_control_named_like_a_built_in_one_is_told_so() {
        assert_eq!(said("s3-bucket-versioning", "true").reason, "NameTaken");
        assert_eq!(said("ours", "resource.name == \"a\"").reason, "Accepted");
    }

    #[test]
    fn an_exemption_expires_by_the_clock() {
        let exemption: Exemption = serde_json::from_value(serde_json::json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Exemption",
            "metadata": {"name": "legacy", "namespace": "platform"},
            "spec": {
                "baseline": "production", "controls": ["a"], "reason": "r", "approvedBy": "a",
                "approvedAt": "2026-11-22T00:00:10Z", "expiresAt": "2026-11-22T00:01:00Z",
            },
        }))
        .unwrap();
        let reason = |seconds| of_exemption(&exemption, &[], at(seconds)).reason;
        assert_eq!(
            [0, 10, 59, 60].map(reason),
            ["ApprovedInFuture", "Accepted", "Accepted", "Expired"]
        );
    }
}
