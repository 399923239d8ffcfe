"""For whoever runs Plumbline."""

from expressions import ACCOUNT, ACCOUNT_NAME, AGE_IN_INTERVALS, BASELINE, not_true
from overview import NOT_EVALUATED, NOT_SCRAPED, VARIABLES
from panels import NONE_IS_GOOD, dashboard, graph, query, stat, steps, table

NO_OPERATOR = "No data: no operator is scraped. `plumbline run` has no shards and no conditions."
NOT_CALLED = "No data: AWS is not called, or Plumbline is not scraped."
NO_QUEUE = "No data: no account has a change queue, or Plumbline is not scraped."
NO_ORGANIZATION = "No data: there is no AwsOrganization, or no operator is scraped."
READY_ORGANIZATIONS = (
    'max by (organization) (plumbline_organization_condition{type="Ready",status="True"})'
)

TRUST = ("Can the picture be trusted?", [
    (5, [
        (4, stat("Replicas", "How many replicas are scraped.", "none", NOT_SCRAPED,
                 "count(plumbline_build_info)", thresholds=steps((1, "green")))),
        (4, stat("Shards without holder",
                 "Shards of accounts that no living replica holds. Their accounts are not evaluated.",
                 "none", NO_OPERATOR, "min(plumbline_shards_without_holder)",
                 thresholds=NONE_IS_GOOD)),
        (4, stat("Shards held", "Over all replicas they are 16.", "none", NO_OPERATOR,
                 "sum(plumbline_shards_held)",
                 thresholds=steps((0, "red"), (16, "green"), (17, "orange")))),
        (4, stat("Accounts with failing credentials",
                 "Accounts whose credentials do not work or cannot be verified. For snapshots they are "
                 "not needed, and counted here as not known.", "none", NO_OPERATOR,
                 not_true("CredentialsValid"), thresholds=steps((0, "green"), (0.0001, "orange")))),
        (4, stat("Objects with mistakes",
                 "Objects or files that have mistakes. Their last valid version stays in force.",
                 "none", NOT_SCRAPED, "max(plumbline_configuration_errors)",
                 thresholds=NONE_IS_GOOD)),
        (4, stat("Internal errors",
                 "Failures of Plumbline itself in the time that the dashboard shows. What they concern "
                 "is unknown. Please report them.", "none", NOT_SCRAPED,
                 "sum(increase(plumbline_internal_errors_total[$__range]))",
                 thresholds=NONE_IS_GOOD)),
    ]),
])

EVALUATION = ("Is it good?", [
    (8, [
        (12, graph("How long evaluations take",
                   "From the first item read to the last verdict: half of the evaluations, and 95 of "
                   "100, take at most as long.", "s", NOT_EVALUATED,
                   *(query(f"""
                        histogram_quantile({share}, sum by (le) (
                          rate(plumbline_evaluation_duration_seconds_bucket{{{BASELINE}}}[$__rate_interval])
                        ))
                     """, name) for share, name in ((0.5, "half"), (0.95, "95 %"))))),
        (12, graph("Verdicts", "Verdicts per second.", "ops", NOT_EVALUATED,
                   query(f"sum(rate(plumbline_evaluations_total{{{BASELINE}}}[$__rate_interval]))",
                         "verdicts"))),
    ]),
    (8, [
        (12, graph("Findings published", "Findings that the sink took, and those that it did not.",
                   "none", NOT_EVALUATED,
                   query("sum by (result) (increase("
                         f"plumbline_findings_published_total{{{ACCOUNT}}}[$__rate_interval]))",
                         "{{result}}"))),
        (12, graph("Open findings", "Published findings that are neither resolved nor archived.",
                   "none", "No data: no findings are published, or nothing is evaluated yet.",
                   query(f"sum by (namespace, baseline) (plumbline_findings_open{{{BASELINE}}})",
                         "{{namespace}}/{{baseline}}"))),
    ]),
])

FIRST = ("What to do first?", [
    (9, [
        (12, table("Accounts by age of their evaluation",
                   "How many of its intervals ago each account was evaluated, the oldest first. From 3 "
                   "on it is not evaluated any more.", "none", NOT_EVALUATED,
                   f"topk(30, {AGE_IN_INTERVALS}) * {ACCOUNT_NAME}", ["account", "name"],
                   value="intervals")),
        (12, table("Account conditions that are not met",
                   "Conditions of AwsAccounts whose status is False or Unknown.", "none",
                   "Every condition is met, or no operator is scraped. Check the first row.",
                   "max by (account, type, status) (plumbline_account_condition"
                   f'{{{ACCOUNT},status!="True"}}) == 1', ["account", "type", "status"],
                   value="holds")),
    ]),
    (6, [
        (12, table("Baselines", "How often each baseline is evaluated.", "s", NOT_SCRAPED,
                   "max by (namespace, baseline, suspended, published) "
                   f"(plumbline_baseline_info{{{BASELINE}}}) * on (namespace, baseline) group_left () "
                   "max by (namespace, baseline) (plumbline_baseline_interval_seconds)",
                   ["namespace", "baseline", "suspended", "published"], value="interval")),
        (12, stat("Deletions given up",
                  "Deleted baselines and accounts that were removed before all of their findings were "
                  "archived, in the time that the dashboard shows.", "none", NO_OPERATOR,
                  "sum(increase(plumbline_archives_given_up_total[$__range]))",
                  thresholds=NONE_IS_GOOD)),
    ]),
])

WHY = ("Why?", [
    (8, [
        (12, graph("Calls of AWS", "By result code: ok or an error.", "reqps", NOT_CALLED,
                   query("sum by (service, operation, code) "
                         "(rate(plumbline_aws_requests_total[$__rate_interval]))",
                         "{{service}} {{operation}} {{code}}"))),
        (12, graph("Throttled calls", "Calls that AWS refused because there were too many.", "none",
                   NOT_CALLED,
                   query("topk(10, sum by (account) (increase("
                         f"plumbline_aws_throttled_total{{{ACCOUNT}}}[$__rate_interval])))",
                         "{{account}}"))),
    ]),
    (8, [
        (12, graph("Waiting for budgets",
                   "How long calls wait for Plumbline's own rate limits, in seconds per second: Plumbline stays below the "
                   "quotas of AWS.", "none", NOT_CALLED,
                   query("topk(10, sum by (account) (rate("
                         f"plumbline_aws_budget_wait_seconds_total{{{ACCOUNT}}}[$__rate_interval])))",
                         "{{account}}"))),
        (12, graph("Budget left",
                   "The smallest remaining share of an account's call budgets: 1 if unused, 0 if used up.",
                   "percentunit", NOT_CALLED,
                   query("bottomk(10, min by (account) "
                         f"(plumbline_aws_budget_left_ratio{{{ACCOUNT}}}))", "{{account}}"),
                   lowest=None)),
    ]),
    (8, [
        (12, graph("Resources with verdicts",
                   "Resources that at least one control checked, by baseline.", "none", NOT_EVALUATED,
                   query("sum by (namespace, baseline) (max by (namespace, baseline, account) "
                         f"(plumbline_evaluated_resources{{{BASELINE}}}))",
                         "{{namespace}}/{{baseline}}"))),
        (12, graph("Internal errors by place", "Failures of Plumbline itself, by place.", "none",
                   NOT_SCRAPED,
                   query("sum by (place) (increase("
                         "plumbline_internal_errors_total[$__rate_interval]))", "{{place}}"))),
    ]),
    (8, [
        (24, graph("Temporary files",
                   "What AWS Config recorded of all accounts, on the disk of each replica, and how much of it may be there "
                   "(--mirror-size). What does not fit is Unknown.", "bytes", NOT_SCRAPED,
                   query("max by (instance) (plumbline_mirror_bytes)", "{{instance}}"),
                   query("max by (instance) (plumbline_mirror_limit_bytes > 0)", "{{instance}} limit"))),
    ]),
    (8, [
        (12, graph("Messages of change queues",
                   "Messages that were received from change queues, by outcome. Those that are unread are not understood, "
                   "and left to the dead-letter queue.", "none", NO_QUEUE,
                   query("sum by (queue, outcome) (increase("
                         "plumbline_change_messages_total[$__rate_interval]))",
                         "{{queue}} {{outcome}}"))),
        (6, stat("Unreadable change queues",
                 "Queues from which no messages are received. Until one is readable again, changes are found at the "
                 "interval.", "none", NO_QUEUE,
                 "count(max by (queue) (plumbline_change_queue_readable)) "
                 "- sum(max by (queue) (plumbline_change_queue_readable))",
                 thresholds=NONE_IS_GOOD)),
        (6, stat("Organizations not ready",
                 "AwsOrganizations that cannot be read, or whose accounts are not as declared.", "none", NO_ORGANIZATION,
                 f"count({READY_ORGANIZATIONS}) - sum({READY_ORGANIZATIONS})",
                 thresholds=NONE_IS_GOOD)),
    ]),
])

OPERATOR = dashboard(
    "plumbline-operator", "Plumbline / Operator",
    "The state of Plumbline itself: shards, evaluations, publishing, calls to AWS and their budgets.",
    VARIABLES[:3], [TRUST, EVALUATION, FIRST, WHY])
