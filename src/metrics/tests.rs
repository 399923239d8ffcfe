use std::time::Duration;

use super::*;
use crate::evaluation::Counts;
use crate::plan::BaselineKey;
use crate::resource::{InternalError, Severity, Timestamp, UnknownReason, Verdict};

fn baseline(namespace: &str, name: &str) -> BaselineKey {
    BaselineKey { namespace: namespace.to_owned(), name: name.to_owned() }
}

fn counts() -> Counts {
    let mut counts = Counts::default();
    (0..3).for_each(|_| counts.count(Verdict::Compliant, false));
    counts.count(Verdict::Unknown(UnknownReason::NotRecorded), false);
    counts
}

fn figures(controls: usize) -> Figures {
    let control = |number: usize| ControlFigure {
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        control: format!("control-{number}").parse().unwrap(),
        severity: Severity::High,
        counts: counts(),
    };
    let target = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let account: crate::resource::AccountId = "111122223333".parse().unwrap();
    Figures {
        controls: (0..controls).map(control).collect(),
        evaluated: [(target, 4)].into(),
        unknown: UnknownReason::ALL.map(|reason| ((account.clone(), reason), 1)).into(),
        exemptions: Vec::new(),
        evaluations: 4,
        complete: true,
        compliance_ratio: counts().compliance_ratio(),
        finished_at: Some(Timestamp { seconds: 1_800_000_000, nanoseconds: 500_000_000 }),
    }
}

fn series(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

fn evaluated(key: &BaselineKey, figures: Figures) -> Metrics {
    let metrics = Metrics::new().unwrap();
    metrics.operator().unwrap();
    metrics.baselines().evaluated(key, figures, Duration::from_millis(20));
    metrics
}

#[test]
fn zero_is_written_while_a_control_is_planned() {
    let text = evaluated(&baseline("platform", "production"), figures(1)).text().unwrap();
    for (verdict, count) in [("NonCompliant", 0), ("Unknown", 1), ("Exempt", 0)] {
        let line = format!(
            "plumbline_resources{{namespace=\"platform\",baseline=\"production\",\
             account=\"111122223333\",region=\"eu-west-1\",control=\"control-0\",\
             severity=\"High\",verdict=\"{verdict}\"}} {count}"
        );
        assert!(series(&text).contains(&line.as_str()), "{line} is not in\n{text}");
    }
}

#[test]
fn of_a_condition_the_status_that_holds_is_one() {
    let key = baseline("platform", "production");
    let metrics = evaluated(&key, figures(1));
    let conditions = [("Ready".to_owned(), ConditionStatus::False)];
    metrics.baselines().conditions(&key, conditions);
    metrics.configuration_errors(2);
    let text = metrics.text().unwrap();
    for (status, holds) in [("True", 0), ("False", 1), ("Unknown", 0)] {
        let line = format!(
            "plumbline_baseline_condition{{namespace=\"platform\",baseline=\"production\",\
             type=\"Ready\",status=\"{status}\"}} {holds}"
        );
        assert!(series(&text).contains(&line.as_str()), "{line} is not in\n{text}");
    }
    assert!(series(&text).contains(&"plumbline_configuration_errors 2"), "{text}");
    metrics.baselines().conditions(&key, []);
    assert!(!metrics.text().unwrap().contains("plumbline_baseline_condition{"));
}

#[test]
fn the_series_of_a_deleted_baseline_go() {
    let (kept, deleted) = (baseline("a", "bc"), baseline("ab", "c"));
    let metrics = evaluated(&kept, figures(2));
    metrics.baselines().evaluated(&deleted, figures(3), Duration::ZERO);
    metrics.baselines().drift_opened(&deleted, Severity::Low);
    metrics.baselines().retain(|key| *key == kept);
    let text = metrics.text().unwrap();
    assert!(!text.contains("namespace=\"ab\""), "{text}");
    assert_eq!(text.matches("plumbline_resources{namespace=\"a\",baseline=\"bc\"").count(), 6);
}

#[test]
fn a_hundred_controls_on_one_target_stay_within_five_hundred_series() {
    let key = baseline("platform", "production");
    let text = evaluated(&key, figures(100)).text().unwrap();
    assert!(series(&text).len() <= 500, "{} series", series(&text).len());
}

#[test]
fn the_ratio_is_absent_before_a_complete_evaluation_and_kept_after_it() {
    let key = baseline("platform", "production");
    let incomplete = || Figures { complete: false, ..figures(1) };
    let metrics = evaluated(&key, incomplete());
    assert!(!metrics.text().unwrap().contains("compliance_ratio"));
    metrics.baselines().evaluated(&key, figures(1), Duration::ZERO);
    metrics.baselines().evaluated(&key, incomplete(), Duration::ZERO);
    let text = metrics.text().unwrap();
    let ratio = "plumbline_compliance_ratio{namespace=\"platform\",baseline=\"production\"} 0.75";
    assert!(series(&text).contains(&ratio), "{text}");
}

#[test]
fn every_place_of_an_internal_error_has_a_series_from_the_start() {
    let metrics = Metrics::new().unwrap();
    let mut errors = InternalErrors::default();
    for _ in 0..3 {
        errors.add(InternalError::new(InternalPlace::Join, "a type has no entry"));
    }
    metrics.internal_errors(&errors);
    let text = metrics.text().unwrap();
    for place in InternalPlace::ALL {
        let count = if place == InternalPlace::Join { 3 } else { 0 };
        let line = format!("plumbline_internal_errors_total{{place=\"{place}\"}} {count}");
        assert!(series(&text).contains(&line.as_str()), "{line} is not in\n{text}");
    }
}

/// What `promtool check metrics` asks of names and help.
#[test]
fn names_follow_prometheus_conventions() {
    let text = evaluated(&baseline("platform", "production"), figures(1)).text().unwrap();
    for declared in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = declared.split_once(' ').unwrap();
        assert_eq!(name.ends_with("_total"), kind == "counter", "{declared}");
        assert!(name.starts_with("plumbline_"), "{declared}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{declared}");
        for suffix in ["_count", "_sum", "_bucket", "_gauge", "_counter", "_milliseconds"] {
            assert!(!name.ends_with(suffix), "{declared}");
        }
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
    }
}
