"""`BatchImportFindings`: what becomes of one finding, new or known.

Sources: finding-update-batchimportfindings and findings-workflow-status of the user guide, and
API_FindingProviderFields.
"""

from __future__ import annotations

from typing import Any

from ..clock import Clock, iso
from .asff import is_default_product
from .hub import Finding, Hub, Key, Stored, in_milliseconds

#: Never changed by a provider once the finding is there.
_CUSTOMER_OWNED = ("Note", "UserDefinedFields", "VerificationState", "Workflow")
#: Changed by a provider only as long as no customer has set them.
_SHARED = ("Confidence", "Criticality", "RelatedFindings", "Severity", "Types")
_NORMALIZED = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}
_NEEDS_REVIEW = ("FAILED", "WARNING", "NOT_AVAILABLE")

CREATED, UPDATED, IGNORED = "created", "updated", "ignored"


def upsert(hub: Hub, clock: Clock, region: str, given: Finding) -> str:
    """Creates or updates a finding that adheres to ASFF; says which, or that it was too old."""
    key: Key = (given["ProductArn"], given["Id"])
    finding = _normal(given, region, clock)
    known = hub.findings.get(key)
    if known is None:
        hub.write(clock, key, _created(finding))
        return CREATED
    if finding["UpdatedAt"] <= known.finding["UpdatedAt"]:
        return IGNORED
    hub.write(clock, key, _updated(known, finding))
    return UPDATED


def _normal(given: Finding, region: str, clock: Clock) -> Finding:
    """The finding with what Security Hub itself fills in."""
    finding = {name: value for name, value in given.items() if value is not None}
    for name in ("CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"):
        if name in finding:
            finding[name] = in_milliseconds(finding[name])
    provided = dict(finding.get("FindingProviderFields", {}))
    for name in _SHARED:
        if name not in provided and name in finding:
            provided[name] = finding[name]
        elif name in provided:
            finding[name] = provided[name]  # providers speak through FindingProviderFields
    finding["Severity"] = severity(finding["Severity"])
    provided["Severity"] = {
        k: v for k, v in severity(provided["Severity"]).items() if k in ("Label", "Original")
    }
    finding["FindingProviderFields"] = provided
    finding["Region"] = region
    finding["ProcessedAt"] = iso(clock.now())
    if is_default_product(finding["ProductArn"]):
        finding.setdefault("ProductName", "Default")
        finding.setdefault("CompanyName", "Personal")
    return finding


def severity(given: dict[str, Any]) -> dict[str, Any]:
    """A severity with both label and number (API_Severity)."""
    if "Label" in given:
        return {**given, "Normalized": given.get("Normalized", _NORMALIZED[given["Label"]])}
    number = given["Normalized"]
    label = next(n for n, low in reversed(_NORMALIZED.items()) if number >= low)
    return {**given, "Label": label}


def _created(finding: Finding) -> Finding:
    return {
        **finding,
        "RecordState": finding.get("RecordState", "ACTIVE"),
        "Workflow": finding.get("Workflow") or {"Status": "NEW"},
        "WorkflowState": finding.get("WorkflowState", "NEW"),
    }


def _updated(known: Stored, finding: Finding) -> Finding:
    before = known.finding
    after = dict(finding)
    for name in (*_CUSTOMER_OWNED, *sorted(known.set_by_customer)):
        after.pop(name, None)
        if name in before:
            after[name] = before[name]
    # The guide does not say what an update without a record state means: nothing changes here.
    after.setdefault("RecordState", before["RecordState"])
    after.setdefault("WorkflowState", before["WorkflowState"])
    if _reopens(before, after) and before["Workflow"]["Status"] in ("NOTIFIED", "RESOLVED"):
        after["Workflow"] = {"Status": "NEW"}
    return after


def _reopens(before: Finding, after: Finding) -> bool:
    """findings-workflow-status: what sets the workflow back to NEW."""
    revived = before["RecordState"] == "ARCHIVED" and after["RecordState"] == "ACTIVE"
    was, now = _status(before), _status(after)
    return revived or (was == "PASSED" and now in _NEEDS_REVIEW)


def _status(finding: Finding) -> str | None:
    status: str | None = finding.get("Compliance", {}).get("Status")
    return status


def update_by_customer(hub: Hub, clock: Clock, key: Key, changes: dict[str, Any]) -> Finding:
    """`BatchUpdateFindings` on one finding; `UpdatedAt` stays, as the guide says."""
    stored = hub.findings[key]
    finding = dict(stored.finding)
    for name, value in changes.items():
        if name == "Note":
            value = {**value, "UpdatedAt": iso(clock.now())}
        if name == "Severity":
            value = severity({**value}) if {"Label", "Normalized"} & set(value) else value
        finding[name] = value
    stored.set_by_customer.update(name for name in changes if name in _SHARED)
    return finding
