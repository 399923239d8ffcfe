"""The filters and sort criteria of `GetFindings`.

Attributes are joined by AND. Filters of one attribute are joined by OR where they ask for a value,
and by AND where they exclude one (API_StringFilter, API_MapFilter).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from botocore.model import StructureShape

from .. import model
from ..clock import parse
from ..errors import ServiceError, not_in_the_double
from ..limits import FILTER_ATTRIBUTES, FILTER_VALUES
from .hub import Finding, Key

Predicate = Callable[[Finding], bool]

#: Attributes that are not named like their field.
_FIELDS = {
    "Type": "Types",
    "SeverityLabel": "Severity.Label",
    "SeverityNormalized": "Severity.Normalized",
    "SeverityProduct": "Severity.Product",
    "RecommendationText": "Remediation.Recommendation.Text",
    "ResourceType": "Resources.Type",
    "ResourceId": "Resources.Id",
    "ResourcePartition": "Resources.Partition",
    "ResourceRegion": "Resources.Region",
    "ResourceTags": "Resources.Tags",
    "ComplianceStatus": "Compliance.Status",
    "ComplianceSecurityControlId": "Compliance.SecurityControlId",
    "ComplianceAssociatedStandardsId": "Compliance.AssociatedStandards.StandardsId",
    "WorkflowStatus": "Workflow.Status",
    "RelatedFindingsProductArn": "RelatedFindings.ProductArn",
    "RelatedFindingsId": "RelatedFindings.Id",
    "NoteText": "Note.Text",
    "NoteUpdatedAt": "Note.UpdatedAt",
    "NoteUpdatedBy": "Note.UpdatedBy",
    "FindingProviderFieldsConfidence": "FindingProviderFields.Confidence",
    "FindingProviderFieldsCriticality": "FindingProviderFields.Criticality",
    "FindingProviderFieldsSeverityLabel": "FindingProviderFields.Severity.Label",
    "FindingProviderFieldsSeverityOriginal": "FindingProviderFields.Severity.Original",
    "FindingProviderFieldsTypes": "FindingProviderFields.Types",
    "ResourceOwnerAccountId": "Resources.Owner.AccountId",
}
#: Attributes that are named like their field.
_PLAIN = {
    *("ProductArn", "ProductName", "CompanyName", "ProductFields", "AwsAccountId"),
    *("AwsAccountName", "Id", "GeneratorId", "Region", "Title", "Description", "SourceUrl"),
    *("FirstObservedAt", "LastObservedAt", "CreatedAt", "UpdatedAt", "Confidence"),
    *("Criticality", "UserDefinedFields", "VerificationState", "WorkflowState"),
    *("RecordState", "Sample"),
}
_EXCLUDING = {"NOT_EQUALS", "PREFIX_NOT_EQUALS", "NOT_CONTAINS"}


def invalid(message: str) -> ServiceError:
    """What Security Hub says of filters that do not hold."""
    return ServiceError("InvalidInputException", message)


def compile_filters(filters: dict[str, Any], now: datetime) -> Predicate:
    """A function that tells whether a finding meets all filters."""
    given = {name: entries for name, entries in filters.items() if entries}
    if len(given) > FILTER_ATTRIBUTES:
        raise invalid(f"You can filter by up to {FILTER_ATTRIBUTES} finding attributes.")
    tests = [_compile(name, entries, now) for name, entries in given.items()]
    return lambda finding: all(test(finding) for test in tests)


def keys_of(filters: dict[str, Any]) -> list[Key] | None:
    """The keys of all findings that can meet filters that name products and ids; else nothing."""
    products, ids = _equal_to(filters, "ProductArn"), _equal_to(filters, "Id")
    if not products or not ids:
        return None
    return [(product, finding) for product in products for finding in ids]


def _equal_to(filters: dict[str, Any], name: str) -> list[str] | None:
    """The values that a field must have one of; nothing where it may have others."""
    entries = filters.get(name, [])
    if any(entry.get("Comparison") != "EQUALS" for entry in entries):
        return None
    return list(dict.fromkeys(entry["Value"] for entry in entries))


def _compile(name: str, entries: list[dict[str, Any]], now: datetime) -> Predicate:
    if len(entries) > FILTER_VALUES:
        raise invalid(f"You can provide up to {FILTER_VALUES} filter values for {name}.")
    steps = field_of(name).split(".")
    kind = _kind_of(name)
    if kind == "DateFilterList":
        tests = [_date_test(entry, now) for entry in entries]
        return lambda f: any(test(value) for test in tests for value in _values(f, steps))
    if kind == "MapFilterList":
        return _map_predicate(name, entries, steps)
    if kind == "StringFilterList":
        return _string_predicate(name, entries, steps)
    return lambda f: any(_number_or_flag(e, v) for e in entries for v in _values(f, steps))


def _kind_of(name: str) -> str:
    """The attribute's list shape in the service model, such as `StringFilterList`."""
    filters = model.service("securityhub").shape_for("AwsSecurityFindingFilters")
    assert isinstance(filters, StructureShape)
    return str(filters.members[name].name)


def field_of(name: str) -> str:
    """The path of the field behind an attribute."""
    if name in _PLAIN:
        return name
    if name not in _FIELDS:
        raise not_in_the_double(f"filters by {name}")
    return _FIELDS[name]


def _string_predicate(name: str, entries: list[dict[str, Any]], steps: list[str]) -> Predicate:
    _check_comparisons(name, [entry.get("Comparison", "") for entry in entries])
    asking = [e for e in entries if e["Comparison"] not in _EXCLUDING]
    excluding = [e for e in entries if e["Comparison"] in _EXCLUDING]

    def meets(finding: Finding) -> bool:
        values = [str(value) for value in _values(finding, steps)]
        wanted = not asking or any(_meets(e, v) for e in asking for v in values)
        return wanted and all(_meets(e, v) for e in excluding for v in values)

    return meets


def _check_comparisons(name: str, comparisons: list[str]) -> None:
    used = set(comparisons)
    if "" in used:
        raise invalid(f"Comparison is missing for {name}.")
    if used & {"CONTAINS", "NOT_CONTAINS", "CONTAINS_WORD"}:
        raise invalid("CONTAINS operators can be used only with automation rules.")
    if "EQUALS" in used and used & {"NOT_EQUALS", "PREFIX_NOT_EQUALS"}:
        raise invalid(f"EQUALS cannot be combined with NOT_EQUALS or PREFIX_NOT_EQUALS on {name}.")


def _map_predicate(name: str, entries: list[dict[str, Any]], steps: list[str]) -> Predicate:
    _check_comparisons(name, [entry.get("Comparison", "") for entry in entries])

    def meets_one(entry: dict[str, Any], finding: Finding) -> bool:
        maps = [m for m in _values(finding, steps) if isinstance(m, dict)]
        equal = any(m.get(entry["Key"]) == entry["Value"] for m in maps)
        return equal if entry["Comparison"] == "EQUALS" else not equal

    def meets(finding: Finding) -> bool:
        results = [(e["Comparison"], meets_one(e, finding)) for e in entries]
        if results[0][0] == "EQUALS":
            return any(result for _, result in results)
        return all(result for _, result in results)

    return meets


def _meets(entry: dict[str, Any], value: str) -> bool:
    wanted, comparison = entry["Value"], entry["Comparison"]
    found = value.startswith(wanted) if comparison.startswith("PREFIX") else value == wanted
    return not found if comparison in _EXCLUDING else bool(found)


def _date_test(entry: dict[str, Any], now: datetime) -> Callable[[str], bool]:
    if date_range := entry.get("DateRange"):
        edge = now - timedelta(days=date_range["Value"])
        if date_range.get("Comparison") == "OLDER_THAN":
            return lambda value: parse(value) < edge
        return lambda value: edge <= parse(value) <= now
    start = parse(entry["Start"]) if "Start" in entry else None
    end = parse(entry["End"]) if "End" in entry else None
    return lambda value: (
        (start is None or start <= parse(value)) and (end is None or parse(value) <= end)
    )


def _number_or_flag(entry: dict[str, Any], value: Any) -> bool:
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "Gte": lambda v, bound: v >= bound,
        "Lte": lambda v, bound: v <= bound,
        "Gt": lambda v, bound: v > bound,
        "Lt": lambda v, bound: v < bound,
        "Eq": lambda v, bound: v == bound,
        "Value": lambda v, bound: v == bound,
    }
    return all(tests[name](value, bound) for name, bound in entry.items())


def _values(value: Any, steps: list[str]) -> list[Any]:
    """Every value at a path, through lists."""
    if isinstance(value, list):
        return [found for member in value for found in _values(member, steps)]
    if not steps:
        return [value]
    if isinstance(value, dict) and steps[0] in value:
        return _values(value[steps[0]], steps[1:])
    return []


def sort(findings: list[Finding], criteria: list[dict[str, str]]) -> list[Finding]:
    """Orders findings by the criteria; without any, by when they were last updated."""
    ordered = sorted(findings, key=lambda f: (f["ProductArn"], f["Id"]))
    for criterion in reversed(criteria or [{"Field": "UpdatedAt", "SortOrder": "desc"}]):
        steps = field_of(criterion["Field"]).split(".")
        descending = criterion.get("SortOrder", "asc") == "desc"
        ordered.sort(key=lambda f: _rank(_values(f, steps)), reverse=descending)
    return ordered


def _rank(values: list[Any]) -> tuple[bool, str, Any]:
    return (True, str(type(values[0])), values[0]) if values else (False, "", "")
