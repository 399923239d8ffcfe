//! The families of baselines: names, help and how each follows from what was measured.

use std::collections::BTreeMap;

use super::baseline::{Baselines, BySeverity, Measured};
use super::declared::Declared;
use super::exposition::{Family, MetricKind, Rows};
use super::figures::{DriftFigure, TargetFigure, seconds_of};
use super::sums::{ShownDrift, by_control, verdicts};
use api::ConditionStatus;
use engine::plan::BaselineKey;
use model::UnknownReason;

pub(super) const FAMILIES: &[Family<Baselines>] = &[
    Family {
        name: "plumbline_baseline_info",
        help: "A baseline; always 1.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "suspended", "published"],
        rows: |all, rows| {
            declared(all, |[namespace, baseline], declared| {
                let flags = [declared.is_suspended, declared.is_published];
                let [suspended, published] = flags.map(|it| if it { "true" } else { "false" });
                rows.row(&[namespace, baseline, suspended, published], 1);
            });
        },
    },
    Family {
        name: "plumbline_baseline_condition",
        help: "Whether a condition of a baseline has a status: 1 for the status that it has, 0 for the others.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "type", "status"],
        rows: conditions,
    },
    Family {
        name: "plumbline_baseline_interval_seconds",
        help: "How often a baseline is evaluated.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline"],
        rows: |all, rows| {
            declared(all, |key, declared| {
                rows.row(&key, declared.interval.as_secs_f64());
            });
        },
    },
    Family {
        name: "plumbline_baseline_targets",
        help: "Accounts and regions that a baseline applies to; 0 while it is suspended. Each one \
            that was evaluated has a series of plumbline_target_unknown.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline"],
        rows: |all, rows| declared(all, |key, declared| rows.row(&key, declared.targets)),
    },
    Family {
        name: "plumbline_baseline_verdicts",
        help: "Verdicts of a baseline. The compliance ratio is Compliant divided by all verdicts \
            except NotApplicable.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "verdict"],
        rows: baseline_verdicts,
    },
    Family {
        name: "plumbline_compliance_ratio",
        help: "Compliant verdicts divided by all verdicts except NotApplicable, in the last \
            evaluation. Absent if the evaluation was not complete.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline"],
        rows: |all, rows| {
            each(all, |key, measured| {
                if let Some(ratio) = measured.compliance_ratio {
                    rows.row(&key, ratio);
                }
            });
        },
    },
    Family {
        name: "plumbline_baseline_unknown",
        help: "Unknown verdicts of a baseline, by reason.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "reason"],
        rows: baseline_unknown,
    },
    Family {
        name: "plumbline_control_info",
        help: "A control that a baseline contains; always 1.",
        kind: MetricKind::Gauge,
        labels: &["control", "domain", "title"],
        rows: control_info,
    },
    Family {
        name: "plumbline_control_resources",
        help: "Resources by control and verdict, over all accounts and regions. Exempt is present \
            only for controls that an exemption names.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "control", "severity", "verdict"],
        rows: control_resources,
    },
    Family {
        name: "plumbline_target_drift",
        help: "Drift of one account in one region by severity, over all controls and owners. A severity without a control is not shown.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "account", "region", "owner", "severity"],
        rows: target_drift,
    },
    Family {
        name: "plumbline_target_unknown",
        help: "Unknown verdicts of one account in one region.",
        kind: MetricKind::Gauge,
        labels: TARGET,
        rows: |all, rows| targets(all, |labels, target| rows.row(&labels, target.unknown)),
    },
    Family {
        name: "plumbline_target_exempt",
        help: "Drift of one account in one region that exemptions cover.",
        kind: MetricKind::Gauge,
        labels: TARGET,
        rows: |all, rows| targets(all, |labels, target| rows.row(&labels, target.exempt)),
    },
    Family {
        name: "plumbline_evaluated_resources",
        help: "Resources of one account with a verdict of at least one control.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "account", "owner"],
        rows: evaluated_resources,
    },
    Family {
        name: "plumbline_owner_drift",
        help: "Drift by whom it belongs to and severity, over all accounts, regions and controls. The owners of most drift are shown; that of the others is owner=\"(others)\": see plumbline_owners_left_out.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "owner", "severity"],
        rows: owner_drift,
    },
    Family {
        name: "plumbline_owners_left_out",
        help: "Owners whose drift is shown as that of owner=\"(others)\". Counts up to about a thousand.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline"],
        rows: |all, rows| evaluated(all, |key, measured| rows.row(&key, measured.owners.left_out)),
    },
    Family {
        name: "plumbline_drift_resources",
        help: "Resources that drift, by control, account, region and owner. Only the worst are shown: see plumbline_drift_left_out_resources.",
        kind: MetricKind::Gauge,
        labels: DRIFT,
        rows: |all, rows| drift(all, |labels, drift| rows.row(&labels, drift.resources)),
    },
    Family {
        name: "plumbline_drift_since_timestamp_seconds",
        help: "Since when the oldest resource drifts, by control, account, region and owner, in seconds since the Unix epoch. Has the same series as plumbline_drift_resources.",
        kind: MetricKind::Gauge,
        labels: DRIFT,
        rows: |all, rows| drift(all, |labels, drift| rows.row(&labels, seconds_of(drift.since))),
    },
    Family {
        name: "plumbline_drift_left_out_resources",
        help: "Resources with drift that plumbline_drift_resources leaves out, because it has \
            only the worst.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline"],
        rows: |all, rows| evaluated(all, |key, measured| rows.row(&key, measured.worst.left_out)),
    },
    Family {
        name: "plumbline_drift_oldest_timestamp_seconds",
        help: "Since when the oldest drift of an owner and severity exists, in seconds since the Unix epoch. Has the owners of plumbline_owner_drift. A severity without drift is not shown.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "owner", "severity"],
        rows: drift_oldest,
    },
    Family {
        name: "plumbline_drift_opened_total",
        help: "Drift found since the process started.",
        kind: MetricKind::Counter,
        labels: &["namespace", "baseline", "severity"],
        rows: |all, rows| by_severity(all, rows, |measured| &measured.opened),
    },
    Family {
        name: "plumbline_drift_resolved_total",
        help: "Drift resolved since the process started.",
        kind: MetricKind::Counter,
        labels: &["namespace", "baseline", "severity"],
        rows: |all, rows| by_severity(all, rows, |measured| &measured.resolved),
    },
    Family {
        name: "plumbline_evaluations_total",
        help: "Verdicts reached since the process started.",
        kind: MetricKind::Counter,
        labels: &["namespace", "baseline"],
        rows: |all, rows| each(all, |key, measured| rows.row(&key, measured.evaluations)),
    },
    Family {
        name: "plumbline_evaluation_duration_seconds",
        help: "How long an evaluation took, from the first item read to the last verdict.",
        kind: MetricKind::Histogram,
        labels: &["namespace", "baseline"],
        rows: |all, rows| each(all, |key, measured| measured.durations.write(&key, rows)),
    },
    Family {
        name: "plumbline_exemption_expiry_timestamp_seconds",
        help: "When an exemption expires, in seconds since the Unix epoch.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "exemption"],
        rows: |all, rows| {
            declared(all, |[namespace, baseline], declared| {
                for (name, at) in &declared.exemptions {
                    rows.row(&[namespace, baseline, name], seconds_of(*at));
                }
            });
        },
    },
    Family {
        name: "plumbline_attestation_expiry_timestamp_seconds",
        help: "When an attestation expires, in seconds since the Unix epoch.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline", "attestation"],
        rows: |all, rows| {
            declared(all, |[namespace, baseline], declared| {
                for (name, at) in &declared.attestations {
                    rows.row(&[namespace, baseline, name], seconds_of(*at));
                }
            });
        },
    },
    Family {
        name: "plumbline_findings_open",
        help: "Published findings that are neither resolved nor archived.",
        kind: MetricKind::Gauge,
        labels: &["namespace", "baseline"],
        rows: |all, rows| {
            each(all, |key, measured| {
                if !measured.findings_open.is_empty() {
                    rows.row(&key, measured.findings_open.values().sum::<u64>());
                }
            });
        },
    },
];

const TARGET: &[&str] = &["namespace", "baseline", "account", "region", "owner"];
const DRIFT: &[&str] =
    &["namespace", "baseline", "account", "region", "owner", "control", "severity"];

/// The labels that tell of which baseline a series is.
type OfBaseline<'m> = [&'m str; 2];

fn labels_of(key: &BaselineKey) -> OfBaseline<'_> {
    [key.namespace.as_str(), key.name.as_str()]
}

fn each<'m>(all: &'m Baselines, mut show: impl FnMut(OfBaseline<'m>, &'m Measured)) {
    all.measured.iter().for_each(|(key, measured)| show(labels_of(key), measured));
}

/// Those that were evaluated here.
fn evaluated<'m>(all: &'m Baselines, mut show: impl FnMut(OfBaseline<'m>, &'m Measured)) {
    each(all, |key, measured| {
        if !measured.last.is_empty() {
            show(key, measured);
        }
    });
}

/// Those that this process answers for.
fn declared<'m>(all: &'m Baselines, mut show: impl FnMut(OfBaseline<'m>, &'m Declared)) {
    each(all, |key, measured| {
        measured.declared.iter().for_each(|declared| show(key, declared));
    });
}

fn targets<'m>(all: &'m Baselines, mut show: impl FnMut([&'m str; 5], &'m TargetFigure)) {
    each(all, |[namespace, baseline], measured| {
        for target in measured.last.values().flat_map(|figures| &figures.targets) {
            let (account, region) = (target.account.as_str(), target.region.as_str());
            show([namespace, baseline, account, region, target.owner.as_str()], target);
        }
    });
}

fn drift<'m>(all: &'m Baselines, mut show: impl FnMut([&'m str; 7], &'m DriftFigure)) {
    evaluated(all, |[namespace, baseline], measured| {
        for ShownDrift { account, region, drift } in &measured.worst.shown {
            let (account, region) = (account.as_str(), region.as_str());
            let (control, severity) = (drift.control.name.as_str(), drift.severity.as_str());
            let owner = drift.owner.as_str();
            show([namespace, baseline, account, region, owner, control, severity], drift);
        }
    });
}

fn conditions(all: &Baselines, rows: &mut Rows<'_>) {
    each(all, |[namespace, baseline], measured| {
        for (type_, holds) in &measured.conditions {
            for status in ConditionStatus::ALL {
                let labels = [namespace, baseline, type_.as_str(), status.as_str()];
                rows.row(&labels, u64::from(status == holds));
            }
        }
    });
}

fn baseline_verdicts(all: &Baselines, rows: &mut Rows<'_>) {
    each(all, |[namespace, baseline], measured| {
        let Some(counts) = verdicts(measured) else { return };
        let by_verdict = [
            ("Compliant", counts.compliant),
            ("NonCompliant", counts.non_compliant),
            ("Unknown", counts.unknown()),
            ("Exempt", counts.exempt),
            ("NotApplicable", counts.not_applicable),
        ];
        for (verdict, count) in by_verdict {
            rows.row(&[namespace, baseline, verdict], count);
        }
    });
}

fn baseline_unknown(all: &Baselines, rows: &mut Rows<'_>) {
    each(all, |[namespace, baseline], measured| {
        let Some(counts) = verdicts(measured) else { return };
        for reason in UnknownReason::ALL {
            rows.row(&[namespace, baseline, reason.as_str()], counts.unknown_for(reason));
        }
    });
}

fn control_info(all: &Baselines, rows: &mut Rows<'_>) {
    let declared = all.measured.values().filter_map(|measured| measured.declared.as_ref());
    let controls = declared.flat_map(|declared| &declared.controls);
    // Several baselines contain one control.
    let by_name: BTreeMap<&str, _> = controls.map(|it| (it.name.as_str(), &it.spec)).collect();
    for (name, spec) in by_name {
        rows.row(&[name, &spec.domain.to_string(), &spec.title], 1);
    }
}

fn control_resources(all: &Baselines, rows: &mut Rows<'_>) {
    each(all, |[namespace, baseline], measured| {
        for sum in by_control(measured) {
            let by_verdict = [
                ("NonCompliant", Some(sum.non_compliant)),
                ("Unknown", Some(sum.unknown)),
                ("Exempt", sum.exempt),
            ];
            let (control, severity) = (sum.control.name.as_str(), sum.severity.as_str());
            for (verdict, count) in by_verdict {
                let Some(count) = count else { continue };
                rows.row(&[namespace, baseline, control, severity, verdict], count);
            }
        }
    });
}

fn target_drift(all: &Baselines, rows: &mut Rows<'_>) {
    targets(all, |[namespace, baseline, account, region, owner], target| {
        for (severity, drift) in &target.drift {
            let labels = [namespace, baseline, account, region, owner, severity.as_str()];
            rows.row(&labels, drift);
        }
    });
}

fn evaluated_resources(all: &Baselines, rows: &mut Rows<'_>) {
    each(all, |[namespace, baseline], measured| {
        for (account, figure) in measured.last.values().flat_map(|figures| &figures.evaluated) {
            let labels = [namespace, baseline, account.as_str(), figure.owner.as_str()];
            rows.row(&labels, figure.resources);
        }
    });
}

fn drift_oldest(all: &Baselines, rows: &mut Rows<'_>) {
    each(all, |[namespace, baseline], measured| {
        for (owner, sum) in &measured.owners.shown {
            for (severity, since) in &sum.oldest {
                let labels = [namespace, baseline, owner.as_str(), severity.as_str()];
                rows.row(&labels, seconds_of(*since));
            }
        }
    });
}

fn owner_drift(all: &Baselines, rows: &mut Rows<'_>) {
    each(all, |[namespace, baseline], measured| {
        for (owner, sum) in &measured.owners.shown {
            for (severity, drift) in &sum.drift {
                rows.row(&[namespace, baseline, owner.as_str(), severity.as_str()], drift);
            }
        }
    });
}

fn by_severity(all: &Baselines, rows: &mut Rows<'_>, of: impl Fn(&Measured) -> &BySeverity) {
    each(all, |[namespace, baseline], measured| {
        for (severity, count) in of(measured).iter() {
            rows.row(&[namespace, baseline, severity.as_str()], count);
        }
    });
}
