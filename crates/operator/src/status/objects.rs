//! The status of controls, packs, exemptions and attestations: accepted, or where the mistake is.

use super::condition::{ConditionValue, join_first};
use super::outlook::Outlook;
use super::problems::may_come;
use crate::time::moment;
use api::{Attestation, ConditionReason, ConditionType, Exemption, ObjectStatus, Time};
use cel::Timestamp;
use engine::catalog::CatalogReason;
use engine::{Problem, ProblemKind};

/// So many mistakes are reported in one message.
const LISTED: usize = 5;

/// A control or pack, with what is wrong with it.
pub(super) fn of_catalog(problems: &[&Problem]) -> ConditionValue {
    wrong(problems).unwrap_or_else(|| {
        ConditionValue::yes(ConditionReason::Accepted, "valid; baselines may use it")
    })
}

/// An exemption, with what is wrong with it.
pub(super) fn of_exemption(
    exemption: &Exemption,
    problems: &[&Problem],
    now: Timestamp,
) -> ConditionValue {
    let (approved, expires) = (&exemption.spec.approved_at, &exemption.spec.expires_at);
    if let Some(said) = wrong(problems) {
        return said;
    }
    if moment(approved) > now {
        let message = format!("spec.approvedAt: {}", ProblemKind::ApprovedInFuture);
        return ConditionValue::no(ConditionReason::ApprovedInFuture, message);
    }
    in_time(expires, "expired", now)
}

/// An attestation, with what is wrong with it.
pub(super) fn of_attestation(
    attestation: &Attestation,
    problems: &[&Problem],
    now: Timestamp,
) -> ConditionValue {
    wrong(problems).unwrap_or_else(|| in_time(&attestation.spec.valid_until, "ended", now))
}

/// Who puts right what is wrong with an exemption or attestation. That it is not yet or no longer in
/// force is as its author wants it.
pub(super) fn outlook(problems: &[&Problem]) -> Outlook {
    match problems {
        [] => Outlook::Ready,
        all if all.iter().all(|problem| may_come(&problem.kind)) => Outlook::OtherObject,
        _ => Outlook::Author,
    }
}

fn wrong(problems: &[&Problem]) -> Option<ConditionValue> {
    let reason = match &problems.first()?.kind {
        ProblemKind::Catalog(mistake) if mistake.reason == CatalogReason::NameTaken => {
            ConditionReason::NameTaken
        }
        _ => ConditionReason::Invalid,
    };
    let shown: Vec<String> = problems.iter().map(|it| without_object(it)).collect();
    Some(ConditionValue::no(reason, join_first(&shown, LISTED)))
}

fn in_time(end: &Time, ended: &str, now: Timestamp) -> ConditionValue {
    let until = end.0;
    if moment(end) <= now {
        return ConditionValue::no(
            ConditionReason::Expired,
            format!("it {ended} at {until}; renew it, or delete it"),
        );
    }
    ConditionValue::yes(ConditionReason::Accepted, format!("in force until {until}"))
}

/// What is wrong, without the name of the object that it is reported on.
fn without_object(problem: &Problem) -> String {
    format!("{}: {}", problem.path, problem.kind.in_words())
}

/// The whole status.
pub(super) fn status(
    (said, outlook): (ConditionValue, Outlook),
    generation: Option<i64>,
    before: Option<&ObjectStatus>,
    now: &Time,
) -> ObjectStatus {
    let stood = before.map(|it| it.conditions.as_slice()).unwrap_or_default();
    let accepted = said.condition(ConditionType::Accepted, generation, stood, now);
    let progress = outlook.condition(&accepted, stood, now);
    let conditions = [accepted].into_iter().chain(progress).collect();
    ObjectStatus { observed_generation: generation, conditions }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::catalog::Catalog;
    use engine::drift::fixture::at;

    fn control(name: &str, compliant: &str) -> api::Control {
        serde_saphyr::from_str(&format!(
            "apiVersion: plumbline.dev/v1alpha1\nkind: Control\nmetadata: {{name: {name}}}\n\
             spec:\n  title: t\n  description: d\n  severity: Low\n  domain: governance\n  \
             remediation: {{text: r}}\n  check: {{expression: {{\
             resourceTypes: ['AWS::S3::Bucket'], compliant: '{compliant}'}}}}\n"
        ))
        .unwrap()
    }

    fn said(name: &str, compliant: &str) -> ConditionValue {
        let (_, problems) = Catalog::built_in().clone().with([control(name, compliant)], []);
        of_catalog(&problems.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_mistake_in_a_control_is_reported_with_its_position() {
        let said = said("ours", "resourse.name == \"a\"");
        assert_eq!(said.reason, ConditionReason::Invalid);
        assert!(said.message.contains("line 1, column 1"), "{}", said.message);
        assert!(said.message.starts_with("spec.check.expression.compliant"), "{}", said.message);
    }

    #[test]
    fn a_control_named_like_a_built_in_one_is_reported_so() {
        assert_eq!(said("s3-bucket-versioning", "true").reason, ConditionReason::NameTaken);
        assert_eq!(said("ours", "resource.name == \"a\"").reason, ConditionReason::Accepted);
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
                .map(|it| ConditionReason::of(it).unwrap())
        );
    }
}
