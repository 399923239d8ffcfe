"""Queries that several dashboards ask, with their variables as filters.

While accounts are handed over, two replicas may show one of them: what is counted by account is first
reduced to one series for each account and region.
"""

BASELINE = 'namespace=~"$namespace",baseline=~"$baseline"'
TARGET = BASELINE + ',account=~"$account",region=~"$region",owner=~"$owner"'
OWNER = BASELINE + ',owner=~"$owner"'
ACCOUNT = 'account=~"$account"'

CONTROL_PAGE = "https://github.com/plumbline-dev/plumbline/blob/main/docs/controls.md"
SECURITY_HUB = (
    "https://console.aws.amazon.com/securityhub/home?region=${__data.fields.region}"
    "#/findings?search=ProductName%3D%255Coperator%255C%253AEQUALS%255C%253APlumbline"
)


def while_running(expression):
    """What counts over a time, only while Plumbline is scraped now: else nothing would count as 0."""
    return f"({expression}) and on () (count(plumbline_build_info) > 0)"


def drift_by(*labels):
    by = ", ".join(labels)
    return f"""
        sum by ({by}) (
          max by (namespace, baseline, owner, account, region, severity) (
            plumbline_target_drift{{{TARGET}}}
          )
        )
    """


def owned_drift_by(*labels):
    """By whom it belongs to, which no metric of accounts says: tags name owners, too."""
    by = ", ".join(labels)
    return f"sum by ({by}) (plumbline_owner_drift{{{OWNER}}})"


def targets_of(metric, by=""):
    return f"""
        sum{by} (
          max by (namespace, baseline, owner, account, region) ({metric}{{{TARGET}}})
        )
    """


# Each evaluated target, once.
EVALUATED_TARGETS = f"""
    count by (namespace, baseline) (
      max by (namespace, baseline, account, region) (plumbline_target_unknown{{{BASELINE}}})
    )
"""
BASELINE_TARGETS = f"max by (namespace, baseline) (plumbline_baseline_targets{{{BASELINE}}})"
MISSING_TARGETS = f"""
    {BASELINE_TARGETS} - ({EVALUATED_TARGETS} or {BASELINE_TARGETS} * 0)
"""

COMPLIANT = f"""
    sum by (namespace, baseline) (plumbline_baseline_verdicts{{{BASELINE},verdict="Compliant"}})
"""
APPLICABLE = f"""
    sum by (namespace, baseline) (plumbline_baseline_verdicts{{{BASELINE},verdict!="NotApplicable"}})
"""
# The program itself shows it only while everything was read that the baseline asks for.
COMPLIANCE = f"max by (namespace, baseline) (plumbline_compliance_ratio{{{BASELINE}}})"
# The same for all baselines together: nothing as long as one of them is not known.
COMPLIANCE_OF_ALL = f"""
    sum({COMPLIANT}) / sum({APPLICABLE})
      and on () (count({BASELINE_TARGETS} > 0) == count({COMPLIANCE}))
      and on () (sum({MISSING_TARGETS}) == 0)
"""
UNKNOWN_SHARE = f"""
    sum(plumbline_baseline_verdicts{{{BASELINE},verdict="Unknown"}})
      / sum(plumbline_baseline_verdicts{{{BASELINE},verdict!="NotApplicable"}})
"""

# How many of its intervals ago each account was evaluated.
AGE_IN_INTERVALS = f"""
    (time() - max by (account) (plumbline_account_last_evaluation_timestamp_seconds{{{ACCOUNT}}}))
      / max by (account) (plumbline_account_interval_seconds{{{ACCOUNT}}})
"""
ACCOUNT_NAME = "on (account) group_left (name) max by (account, name) (plumbline_account_info)"
CONTROL_TITLE = "on (control) group_left (title) max by (control, title) (plumbline_control_info)"


def not_true(condition):
    """How many accounts have a condition that is not known to hold."""
    return f"""
        sum(max by (account, status) (
          plumbline_account_condition{{{ACCOUNT},type="{condition}",status!="True"}}
        ))
    """


def drift_since(severity):
    labels = "owner, account, region, control, namespace, baseline"
    return f"""
        1000 * min by ({labels}) (
          plumbline_drift_since_timestamp_seconds{{{TARGET},severity=~"{severity}"}}
        )
    """
