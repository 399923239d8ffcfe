use std::collections::BTreeSet;
use std::time::Duration;

use super::fixture::{evaluation, named, target};
use super::*;
use api::{Attestation, AwsAccount, ConditionStatus, ConditionType, Exemption};
use engine::catalog::Catalog;
use engine::drift::fixture::{at, plan};
use engine::plan::{
    AccountRegions, Desired, NamespaceLabels, OwnerKeys, Plan, UnreadAccounts, resolve,
};
use model::{AccountId, InternalError, Owner, Severity, Verdict};

mod growth;
mod owners;

const ACCOUNT: &str = "111122223333";

fn figures_with(plan: &Plan, verdicts: impl Fn(usize, usize) -> Vec<Verdict>) -> Figures {
    let (outcome, summary) = evaluation(plan, verdicts);
    Figures::of(plan, &outcome.plans[0], &summary)
}

fn figures(plan: &Plan) -> Figures {
    figures_with(plan, |_, _| Vec::new())
}

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn production(controls: usize) -> Plan {
    named("platform", "production", controls)
}

fn evaluated(plan: &Plan, figures: Figures) -> Metrics {
    let metrics = Metrics::new().unwrap();
    metrics.operator().unwrap();
    metrics.baselines().evaluated(&plan.baseline, figures, Duration::from_millis(20));
    metrics
}

/// The series that there are.
fn series(metrics: &Metrics) -> Vec<String> {
    let text = metrics.text().unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The numbers of the series of a family, by what is in the braces.
fn of(metrics: &Metrics, family: &str) -> Vec<(String, u64)> {
    let of = |line: &String| {
        let rest = line.strip_prefix(family)?.strip_prefix('{')?;
        let (labels, number) = rest.rsplit_once("} ")?;
        Some((labels.to_owned(), number.parse().unwrap()))
    };
    series(metrics).iter().filter_map(of).collect()
}

fn sum(metrics: &Metrics, family: &str) -> u64 {
    of(metrics, family).iter().map(|(_, number)| number).sum()
}

#[track_caller]
fn shows(metrics: &Metrics, line: &str) {
    let all = series(metrics);
    assert!(all.iter().any(|it| it == line), "{line} is not in\n{}", all.join("\n"));
}

#[test]
fn zero_is_written_while_a_control_is_planned() {
    let plan = production(1);
    let metrics = evaluated(&plan, figures(&plan));
    for (verdict, count) in [("NonCompliant", 0), ("Unknown", 1)] {
        let line = format!(
            "plumbline_control_resources{{namespace=\"platform\",baseline=\"production\",\
             control=\"control-000\",severity=\"Medium\",verdict=\"{verdict}\"}} {count}"
        );
        shows(&metrics, &line);
    }
    let target = "namespace=\"platform\",baseline=\"production\",account=\"111122223333\",\
                  region=\"eu-west-1\",owner=\"platform\"";
    shows(&metrics, &format!("plumbline_target_drift{{{target},severity=\"Medium\"}} 0"));
    shows(&metrics, &format!("plumbline_target_unknown{{{target}}} 1"));
    shows(&metrics, &format!("plumbline_target_exempt{{{target}}} 0"));
}

/// Two controls, one of which an exemption names.
const EXEMPTING: [&str; 2] = [
    "
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production, namespace: platform}
spec:
  accounts: {names: [payments]}
  controls: [{name: s3-bucket-versioning}, {name: s3-bucket-logging}]
",
    "
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
",
];

#[test]
fn exempt_is_written_where_an_exemption_names_the_control() {
    let [baseline, exemption] = EXEMPTING;
    let mut plan = resolve(
        &Desired {
            baseline: &serde_saphyr::from_str(baseline).unwrap(),
            accounts: &[] as &[AwsAccount],
            unread_accounts: &UnreadAccounts::new(),
            exemptions: &[serde_saphyr::from_str::<Exemption>(exemption).unwrap()],
            attestations: &[] as &[Attestation],
            namespaces: &NamespaceLabels::new(),
            account_regions: AccountRegions::default(),
            owner_keys: &OwnerKeys::default(),
        },
        Catalog::built_in(),
    );
    plan.targets = vec![target(ACCOUNT, "eu-west-1")];
    let metrics = evaluated(&plan, figures(&plan));
    metrics.baselines().declared(&plan);
    let resources = of(&metrics, "plumbline_control_resources");
    assert_eq!(resources.len(), 5);
    let exempt = resources.iter().filter(|(labels, _)| labels.contains("Exempt"));
    let named: Vec<bool> = exempt.map(|(labels, _)| labels.contains("versioning")).collect();
    assert_eq!(named, [true]);
    shows(
        &metrics,
        "plumbline_exemption_expiry_timestamp_seconds{namespace=\"platform\",\
         baseline=\"production\",exemption=\"legacy\"} 1798675200",
    );
}

#[test]
fn of_a_condition_the_status_that_holds_is_one() {
    let plan = production(1);
    let metrics = evaluated(&plan, figures(&plan));
    let conditions = [(ConditionType::Ready, ConditionStatus::False)];
    metrics.baselines().conditions(&plan.baseline, conditions);
    metrics.accounts().conditions(&account(ACCOUNT), conditions);
    metrics.configuration_errors(2);
    for (status, holds) in [("True", 0), ("False", 1), ("Unknown", 0)] {
        let condition = format!("type=\"Ready\",status=\"{status}\"}} {holds}");
        let of_baseline =
            "plumbline_baseline_condition{namespace=\"platform\",baseline=\"production\"";
        shows(&metrics, &format!("{of_baseline},{condition}"));
        shows(&metrics, &format!("plumbline_account_condition{{account=\"{ACCOUNT}\",{condition}"));
    }
    shows(&metrics, "plumbline_configuration_errors 2");
    metrics.baselines().let_go(&plan.baseline);
    assert_eq!(of(&metrics, "plumbline_baseline_condition"), []);
    metrics.accounts().retain_conditions(|_| false);
    assert_eq!(of(&metrics, "plumbline_account_condition"), []);
}

#[test]
fn the_series_of_a_deleted_baseline_go() {
    let (kept, deleted) = (named("a", "bc", 2), named("ab", "c", 3));
    let metrics = evaluated(&kept, figures(&kept));
    metrics.baselines().evaluated(&deleted.baseline, figures(&deleted), Duration::ZERO);
    metrics.baselines().drift_opened(&deleted.baseline, Severity::Low);
    metrics.baselines().declared(&deleted);
    metrics.baselines().retain(|key| *key == kept.baseline);
    let all = series(&metrics).join("\n");
    assert!(!all.contains("namespace=\"ab\""), "{all}");
    assert_eq!(of(&metrics, "plumbline_control_resources").len(), 4);
}

#[test]
fn the_series_of_an_account_go_with_it() {
    let plan = production(1);
    let metrics = Metrics::new().unwrap();
    let (kept, gone) = (account("111122223333"), account("444455556666"));
    for id in [&kept, &gone] {
        metrics.accounts().expects(id, AccountFacts::default());
        metrics.accounts().evaluated(id, at(0));
        metrics.accounts().published(id, 1, 0);
        metrics.aws().recorder(id.as_str(), "eu-west-1", true);
        let mut plan = plan.clone();
        plan.targets = vec![target(id.as_str(), "eu-west-1")];
        let figures = figures(&plan);
        metrics.baselines().account_evaluated(&plan.baseline, id, figures, Duration::ZERO);
    }
    metrics.accounts().forget(&gone);
    metrics.baselines().retain_of_account(&gone, |_| false);
    let all = series(&metrics).join("\n");
    assert!(all.contains("111122223333"), "{all}");
    assert!(!all.contains("444455556666"), "{all}");
}

#[test]
fn the_parts_of_a_baseline_add_up_whatever_controls_each_has() {
    let metrics = Metrics::new().unwrap();
    let parts = [("111122223333", vec!["a", "c"]), ("444455556666", vec!["b", "c", "d"])];
    for (id, controls) in parts {
        let mut plan = Plan { baseline: production(0).baseline, ..plan(&controls) };
        plan.targets = vec![target(id, "eu-west-1"), target(id, "us-east-1")];
        let figures = figures_with(&plan, |_, _| vec![Verdict::NonCompliant]);
        metrics.baselines().account_evaluated(
            &plan.baseline,
            &account(id),
            figures,
            Duration::ZERO,
        );
    }
    let resources = of(&metrics, "plumbline_control_resources");
    let drift = resources.iter().filter(|(labels, _)| labels.contains("NonCompliant"));
    let drift: Vec<u64> = drift.map(|(_, number)| *number).collect();
    assert_eq!(drift, [2, 2, 4, 2]);
    let verdicts = of(&metrics, "plumbline_baseline_verdicts");
    let numbers: Vec<u64> = verdicts.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, [30, 10, 10, 0, 0]);
    assert_eq!(sum(&metrics, "plumbline_target_drift"), 10);
}

#[test]
fn drift_is_shown_worst_first_and_what_is_left_out_is_counted() {
    let mut plan = production(4);
    for (control, severity) in plan.controls.iter_mut().zip(Severity::ALL) {
        control.severity = severity;
    }
    let drift = |_, control| vec![Verdict::NonCompliant; 4 - control];
    let metrics = evaluated(&plan, figures_with(&plan, drift));
    metrics.baselines().limit_drift(2);
    let shown = of(&metrics, "plumbline_drift_resources");
    let mut shown: Vec<(u64, bool)> =
        shown.iter().map(|(labels, number)| (*number, labels.contains("High"))).collect();
    shown.sort_unstable();
    assert_eq!(shown, [(1, true), (2, false)]);
    assert_eq!(of(&metrics, "plumbline_drift_since_timestamp_seconds").len(), 2);
    assert_eq!(sum(&metrics, "plumbline_drift_left_out_resources"), 7);
    // A severity's oldest drift is shown whatever is left out.
    assert_eq!(of(&metrics, "plumbline_drift_oldest_timestamp_seconds").len(), 4);
    // A replica with half of the shards shows half of it.
    metrics.baselines().share(8, 16);
    assert_eq!(of(&metrics, "plumbline_drift_resources").len(), 1);
    metrics.baselines().share(0, 16);
    assert_eq!(of(&metrics, "plumbline_drift_resources").len(), 0);
    assert_eq!(sum(&metrics, "plumbline_drift_left_out_resources"), 10);
}

#[test]
fn an_account_shows_its_interval_from_the_start_and_its_time_once_it_is_evaluated() {
    let metrics = Metrics::new().unwrap();
    let labels = [("team", "payments"), ("cost-center", "7"), ("secret", "x")];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let interval = Some(Duration::from_mins(30));
    let owner = Owner::new("payments");
    let facts = AccountFacts { name: "payments-prod".to_owned(), labels, owner, interval };
    metrics.accounts().show_labels(vec!["team".to_owned(), "cost-center".to_owned()]);
    metrics.accounts().expects(&account(ACCOUNT), facts);
    shows(&metrics, &format!("plumbline_account_interval_seconds{{account=\"{ACCOUNT}\"}} 1800"));
    shows(
        &metrics,
        "plumbline_account_info{account=\"111122223333\",name=\"payments-prod\",owner=\"payments\",\
         label_cost_center=\"7\",label_team=\"payments\"} 1",
    );
    let time = "plumbline_account_last_evaluation_timestamp_seconds";
    assert_eq!(of(&metrics, time), []);
    metrics.accounts().evaluated(&account(ACCOUNT), at(5));
    assert_eq!(sum(&metrics, time), 1_795_305_605);
}

#[test]
fn of_a_suspended_baseline_nothing_old_is_shown() {
    let mut plan = production(2);
    let metrics = evaluated(&plan, figures(&plan));
    plan.suspended = true;
    metrics.baselines().declared(&plan);
    metrics.baselines().suspended(&plan.baseline);
    assert_eq!(sum(&metrics, "plumbline_baseline_targets"), 0);
    for family in ["baseline_verdicts", "target_unknown", "control_resources"] {
        assert_eq!(of(&metrics, &format!("plumbline_{family}")), [], "{family}");
    }
}

#[test]
fn before_its_first_evaluation_a_baseline_shows_what_it_asks_for_and_no_verdict() {
    let metrics = Metrics::new().unwrap();
    metrics.baselines().declared(&production(3));
    assert_eq!(sum(&metrics, "plumbline_baseline_targets"), 1);
    assert_eq!(sum(&metrics, "plumbline_baseline_interval_seconds"), 1800);
    assert_eq!(of(&metrics, "plumbline_control_info").len(), 3);
    shows(
        &metrics,
        "plumbline_baseline_info{namespace=\"platform\",baseline=\"production\",\
         suspended=\"false\",published=\"true\"} 1",
    );
    for family in ["baseline_verdicts", "target_drift", "control_resources", "drift_left_out"] {
        assert_eq!(of(&metrics, &format!("plumbline_{family}")), [], "{family}");
    }
}

#[test]
fn the_ratio_is_that_of_the_last_evaluation_or_absent() {
    let plan = production(1);
    let incomplete = || {
        let mut figures = figures(&plan);
        figures.compliance_ratio = None;
        figures
    };
    let metrics = evaluated(&plan, incomplete());
    let is_absent = || !metrics.text().unwrap().contains("compliance_ratio");
    assert!(is_absent(), "nothing was read whole");
    metrics.baselines().evaluated(&plan.baseline, figures(&plan), Duration::ZERO);
    shows(
        &metrics,
        "plumbline_compliance_ratio{namespace=\"platform\",baseline=\"production\"} 0.75",
    );
    metrics.baselines().evaluated(&plan.baseline, incomplete(), Duration::ZERO);
    assert!(is_absent(), "what was read earlier says nothing of now");
}

#[test]
fn every_place_of_an_internal_error_has_a_series_from_the_start() {
    let metrics = Metrics::new().unwrap();
    let mut errors = InternalErrors::default();
    for _ in 0..3 {
        errors.add(InternalError::new(InternalPlace::Join, "a type has no entry"));
    }
    metrics.internal_errors(&errors);
    for place in InternalPlace::ALL {
        let count = if place == InternalPlace::Join { 3 } else { 0 };
        shows(&metrics, &format!("plumbline_internal_errors_total{{place=\"{place}\"}} {count}"));
    }
}

/// What `promtool check metrics` asks of names and help.
#[test]
fn names_follow_prometheus_conventions() {
    let metrics = Metrics::new().unwrap();
    metrics.operator().unwrap();
    let described = metrics.described();
    let names: BTreeSet<&str> = described.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names.len(), described.len(), "a name is taken twice");
    for Description { name, kind, labels, help } in &described {
        assert_eq!(name.ends_with("_total"), *kind == "counter", "{name}");
        assert!(name.starts_with("plumbline_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        for suffix in ["_count", "_sum", "_bucket", "_gauge", "_counter", "_milliseconds"] {
            assert!(!name.ends_with(suffix), "{name}");
        }
        assert!(help.ends_with('.') && !help.contains('\n'), "{name}: {help}");
        assert!(!labels.iter().any(|label| label == "le" || label == "quantile"), "{name}");
    }
}
