//! Drift that is accepted, and procedures that are attested.

use super::{NOW, baseline, objects, plan};
use crate::plan::Resolved;
use crate::plan::{MatchSubject, Plan};
use cel::{Timestamp, Value};
use manifest::document::SourceFile;
use model::AccountId;

pub(super) fn exemption(namespace: &str, fields: &str) -> String {
    format!(
        "apiVersion: plumbline.dev/v1alpha1\nkind: Exemption\n\
         metadata: {{name: legacy, namespace: {namespace}}}\n\
         spec: {{baseline: production, reason: r, approvedBy: a, {fields}}}"
    )
}

pub(super) const HALF_A_YEAR: &str =
    "approvedAt: '2026-03-01T00:00:00Z', expiresAt: '2026-09-01T00:00:00Z', ";

fn with_exemption(fields: &str) -> (Plan, Vec<String>) {
    let text = baseline("{accounts: {names: [search, payments]}, packs: [{name: own-pack}]}");
    plan(&[&text, &exemption("platform", fields)])
}

fn covers(plan: &Plan, control: &str, account: &str, id: Option<&str>, now: Timestamp) -> bool {
    let subject = id.map(|id| MatchSubject {
        resource_type: "AWS::S3::Bucket",
        id,
        arn: None,
        name: None,
        tags: Some(Value::Map(&[])),
    });
    let account: AccountId = account.parse().unwrap();
    plan.exemptions[0].covers(&control.parse().unwrap(), &account, subject.as_ref(), now)
}

#[test]
fn an_exemption_covers_what_it_names_and_nothing_else() {
    let (plan, problems) = with_exemption(&format!(
        "{HALF_A_YEAR} controls: [own-versioning], accounts: [search], resources: [{{ids: [old-*]}}]"
    ));
    assert_eq!(problems, Vec::<String>::new());
    let covers = |control: &str, account: &str, id| covers(&plan, control, account, id, NOW);
    assert!(covers("own-versioning", "444455556666", Some("old-1")));
    assert!(!covers("own-versioning", "444455556666", Some("new-1")));
    assert!(!covers("own-versioning", "111122223333", Some("old-1")));
    assert!(!covers("own-review", "444455556666", Some("old-1")));
    assert!(!covers("own-versioning", "444455556666", None), "no resource, no cover");
}

#[test]
fn an_exemption_without_resources_covers_all_of_them_and_accounts_too() {
    let (plan, _) = with_exemption(&format!("{HALF_A_YEAR} controls: [own-versioning]"));
    assert!(covers(&plan, "own-versioning", "111122223333", Some("x"), NOW));
    assert!(covers(&plan, "own-versioning", "111122223333", None, NOW));
}

#[test]
fn an_exemption_holds_from_its_approval_until_its_end() {
    let (plan, _) = with_exemption(&format!("{HALF_A_YEAR} controls: [own-versioning]"));
    let at = |seconds| {
        let now = Timestamp { seconds, nanoseconds: 0 };
        covers(&plan, "own-versioning", "111122223333", None, now)
    };
    let (approved, expires) = (1_772_323_200, 1_788_220_800);
    assert!(!at(approved - 1));
    assert!(at(approved));
    assert!(at(expires - 1));
    assert!(!at(expires));
}

/// The plan's own problems with an exemption that the rules of the schema may refuse already.
fn problems_of_exemption(fields: &str) -> (usize, Vec<String>) {
    let text = baseline("{accounts: {names: [search, payments]}, packs: [{name: own-pack}]}");
    let mut objects = objects(&[&text]);
    objects.add(&SourceFile::new("exemption.yaml", exemption("platform", fields)));
    let plan = Resolved::of(&objects, NOW).plans.remove(0);
    (plan.exemptions.len(), plan.problems.iter().map(|problem| problem.kind.to_string()).collect())
}

#[test]
fn an_exemption_of_more_than_366_days_is_refused() {
    let from = "controls: [own-review], approvedAt: '2026-01-01T00:00:00Z'";
    assert_eq!(
        problems_of_exemption(&format!("{from}, expiresAt: '2027-01-02T00:00:01Z'")),
        (0, vec!["the exemption lasts 367 days; at most 366 are allowed".to_owned()])
    );
    assert_eq!(
        problems_of_exemption(&format!("{from}, expiresAt: '2027-01-02T00:00:00Z'")),
        (1, Vec::new())
    );
}

#[test]
fn an_exemption_of_no_resources_at_all_covers_none() {
    let fields = format!("{HALF_A_YEAR} controls: [own-review], resources: [{{}}]");
    assert_eq!(
        problems_of_exemption(&fields),
        (0, vec!["name at least one of types, ids, arns, names, tags".to_owned()])
    );
}

/// The plan with an object that the rules of the schema may refuse already.
fn plan_despite(object: String) -> Plan {
    let text = baseline("{accounts: {names: [search, payments]}, packs: [{name: own-pack}]}");
    let mut objects = objects(&[&text]);
    objects.add(&SourceFile::new("object.yaml", object));
    Resolved::of(&objects, NOW).plans.remove(0)
}

#[test]
fn lists_that_were_emptied_cover_nothing() {
    let said = |plan: &Plan| plan.problems.iter().map(|it| it.kind.to_string()).collect::<Vec<_>>();
    let account: AccountId = "111122223333".parse().unwrap();
    for field in ["resources", "accounts"] {
        let fields = format!("{HALF_A_YEAR} controls: [own-versioning], {field}: []");
        let plan = plan_despite(exemption("platform", &fields));
        let control = "own-versioning".parse().unwrap();
        assert!(!plan.exemptions.iter().any(|it| it.covers(&control, &account, None, NOW)));
        assert_eq!(said(&plan), [format!("`{field}` is empty and matches nothing")]);
    }
    let fields = "accounts: [], controls: [own-review]";
    let plan = plan_despite(attestation(fields));
    let control = "own-review".parse().unwrap();
    assert!(!plan.attestations.iter().any(|it| it.concerns(&control, &account)));
    assert_eq!(said(&plan), ["`accounts` is empty and matches nothing"]);
}

#[test]
fn an_exemption_approved_in_the_future_is_reported_and_covers_nothing_yet() {
    let (plan, problems) = with_exemption(
        "approvedAt: '2026-07-01T00:00:00Z', expiresAt: '2026-08-01T00:00:00Z', \
         controls: [own-versioning]",
    );
    assert_eq!(problems, ["the approval is in the future; set it to the time of the approval"]);
    assert!(!covers(&plan, "own-versioning", "111122223333", None, NOW));
}

#[test]
fn an_exemption_of_accounts_that_are_not_there_covers_none() {
    let (plan, problems) =
        with_exemption(&format!("{HALF_A_YEAR} controls: [own-versioning], accounts: [nobody]"));
    assert_eq!(
        problems,
        [
            "AwsAccount `nobody` does not exist or does not allow the namespace `platform`; create it, \
          or add `platform` to its spec.allowedNamespaces"
        ]
    );
    assert!(!covers(&plan, "own-versioning", "111122223333", None, NOW));
}

#[test]
fn an_exemption_of_another_namespace_counts_for_nothing() {
    let text = baseline("{accounts: {names: [search]}, packs: [{name: own-pack}]}");
    let other = exemption("other", &format!("{HALF_A_YEAR} controls: [own-versioning]"));
    let (plan, problems) = plan(&[&text, &other]);
    assert_eq!(plan.exemptions.len(), 0);
    assert_eq!(problems, ["there is no baseline `production` in this namespace"]);
}

pub(super) fn attestation(fields: &str) -> String {
    format!(
        "apiVersion: plumbline.dev/v1alpha1\nkind: Attestation\n\
         metadata: {{name: review, namespace: platform}}\n\
         spec: {{owner: o, evidence: [{{url: 'https://example.org/1'}}], \
         performedAt: '2026-05-01T00:00:00Z', validUntil: '2026-11-01T00:00:00Z', {fields}}}"
    )
}

#[test]
fn an_attestation_concerns_the_controls_and_accounts_that_it_names() {
    let text = baseline("{accounts: {names: [search, payments]}, packs: [{name: own-pack}]}");
    let (plan, problems) =
        plan(&[&text, &attestation("controls: [own-review], accounts: [search]")]);
    assert_eq!(problems, Vec::<String>::new());
    let [attested] = &plan.attestations[..] else { panic!("one attestation") };
    let review = "own-review".parse().unwrap();
    assert!(attested.concerns(&review, &"444455556666".parse().unwrap()));
    assert!(!attested.concerns(&review, &"111122223333".parse().unwrap()));
    assert!(attested.is_valid(NOW));
    assert!(!attested.is_valid(Timestamp { seconds: NOW.seconds * 2, nanoseconds: 0 }));
}

#[test]
fn an_attestation_of_a_control_that_is_not_checked_by_attestation_is_a_mistake() {
    let text = baseline("{accounts: {names: [search]}, packs: [{name: own-pack}]}");
    let (plan, problems) = plan(&[&text, &attestation("controls: [own-versioning]")]);
    assert_eq!(plan.attestations.len(), 0);
    assert_eq!(
        problems,
        ["control `own-versioning` is not checked by attestation; attestations apply only to \
            controls with `check.attestation`"]
    );
}
