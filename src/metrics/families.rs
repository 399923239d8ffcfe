//! The families of a baseline: names, help and how each is read off what was measured.

use std::collections::BTreeMap;

use prometheus::proto::MetricType;

use super::baseline::{BySeverity, Measured};
use super::condition::ConditionStatus;
use super::family::{Family, Number, Sample};
use super::figures::{ControlFigure, seconds_of};

pub(super) const FAMILIES: &[Family<Measured>] = &[
    Family {
        name: "plumbline_resources",
        help: "Resources by control and verdict; a control that is planned shows zero.",
        labels: &["account", "region", "control", "severity", "verdict"],
        kind: MetricType::GAUGE,
        samples: resources,
    },
    Family {
        name: "plumbline_evaluated_resources",
        help: "Resources with a verdict of at least one control.",
        labels: &["account", "region"],
        kind: MetricType::GAUGE,
        samples: evaluated_resources,
    },
    Family {
        name: "plumbline_unknown",
        help: "Verdicts that could not be reached, by reason.",
        labels: &["account", "reason"],
        kind: MetricType::GAUGE,
        samples: unknown,
    },
    Family {
        name: "plumbline_compliance_ratio",
        help: "Compliant verdicts over all but the not-applicable ones, from the last evaluation that read everything; absent before it.",
        labels: &[],
        kind: MetricType::GAUGE,
        samples: |measured| measured.compliance_ratio.map(gauge).into_iter().collect(),
    },
    Family {
        name: "plumbline_baseline_condition",
        help: "The conditions of a baseline: 1 for the status that holds, 0 for the others.",
        labels: &["type", "status"],
        kind: MetricType::GAUGE,
        samples: conditions,
    },
    Family {
        name: "plumbline_drift_opened_total",
        help: "Drifts found since the process started.",
        labels: &["severity"],
        kind: MetricType::COUNTER,
        samples: |measured| by_severity(&measured.opened),
    },
    Family {
        name: "plumbline_drift_resolved_total",
        help: "Drifts resolved since the process started.",
        labels: &["severity"],
        kind: MetricType::COUNTER,
        samples: |measured| by_severity(&measured.resolved),
    },
    Family {
        name: "plumbline_evaluations_total",
        help: "Verdicts reached since the process started.",
        labels: &[],
        kind: MetricType::COUNTER,
        samples: |measured| vec![gauge(float(measured.evaluations))],
    },
    Family {
        name: "plumbline_evaluation_duration_seconds",
        help: "How long an evaluation took, reading included.",
        labels: &[],
        kind: MetricType::HISTOGRAM,
        samples: |measured| {
            vec![Sample {
                labels: Vec::new(),
                number: Number::Durations(measured.durations.clone()),
            }]
        },
    },
    Family {
        name: "plumbline_last_evaluation_timestamp_seconds",
        help: "When the last evaluation ended, since the Unix epoch.",
        labels: &[],
        kind: MetricType::GAUGE,
        samples: |measured| {
            let ended = measured.last.values().filter_map(|figures| figures.finished_at).max();
            ended.map(seconds_of).map(gauge).into_iter().collect()
        },
    },
    Family {
        name: "plumbline_exemption_expiry_timestamp_seconds",
        help: "When an exemption of the baseline expires, since the Unix epoch.",
        labels: &["exemption"],
        kind: MetricType::GAUGE,
        samples: exemption_expiries,
    },
    Family {
        name: "plumbline_findings_open",
        help: "Published findings that are neither resolved nor archived.",
        labels: &[],
        kind: MetricType::GAUGE,
        samples: findings_open,
    },
];

fn resources(measured: &Measured) -> Vec<Sample> {
    let of = |figure: &ControlFigure| {
        let labels = |verdict: &str| {
            let target = [figure.account.to_string(), figure.region.to_string()];
            let control = [figure.control.as_str(), figure.severity.as_str(), verdict];
            target.into_iter().chain(control.map(str::to_owned)).collect()
        };
        let counts = [
            ("NonCompliant", figure.counts.non_compliant),
            ("Unknown", figure.counts.unknown()),
            ("Exempt", figure.counts.exempt),
        ];
        counts.map(|(verdict, count)| Sample::value(labels(verdict), float(count)))
    };
    measured.last.values().flat_map(|figures| &figures.controls).flat_map(of).collect()
}

fn evaluated_resources(measured: &Measured) -> Vec<Sample> {
    let targets = measured.last.values().flat_map(|figures| &figures.evaluated);
    targets
        .map(|((account, region), resources)| {
            Sample::value(vec![account.to_string(), region.to_string()], float(*resources))
        })
        .collect()
}

fn unknown(measured: &Measured) -> Vec<Sample> {
    let reasons = measured.last.values().flat_map(|figures| &figures.unknown);
    reasons
        .map(|((account, reason), count)| {
            Sample::value(vec![account.to_string(), reason.as_str().to_owned()], float(*count))
        })
        .collect()
}

fn conditions(measured: &Measured) -> Vec<Sample> {
    let of = |(type_, holds): (&String, &ConditionStatus)| {
        ConditionStatus::ALL.map(|status| {
            let labels = vec![type_.clone(), status.as_str().to_owned()];
            Sample::value(labels, float(u64::from(status == *holds)))
        })
    };
    measured.conditions.iter().flat_map(of).collect()
}

fn by_severity(counts: &BySeverity) -> Vec<Sample> {
    counts
        .iter()
        .map(|(severity, count)| Sample::value(vec![severity.as_str().to_owned()], float(count)))
        .collect()
}

fn exemption_expiries(measured: &Measured) -> Vec<Sample> {
    // Several accounts may know of one exemption.
    let exemptions: BTreeMap<_, _> =
        measured.last.values().flat_map(|figures| figures.exemptions.iter().cloned()).collect();
    exemptions.into_iter().map(|(name, at)| Sample::value(vec![name], seconds_of(at))).collect()
}

fn findings_open(measured: &Measured) -> Vec<Sample> {
    let open = &measured.findings_open;
    (!open.is_empty()).then(|| gauge(float(open.values().sum()))).into_iter().collect()
}

fn gauge(value: f64) -> Sample {
    Sample::value(Vec::new(), value)
}

/// Prometheus' samples are floats; counts above 2^53 lose their last digits.
#[allow(clippy::cast_precision_loss)] // as said
const fn float(count: u64) -> f64 {
    count as f64
}
