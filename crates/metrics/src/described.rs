//! What is registered, described: the page of the documentation that lists every metric.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::proto::MetricType;
use prometheus::{Registry, TextEncoder};

use super::exposition::Exposed;
use super::{Metrics, MetricsError};

/// A registry that knows what it holds, series or not.
#[derive(Default)]
pub(super) struct Registered {
    registry: Registry,
    /// Those that write themselves.
    exposed: Vec<Box<dyn Exposed>>,
    described: Mutex<Vec<Description>>,
}

/// A metric family: its name, type, labels and help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) labels: Vec<String>,
    pub(super) help: String,
}

impl Registered {
    /// Registers a collector, and notes what it measures.
    pub(super) fn add<C: Collector + 'static>(&self, collector: C) -> prometheus::Result<()> {
        let families = collector.collect();
        let kind = |name: &str| {
            let family = families.iter().find(|family| family.name() == name)?;
            Some(family.get_field_type())
        };
        let described = collector.desc().into_iter().map(|desc| Description {
            name: desc.fq_name.clone(),
            kind: kind(&desc.fq_name).map_or("untyped", kind_name),
            labels: desc.variable_labels.clone(),
            help: desc.help.clone(),
        });
        let described: Vec<Description> = described.collect();
        self.registry.register(Box::new(collector))?;
        self.described.lock().unwrap_or_else(PoisonError::into_inner).extend(described);
        Ok(())
    }

    /// Adds families that write themselves.
    pub(super) fn expose(&mut self, families: impl Exposed + 'static) {
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        described.extend(families.descriptions());
        drop(described);
        self.exposed.push(Box::new(families));
    }

    /// Every series in Prometheus' text format.
    pub(super) fn text(&self) -> prometheus::Result<String> {
        let mut text = TextEncoder::new().encode_to_string(&self.registry.gather())?;
        self.exposed.iter().for_each(|families| families.write(&mut text));
        Ok(text)
    }

    /// Everything that was registered, by name.
    pub(super) fn described(&self) -> Vec<Description> {
        let mut all = self.described.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }
}

const fn kind_name(kind: MetricType) -> &'static str {
    match kind {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        MetricType::UNTYPED => "untyped",
    }
}

/// What each label's values are.
const LABELS: [(&str, &str); 27] = [
    ("account", "AWS account id; `own` for calls with Plumbline's own credentials"),
    ("attestation", "name of the `Attestation`"),
    ("baseline", "name of the `SecurityBaseline`"),
    ("code", "`ok`, or AWS's error code"),
    ("control", "name of the control"),
    ("domain", "domain of the control, such as `data-protection`"),
    ("exemption", "name of the `Exemption`"),
    ("name", "name of the `AwsAccount`"),
    ("namespace", "namespace of the baseline, not of the operator's pod"),
    ("organization", "name of the `AwsOrganization`"),
    ("outcome", "what became of a message: listed with the metric"),
    (
        "owner",
        "whom drift belongs to: see [owners](monitoring.md#owners). Where the metric is of an account or \
         region, whom it belongs to where no tag says",
    ),
    ("operation", "AWS operation, such as `SelectResourceConfig`"),
    ("place", "the part of Plumbline in which the error occurred"),
    ("published", "`true` or `false`: whether the baseline publishes findings"),
    ("queue", "URL of the change queue"),
    ("reason", "reason of an `Unknown` verdict: see [unknown.md](unknown.md)"),
    ("region", "AWS region"),
    ("result", "`success` or `failure`"),
    ("service", "AWS service, such as `config`"),
    ("severity", "`Critical`, `High`, `Medium`, `Low` or `Informational`"),
    ("status", "`True`, `False` or `Unknown`"),
    ("suspended", "`true` or `false`: whether the baseline is suspended"),
    ("title", "title of the control"),
    ("type", "type of the condition, such as `Ready`"),
    ("verdict", "`Compliant`, `NonCompliant`, `Unknown`, `Exempt` or `NotApplicable`"),
    ("version", "Plumbline's version"),
];

/// The page of the documentation: every metric that `run` and the operator serve.
///
/// # Errors
///
/// When two metrics have one name.
pub fn metrics_page() -> Result<String, MetricsError> {
    let metrics = Metrics::new()?;
    let common = metrics.described();
    let _operator = metrics.operator()?;
    let all = metrics.described();
    let mut page = INTRODUCTION.to_owned();
    page.push_str("| metric | type | labels | meaning |\n|---|---|---|---|\n");
    for described in &all {
        let Description { name, kind, labels, help } = described;
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let only = if common.contains(described) { "" } else { " Operator only." };
        let _ = writeln!(page, "| `{name}` | {kind} | {} | {help}{only} |", labels.join(", "));
    }
    page.push_str("\n## Labels\n\n| label | value |\n|---|---|\n");
    let mut used: Vec<&String> = all.iter().flat_map(|described| &described.labels).collect();
    used.sort_unstable();
    used.dedup();
    for label in used {
        let meaning = LABELS.iter().find(|(name, _)| name == label);
        let _ = writeln!(page, "| `{label}` | {} |", meaning.map_or("", |(_, meaning)| meaning));
    }
    page.push_str(QUERIES);
    Ok(page)
}

const INTRODUCTION: &str = "\
<!-- Generated by `make generate` from the metrics that the program registers. -->
# Metrics

`plumbline run` and `plumbline operator` serve these at `/metrics`, by default on port 9464, in
Prometheus' text format, compressed for clients that accept gzip. The values of a label are bounded by
what you declare and never contain a resource's id. The series of a baseline or account disappear with
it. A replica of the operator exposes the accounts and baselines that it currently holds, so sum over
replicas.

A histogram has the series `_bucket`, `_sum` and `_count`. Counters start at 0 when the process
starts.

";

const QUERIES: &str = "
## How many series there are

Sums by control and by target, never their product. With A accounts, R regions, C controls and B
baselines, P replicas show at most

| series | by |
|---|---|
| `7·A·R·B` | target: drift by severity, unknown, exempt |
| `A·(B + 20 + R)` | account |
| `P·B·(3·C + 60)` | control, and baseline |
| `P·C` | control: title and domain |
| `2·B·N` | drift by control, target and owner, worst first |
| `P·B·(10·O + 11)` | owner: drift and oldest drift by severity |

and about a hundred for each replica. `N` is 1,000 unless `--max-drift-series` says otherwise; what it
leaves out is counted by `plumbline_drift_left_out_resources`. `O` is 100 unless `--max-owners` says
otherwise: owners beyond it are summed as `(others)`, and `plumbline_owners_left_out` counts them. For 1,000 accounts with 4 regions, 250
controls and 2 baselines on 3 replicas that is less than 100,000.

## Queries to start with

A missing series is never a sign of health: it means that nothing is known. Compare
`plumbline_baseline_targets` with the targets that have verdicts before you trust a sum.

Targets of a baseline that were not evaluated:

```promql
max by (namespace, baseline) (plumbline_baseline_targets)
  - (count by (namespace, baseline) (plumbline_target_unknown)
     or max by (namespace, baseline) (plumbline_baseline_targets) * 0)
```

Drift by baseline and severity:

```promql
sum by (namespace, baseline, severity) (plumbline_target_drift)
```

Drift by whom it belongs to:

```promql
sum by (namespace, baseline, owner, severity) (plumbline_owner_drift)
```

Alert on a low ratio and on one that is not known. `plumbline_compliance_ratio` is absent while a
baseline is suspended, selects no account or control, or was not read completely; a rule on the ratio
alone does not fire then:

```promql
plumbline_compliance_ratio < 0.95
  or on (namespace, baseline) plumbline_baseline_condition{type=\"Ready\",status=\"True\"} == 0
```

The compliant share of several baselines together:

```promql
sum(plumbline_baseline_verdicts{verdict=\"Compliant\"})
  / sum(plumbline_baseline_verdicts{verdict!=\"NotApplicable\"})
```

Drift with the control's title and the account's name:

```promql
sum by (account, region, control, severity) (plumbline_drift_resources)
  * on (control) group_left (title) max by (control, title) (plumbline_control_info)
  * on (account) group_left (name) max by (account, name) (plumbline_account_info)
```

Alert on what could not be checked, since it never counts as compliant:

```promql
sum by (namespace, baseline, account) (plumbline_target_unknown) > 0
```

Alert on an account that was not evaluated for three of its intervals:

```promql
max by (account) (plumbline_account_interval_seconds) * 3
  < time() - max by (account) (plumbline_account_last_evaluation_timestamp_seconds)
```

Alert two weeks before an exemption expires:

```promql
plumbline_exemption_expiry_timestamp_seconds - time() < 14 * 86400
```

Alert when the sink refuses findings:

```promql
increase(plumbline_findings_published_total{result=\"failure\"}[15m]) > 0
```
";
