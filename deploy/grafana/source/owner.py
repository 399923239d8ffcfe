"""For a team that owns accounts or resources."""

from expressions import (
    AGE_IN_INTERVALS, CONTROL_TITLE, OWNER, TARGET, drift_since, owned_drift_by, targets_of,
)
from overview import LINKS, NOT_EVALUATED, VARIABLES
from panels import NONE_IS_GOOD, bars, dashboard, graph, query, stat, steps, table

# Each account that has a target of the owner.
OWNED_ACCOUNTS = f"max by (account) (plumbline_target_unknown{{{TARGET}}})"

TRUST = ("Can the picture be trusted?", [
    (5, [
        (6, stat("Accounts and regions with verdicts",
                 "Accounts and regions of this owner that are evaluated. Compare it with what you own. An "
                 "owner of single resources, by their tags, has none.",
                 "none", "No account of this owner is evaluated. Nothing is known of such accounts.",
                 f"count(max by (account, region) (plumbline_target_unknown{{{TARGET}}}))",
                 thresholds=steps())),
        (6, stat("Oldest evaluation, in intervals",
                 "How many of its intervals ago the account with the oldest evaluation was evaluated. "
                 "From 3 on it is not evaluated any more.",
                 "none", "No account of this owner is evaluated. Nothing is known of such accounts.",
                 f"max(({AGE_IN_INTERVALS}) and on (account) ({OWNED_ACCOUNTS}))",
                 thresholds=steps((0, "green"), (2, "orange"), (3, "red")))),
        (6, stat("Unknown verdicts",
                 "Unknown verdicts never count as compliant.", "none",
                 NOT_EVALUATED, targets_of("plumbline_target_unknown"), thresholds=NONE_IS_GOOD)),
        (6, stat("Exempt", "Drift that exemptions accept for a time.", "none", NOT_EVALUATED,
                 targets_of("plumbline_target_exempt"), thresholds=steps())),
    ]),
])

GOOD = ("Is it good?", [
    (8, [
        (8, bars("Drift by severity",
                 "Resources of this owner that drift, counted once for each control. Account and region "
                 "do not narrow this.", "none", NOT_EVALUATED, owned_drift_by("severity"), "{{severity}}", thresholds=NONE_IS_GOOD)),
        (16, graph("Drift over time",
                   "Resources of this owner that drift, by severity. A gap means that nothing was known.",
                   "none",
                   NOT_EVALUATED, query(owned_drift_by("severity"), "{{severity}}"), stacked=True)),
    ]),
])

FIRST = ("What to do first?", [
    (10, [
        (18, table("Oldest drift that matters",
                   "Drift of severity Critical and High, the oldest first. Click the control for what "
                   "it checks and how to fix it, the account for its findings in Security Hub.",
                   "dateTimeFromNow",
                   "No such drift is shown. Check the first row before you trust this.",
                   drift_since("Critical|High"),
                   ["control", "account", "region", "namespace", "baseline", "owner"], value="since",
                   descending=False, links=LINKS)),
        (6, table("Oldest drift by severity", "Since when the oldest drift of this owner exists.",
                  "dateTimeFromNow", "No drift is shown. Check the first row before you trust this.",
                  "1000 * min by (severity) "
                  f"(plumbline_drift_oldest_timestamp_seconds{{{OWNER}}})", ["severity"],
                  value="since", descending=False)),
    ]),
])

WHY = ("Why?", [
    (10, [
        (14, table("Controls with most drift",
                   "Resources that drift, by control: one fix often serves many.", "none",
                   "No drift is shown. Check the first row before you trust this.",
                   f"""
                   topk(30, sum by (control, severity) (
                     max by (namespace, baseline, owner, account, region, control, severity) (
                       plumbline_drift_resources{{{TARGET}}}
                     )
                   )) * {CONTROL_TITLE}
                   """,
                   ["control", "title", "severity"], value="resources", links=LINKS[:1])),
        (10, table("Unknown by account and region", "Unknown verdicts of this owner, by account and region.", "none",
                   NOT_EVALUATED,
                   f"max by (account, region) (plumbline_target_unknown{{{TARGET}}})",
                   ["account", "region"], value="unknown")),
    ]),
])

OWNER_DASHBOARD = dashboard(
    "plumbline-owner", "Plumbline / Owner",
    "The drift of one owner: what to fix first, with links to what each control checks.",
    VARIABLES, [TRUST, GOOD, FIRST, WHY])
