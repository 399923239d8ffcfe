//! A finding's workflow fits its status, whatever a process that ended half-way left of it.

use std::sync::Arc;

use super::super::fixture::{at, bucket, compare_read, finding, plan, publish, result};
use super::super::{Finding, FindingStatus, KnownFindings, Workflow};
use super::UNKNOWN;
use crate::catalog::Catalog;
use crate::evaluation::EvaluationResult;
use crate::plan::{
    AccountRegions, Desired, NamespaceLabels, OwnerKeys, PlannedExemption, UnreadAccounts, resolve,
};
use api::Exemption;
use model::Verdict;

const EXEMPTION: &str = "platform/legacy";
const BASELINE: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production, namespace: platform}
spec: {accounts: {names: [payments]}, controls: [{name: s3-bucket-versioning}]}
";
const LEGACY: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: Exemption
metadata: {name: legacy, namespace: platform}
spec:
  baseline: production
  controls: [s3-bucket-versioning]
  reason: It is replaced next month.
  approvedBy: security@example.com
  approvedAt: 2026-11-01T00:00:00Z
  expiresAt: 2026-12-31T00:00:00Z
";

/// What is seen of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Fails,
    IsExempt,
    Passes,
    DoesNotApply,
    IsUnknown,
    IsNotRead,
    IsGone,
    HasNoBaseline,
}

const SEEN: [Seen; 8] = [
    Seen::Fails,
    Seen::IsExempt,
    Seen::Passes,
    Seen::DoesNotApply,
    Seen::IsUnknown,
    Seen::IsNotRead,
    Seen::IsGone,
    Seen::HasNoBaseline,
];
const WORKFLOWS: [Workflow; 4] =
    [Workflow::New, Workflow::Notified, Workflow::Suppressed, Workflow::Resolved];

thread_local! {
    static EXEMPTED: PlannedExemption = exemption();
}

/// Every finding that may stand there, and some that may not.
fn standing() -> Vec<Finding> {
    let mut standing = vec![finding("logs", at(0))];
    let mut vary = |with: &dyn Fn(&mut Finding)| {
        let mut others = standing.clone();
        others.iter_mut().for_each(with);
        standing.extend(others);
    };
    vary(&|it| it.status = FindingStatus::Passed);
    vary(&|it| it.archived = true);
    vary(&|it| it.exemption = Some(EXEMPTION.to_owned()));
    let with = |workflow| move |it: &Finding| Finding { workflow, ..it.clone() };
    WORKFLOWS.into_iter().flat_map(|workflow| standing.iter().map(with(workflow))).collect()
}

/// Every such finding with all that may be seen of its bucket, and whether what passes is
/// published.
fn cases() -> impl Iterator<Item = (Finding, Seen, bool)> {
    let seen = standing().into_iter().flat_map(|stood| SEEN.map(|seen| (stood.clone(), seen)));
    seen.flat_map(|(stood, seen)| [false, true].map(|passed| (stood.clone(), seen, passed)))
}

fn exemption() -> PlannedExemption {
    let (baseline, accounts): (_, [api::AwsAccount; 0]) =
        (serde_saphyr::from_str(BASELINE).unwrap(), []);
    let exemptions: [Exemption; 1] = [serde_saphyr::from_str(LEGACY).unwrap()];
    let mut plan = resolve(
        &Desired {
            baseline: &Arc::new(baseline),
            accounts: &accounts,
            unread_accounts: &UnreadAccounts::new(),
            exemptions: &exemptions,
            attestations: &[] as &[api::Attestation],
            namespaces: &NamespaceLabels::new(),
            account_regions: AccountRegions::default(),
            owner_keys: &OwnerKeys::default(),
        },
        Catalog::built_in(),
    );
    plan.exemptions.remove(0)
}

fn round(known: &mut KnownFindings, seen: Seen, passed: bool, seconds: i64) -> usize {
    let mut plan = plan(&["s3-bucket-versioning"]);
    plan.exemptions.push(EXEMPTED.with(Clone::clone));
    plan.publish.passed = passed;
    let of = |verdict| result(bucket("logs"), verdict);
    let results: Vec<EvaluationResult<'_>> = match seen {
        Seen::Fails => vec![of(Verdict::NonCompliant)],
        Seen::IsExempt => {
            vec![EvaluationResult { exemption: Some(0), ..of(Verdict::NonCompliant) }]
        }
        Seen::Passes => vec![of(Verdict::Compliant)],
        Seen::DoesNotApply => vec![of(Verdict::NotApplicable)],
        Seen::IsUnknown => vec![of(UNKNOWN)],
        Seen::IsNotRead | Seen::IsGone | Seen::HasNoBaseline => Vec::new(),
    };
    let plans = if seen == Seen::HasNoBaseline { Vec::new() } else { vec![plan] };
    let complete = seen != Seen::IsNotRead;
    let drift = compare_read(&plans, known, &results, at(seconds), complete);
    publish(known, &drift).len()
}

fn fits(finding: &Finding) -> bool {
    match finding.status {
        FindingStatus::Failed => finding.workflow != Workflow::Resolved,
        FindingStatus::Passed => finding.exemption.is_none() && finding.workflow != Workflow::New,
    }
}

#[test]
fn whatever_stands_there_one_round_makes_workflow_and_status_fit_and_the_next_sends_nothing() {
    for (stood, seen, passed) in cases() {
        let mut known = KnownFindings::new();
        known.upsert(stood.clone());
        let reported = format!(
            "{:?} {:?} {:?} archived: {}, seen: {seen:?}, passed: {passed}",
            stood.status, stood.workflow, stood.exemption, stood.archived
        );
        let sent = round(&mut known, seen, passed, 60);
        let after = known.get(stood.id.as_str()).unwrap().into_owned();
        assert!(fits(&after), "{reported} became {:?} {:?}", after.status, after.workflow);
        assert!(sent > 0 || after == stood, "{reported}");
        assert_eq!(round(&mut known, seen, passed, 120), 0, "{reported}");
    }
}

#[test]
fn what_a_person_said_stays_where_the_status_does() {
    for (stood, seen, passed) in cases() {
        let by_person = match stood.workflow {
            Workflow::Notified => true,
            Workflow::Suppressed => stood.exemption.is_none(),
            Workflow::New | Workflow::Resolved => false,
        };
        if !by_person || stood.archived {
            continue;
        }
        let mut known = KnownFindings::new();
        known.upsert(stood.clone());
        round(&mut known, seen, passed, 60);
        let after = known.get(stood.id.as_str()).unwrap();
        let turned = after.status != stood.status;
        let newly_exempt = after.exemption.is_some() && stood.exemption.is_none();
        let lifted = stood.exemption.is_some() && after.exemption.is_none();
        if stood.workflow == Workflow::Suppressed || !(turned || newly_exempt || lifted) {
            assert_eq!(after.workflow, stood.workflow, "{stood:?} {seen:?}");
        }
    }
}

#[test]
fn a_finding_that_was_resolved_ahead_of_its_import_is_new_again_when_the_resource_still_fails() {
    let mut known = KnownFindings::new();
    known.upsert(Finding { workflow: Workflow::Resolved, ..finding("logs", at(0)) });
    assert_eq!(round(&mut known, Seen::Fails, false, 60), 1);
    let after = known.iter().next().unwrap();
    assert_eq!((after.status, after.workflow), (FindingStatus::Failed, Workflow::New));
}
