"""Limits that AWS documents and its service model lacks, each with the page that states it.

Pages are named by their file under docs.aws.amazon.com (`guide/page`), so that each can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .model import Path, Violation

ASFF = "securityhub/1.0/APIReference/API_AwsSecurityFinding"
IMPORT = "securityhub/latest/userguide/finding-update-batchimportfindings"
UPDATE = "securityhub/latest/userguide/finding-update-batchupdatefindings"
HUB_API = "securityhub/1.0/APIReference/Welcome"
GET_FINDINGS = "securityhub/1.0/APIReference/API_GetFindings"
RETENTION = "securityhub/latest/userguide/securityhub-findings-update-types"
QUERIES = "config/latest/developerguide/querying-AWS-resources"
SELECT_AGGREGATE = "config/latest/APIReference/API_SelectAggregateResourceConfig"
HISTORY = "config/latest/APIReference/API_GetResourceConfigHistory"

FINDING_BYTES = 240 * 1024  # IMPORT: up to 240 KB a finding
IMPORT_BYTES = 6 * 1024 * 1024  # IMPORT: up to 6 MB a batch
UPDATE_FINDINGS = 100  # UPDATE: up to 100 findings at a time
FILTER_ATTRIBUTES = 10  # GET_FINDINGS: up to 10 finding attributes
FILTER_VALUES = 20  # GET_FINDINGS: up to 20 values an attribute
ACTIVE_DAYS = 90  # RETENTION: an active finding goes 90 days after its last update
ARCHIVED_DAYS = 30  # RETENTION: an archived one after 30
QUERY_ROWS = 25  # SELECT_AGGREGATE: rows a page, unless asked otherwise
AGGREGATE_ROWS = 500  # SELECT_AGGREGATE: the same for queries that aggregate
GROUP_BY = 3  # QUERIES: properties of GROUP BY
GROUP_BY_ORDERED = 1  # QUERIES: the same when ORDER BY names an aggregate function
WILDCARD_CHARACTERS = 3  # QUERIES: at least three characters before a wildcard
HISTORY_ITEMS = 10  # HISTORY: items a page, unless asked otherwise
CONFIG_RULES = 1000  # config/latest/APIReference/API_PutConfigRule: rules of an account and region
RULE_STATUSES = 50  # config/latest/APIReference/API_DescribeConfigRuleEvaluationStatus: a page
TAGS = 100  # config/latest/APIReference/API_ListTagsForResource: a page
COUNTS = 100  # config/latest/APIReference/API_GetDiscoveredResourceCounts
MFA_DEVICES = 100  # IAM/latest/APIReference/API_ListVirtualMFADevices: a page, unless asked otherwise
LOG_GROUPS = 50  # AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups: a page, at most
ORGANIZATION_ENTRIES = 20  # organizations/latest/APIReference/API_ListAccounts: a page, at most
ORGANIZATION_TAGS = 50  # organizations/latest/userguide/orgs_reference_limits: tags of a resource
ACCOUNT_REGIONS = 50  # accounts/latest/reference/API_ListRegions: a page, at most
SNAPSHOTS = 1000  # AWSEC2/latest/APIReference/API_DescribeSnapshots: a page, at most
REPORT_SECONDS = 4 * 3600  # IAM/latest/UserGuide/id_credentials_getting-report: made every 4 hours
CLOCK_SKEW_SECONDS = 300  # IAM/latest/UserGuide/reference_sigv-troubleshooting: five minutes


@dataclass(frozen=True)
class Limit:
    """A bound on what stands at `path`: `[]` goes into a list, `{}` into a map."""

    path: str
    rule: str
    bound: int
    source: str


FINDING = [
    Limit("Id", "max_length", 512, ASFF),
    Limit("ProductArn", "min_length", 12, ASFF),
    Limit("ProductArn", "max_length", 2048, ASFF),
    Limit("ProductName", "max_length", 128, ASFF),
    Limit("CompanyName", "max_length", 128, ASFF),
    Limit("Region", "max_length", 16, ASFF),
    Limit("GeneratorId", "max_length", 512, ASFF),
    Limit("AwsAccountId", "min_length", 12, ASFF),
    Limit("AwsAccountId", "max_length", 12, ASFF),
    Limit("AwsAccountName", "max_length", 50, ASFF),
    Limit("Title", "max_length", 256, ASFF),
    Limit("Description", "max_length", 1024, ASFF),
    Limit("Types", "max_items", 50, ASFF),
    Limit("FindingProviderFields.Types", "max_items", 50, ASFF),
    Limit("Remediation.Recommendation.Text", "max_length", 512, ASFF),
    Limit("ProductFields", "max_items", 50, ASFF),
    Limit("ProductFields{}", "max_key_length", 128, ASFF),
    Limit("ProductFields{}", "max_length", 2048, ASFF),
    Limit("UserDefinedFields", "max_items", 50, ASFF),
    Limit("UserDefinedFields{}", "max_key_length", 128, ASFF),
    Limit("UserDefinedFields{}", "max_length", 1024, ASFF),
    Limit("Resources", "min_items", 1, ASFF),
    Limit("Resources", "max_items", 32, ASFF),
    Limit("Resources[].Type", "max_length", 256, ASFF),
    Limit("Resources[].Region", "max_length", 16, ASFF),
    Limit("Compliance.RelatedRequirements", "max_items", 32, ASFF),
    Limit("RelatedFindings", "min_items", 1, ASFF),
    Limit("RelatedFindings", "max_items", 10, ASFF),
    Limit("Note.Text", "max_length", 512, ASFF),
    Limit("Severity.Original", "max_length", 64, ASFF),
    Limit("FindingProviderFields.Severity.Original", "max_length", 64, ASFF),
    Limit("Malware", "max_items", 5, ASFF),
    Limit("ThreatIntelIndicators", "max_items", 5, ASFF),
]


def exceeded(value: Any, limits: list[Limit] | None = None) -> Iterator[Violation]:
    """The limits that a finding breaks; those of `BatchUpdateFindings` fields are the same."""
    for limit in FINDING if limits is None else limits:
        for path, key, found in _at(value, limit.path, ()):
            if _breaks(limit, key, found):
                yield Violation(path, limit.rule, limit.bound, found)


def _at(value: Any, path: str, walked: Path) -> Iterator[tuple[Path, str, Any]]:
    step, _, rest = path.partition(".")
    name = step.removesuffix("[]").removesuffix("{}")
    if not isinstance(value, dict) or value.get(name) is None:
        return
    found = value[name]
    entries: list[tuple[Path, str, Any]] = [((*walked, name), name, found)]
    if step.endswith("[]"):
        entries = [((*walked, name, i), "", v) for i, v in enumerate(found)]
    elif step.endswith("{}"):
        entries = [((*walked, name, key), key, v) for key, v in found.items()]
    for where, key, entry in entries:
        if rest:
            yield from _at(entry, rest, where)
        else:
            yield where, key, entry


def _breaks(limit: Limit, key: str, found: Any) -> bool:
    measured = len(key) if limit.rule == "max_key_length" else len(found)
    return measured < limit.bound if limit.rule.startswith("min") else measured > limit.bound


@dataclass(frozen=True)
class Rate:
    """Calls a second per account and region, and how many may come at once."""

    per_second: float
    burst: float


_RATES = {
    "securityhub:GetFindings": Rate(3, 6),  # HUB_API
    "securityhub:BatchImportFindings": Rate(10, 30),  # HUB_API
    "securityhub:BatchUpdateFindings": Rate(10, 30),  # HUB_API
    "securityhub:": Rate(10, 30),  # HUB_API: all other operations
    # AWS does not publish Config's rates. Callers saw queries throttled above about 8 a second;
    # aws-solutions/workload-discovery-on-aws paces batch reads at 15 a second.
    "config:SelectResourceConfig": Rate(8, 8),
    "config:SelectAggregateResourceConfig": Rate(8, 8),
    "config:BatchGetResourceConfig": Rate(15, 15),
    "config:": Rate(10, 10),
    # Documented nowhere. Those of IAM are shared by all regions of an account.
    "iam:": Rate(5, 10),
    "ec2:": Rate(20, 100),  # AWSEC2/latest/APIReference/throttling: calls that read
    "s3control:": Rate(20, 100),
    "account:": Rate(10, 15),  # accounts/latest/reference/quotas: GetAlternateContact
    "organizations:": Rate(10, 15),  # organizations/latest/userguide/orgs_reference_limits
    "sqs:": Rate(300, 300),  # SQS/latest/SQSDeveloperGuide/quotas-messages: of queues that keep order
    "sts:": Rate(100, 200),  # STS/latest/UserGuide: well above what one process asks
}


def rate_of(service: str, operation: str) -> Rate:
    """The rate of an operation, or that of all others of its service."""
    return _RATES.get(f"{service}:{operation}") or _RATES[f"{service}:"]
