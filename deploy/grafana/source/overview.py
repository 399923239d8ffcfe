"""For whoever answers for all accounts."""

from expressions import (
    ACCOUNT, AGE_IN_INTERVALS, BASELINE, COMPLIANCE, COMPLIANCE_OF_ALL, CONTROL_PAGE, CONTROL_TITLE,
    MISSING_TARGETS, OWNER, SECURITY_HUB, TARGET, UNKNOWN_SHARE, drift_by, drift_since, not_true,
    owned_drift_by, targets_of, while_running,
)
from panels import NONE_IS_GOOD, bars, dashboard, graph, query, stat, steps, table, variable

NOT_SCRAPED = "No data: Plumbline is not running or not scraped."
NOT_EVALUATED = "No data: nothing has been evaluated yet."

VARIABLES = [
    variable("namespace", "plumbline_baseline_targets", "namespace"),
    variable("baseline", 'plumbline_baseline_targets{namespace=~"$namespace"}', "baseline"),
    variable("account", "plumbline_account_info", "account"),
    variable("region", "plumbline_target_unknown", "region"),
    variable("owner", "plumbline_owner_drift", "owner"),
]

LINKS = [
    ("control", {"title": "What the control checks", "url": CONTROL_PAGE + "#${__value.raw}",
                 "targetBlank": True}),
    ("account", {"title": "Findings in Security Hub", "url": SECURITY_HUB, "targetBlank": True}),
]

TRUST = ("Can the picture be trusted?", [
    (5, [
        (4, stat("Replicas", "How many replicas are scraped. All other panels show what these know.",
                 "none", NOT_SCRAPED, "count(plumbline_build_info)",
                 thresholds=steps((1, "green")))),
        (4, stat("Oldest evaluation, in intervals",
                 "How many of its intervals ago the account with the oldest evaluation was evaluated. "
                 "From 3 on it is not evaluated any more.",
                 "none", NOT_EVALUATED, f"max({AGE_IN_INTERVALS})",
                 thresholds=steps((0, "green"), (2, "orange"), (3, "red")))),
        (4, stat("Accounts and regions without verdicts",
                 "Accounts and regions that baselines apply to and that no replica has evaluated. Their "
                 "drift is not in this dashboard.",
                 "none", "No data: no replica reports a baseline.",
                 f"sum({MISSING_TARGETS})", thresholds=NONE_IS_GOOD)),
        (4, stat("Unknown verdicts",
                 "The share of verdicts that are unknown. They never count as compliant.",
                 "percentunit", NOT_EVALUATED, UNKNOWN_SHARE,
                 thresholds=steps((0, "green"), (0.02, "orange"), (0.1, "red")))),
        (4, stat("Accounts that are not ready",
                 "Accounts whose last evaluation failed or did not read everything (condition Ready). "
                 "Only the operator knows this, not `plumbline run`.",
                 "none", "No data: no operator reports the conditions of accounts.",
                 not_true("Ready"), thresholds=NONE_IS_GOOD)),
        (4, stat("Recorders that do not run",
                 "Accounts and regions whose configuration recorder is off, fails to deliver or cannot "
                 "be read. Only accounts that AWS Config is asked for.",
                 "none", "No data: no recorder was checked. Snapshots do not show recorders.",
                 f"count(min by (account, region) (plumbline_recorder_running{{{ACCOUNT}}}))"
                 f" - sum(min by (account, region) (plumbline_recorder_running{{{ACCOUNT}}}))",
                 thresholds=NONE_IS_GOOD)),
    ]),
])

GOOD = ("Is it good?", [
    (6, [
        (6, stat("Compliant",
                 "Compliant verdicts over all that apply. Shown only while every baseline is evaluated "
                 "and was read completely. Exempt and unknown verdicts do not count as compliant.",
                 "percentunit",
                 "Unknown: not every account and region is evaluated and read completely.",
                 COMPLIANCE_OF_ALL,
                 thresholds=steps((0, "red"), (0.9, "orange"), (0.99, "green")))),
        (9, bars("Drift by severity",
                 "Resources that drift, counted once for each control.", "none", NOT_EVALUATED,
                 drift_by("severity"), "{{severity}}", thresholds=NONE_IS_GOOD)),
        (9, bars("Drift by owner",
                 "Resources that drift, by owner: a tag of the resource, else a label of the account, "
                 "else the namespace of the baseline. `(others)` are the owners with least drift.",
                 "none", NOT_EVALUATED,
                 f"topk(10, {owned_drift_by('owner')})", "{{owner}}", thresholds=NONE_IS_GOOD)),
    ]),
    (8, [
        (12, graph("Drift over time",
                   "Resources that drift, by severity. A gap means that nothing was known.", "none",
                   NOT_EVALUATED, query(drift_by("severity"), "{{severity}}"), stacked=True)),
        (12, graph("Found and fixed",
                   "Drift that was found and drift that was fixed. After a restart counting begins "
                   "again.", "none", NOT_EVALUATED,
                   *(query(while_running(
                       f"sum(increase(plumbline_drift_{counter}_total{{{BASELINE}}}[$__rate_interval]))"
                   ), name) for counter, name in (("opened", "found"), ("resolved", "fixed"))))),
    ]),
    (7, [
        (12, table("Baselines", "The compliant share of each baseline, where it is known.",
                   "percentunit",
                   "Unknown: no baseline is evaluated and read completely.", COMPLIANCE,
                   ["namespace", "baseline"], value="compliant", descending=False)),
        (6, stat("Exempt", "Drift that exemptions accept for a time.", "none", NOT_EVALUATED,
                 targets_of("plumbline_target_exempt"), thresholds=steps())),
        (6, stat("Owners summed as others",
                 "Owners beyond the limit of `--max-owners`, those with least drift. Their drift is that "
                 "of the owner `(others)`.", "none", NOT_EVALUATED,
                 f"sum(plumbline_owners_left_out{{{BASELINE}}})", thresholds=NONE_IS_GOOD)),
    ]),
])

FIRST = ("What to do first?", [
    (9, [
        (16, table("Oldest critical drift",
                   "Critical drift, the oldest first. Click the control for what it checks, the account "
                   "for its findings in Security Hub.", "dateTimeFromNow",
                   "No critical drift is shown. Check the first row before you trust this.",
                   drift_since("Critical"),
                   ["owner", "account", "region", "control", "namespace", "baseline"], value="since",
                   descending=False, links=LINKS)),
        (8, table("Oldest drift by owner and severity",
                  "Since when the oldest drift of each owner exists.", "dateTimeFromNow",
                  "No drift is shown. Check the first row before you trust this.",
                  "1000 * min by (owner, severity) "
                  f"(plumbline_drift_oldest_timestamp_seconds{{{OWNER}}})",
                  ["owner", "severity"], value="since", descending=False)),
    ]),
    (7, [
        (10, table("Exemptions that expire next", "What they cover is drift again afterwards.",
                   "dateTimeFromNow", "No exemption is declared, or no replica reports a baseline.",
                   "bottomk(20, 1000 * max by (namespace, baseline, exemption) "
                   f"(plumbline_exemption_expiry_timestamp_seconds{{{BASELINE}}}))",
                   ["namespace", "baseline", "exemption"], value="expires", descending=False)),
        (10, table("Attestations that expire next", "Their controls drift afterwards.",
                   "dateTimeFromNow",
                   "No attestation is declared, or no replica reports a baseline.",
                   "bottomk(20, 1000 * max by (namespace, baseline, attestation) "
                   f"(plumbline_attestation_expiry_timestamp_seconds{{{BASELINE}}}))",
                   ["namespace", "baseline", "attestation"], value="expires", descending=False)),
        (4, stat("Drift left out of details",
                 "Resources that drift and that are counted above but not listed in detail, because only "
                 "the worst are (`--max-drift-series`).", "none", NOT_EVALUATED,
                 f"sum(plumbline_drift_left_out_resources{{{BASELINE}}})",
                 thresholds=steps((0.0001, "orange")))),
    ]),
])

WHY = ("Why?", [
    (9, [
        (14, table("Controls with most drift", "Resources that drift, by control.", "none",
                   NOT_EVALUATED,
                   "topk(20, sum by (control, severity) (plumbline_control_resources"
                   f'{{{BASELINE},verdict="NonCompliant"}}) > 0) * {CONTROL_TITLE}',
                   ["control", "title", "severity"], value="resources", links=LINKS[:1])),
        (10, bars("Unknown by reason",
                  "Unknown verdicts, by reason. docs/unknown.md says what each means "
                  "and how to fix it.", "none", NOT_EVALUATED,
                  f"sum by (reason) (plumbline_baseline_unknown{{{BASELINE}}})", "{{reason}}",
                  thresholds=NONE_IS_GOOD)),
    ]),
    (8, [
        (12, table("Accounts with most unknown verdicts",
                   "Accounts and regions with the most unknown verdicts.", "none",
                   NOT_EVALUATED,
                   "topk(20, max by (account, region, namespace, baseline) "
                   f"(plumbline_target_unknown{{{TARGET}}}))",
                   ["account", "region", "namespace", "baseline"], value="unknown")),
        (12, table("Conditions that are not met",
                   "Conditions of baselines whose status is False or Unknown.", "none",
                   "Every condition is met, or no replica reports a baseline. Check the first row.",
                   "max by (namespace, baseline, type, status) (plumbline_baseline_condition"
                   f'{{{BASELINE},status!="True"}}) == 1',
                   ["namespace", "baseline", "type", "status"], value="holds")),
    ]),
])

OVERVIEW = dashboard(
    "plumbline-overview", "Plumbline / Overview",
    "Whether the picture can be trusted, whether it is good, what to do first, and why.",
    VARIABLES, [TRUST, GOOD, FIRST, WHY])
