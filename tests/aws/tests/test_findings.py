"""`BatchUpdateFindings`, `GetFindings` and the hub itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import FIRST, REGION, Aws, error_of, finding

PRODUCT = f"arn:aws:securityhub:{REGION}:{FIRST}:product/{FIRST}/default"
KEY = {"Id": "finding-1", "ProductArn": PRODUCT}


def test_an_update_changes_only_what_it_names(aws: Aws, put: Any, stored: Any) -> None:
    put(finding())
    answer = aws.hub.batch_update_findings(
        FindingIdentifiers=[KEY], Workflow={"Status": "RESOLVED"}
    )
    assert answer["ProcessedFindings"] == [KEY]
    found = stored()
    assert found["Workflow"] == {"Status": "RESOLVED"}
    assert found["UpdatedAt"] == "2026-11-20T10:00:00.000Z"
    assert found["Title"] == "S3 buckets keep versions"


def test_an_update_of_an_unknown_finding_is_unprocessed(aws: Aws) -> None:
    answer = aws.hub.batch_update_findings(FindingIdentifiers=[KEY], Confidence=5)
    [unprocessed] = answer["UnprocessedFindings"]
    assert unprocessed["ErrorCode"] == "FindingNotFound"
    assert unprocessed["FindingIdentifier"] == KEY


def test_a_finding_named_twice_is_unprocessed(aws: Aws, put: Any) -> None:
    put(finding())
    answer = aws.hub.batch_update_findings(FindingIdentifiers=[KEY, KEY], Confidence=5)
    codes = [one["ErrorCode"] for one in answer["UnprocessedFindings"]]
    assert codes == ["DuplicatedFindingIdentifier"] * 2


@pytest.mark.parametrize("count", [0, 101])
def test_an_update_names_1_to_100_findings(aws: Aws, count: int) -> None:
    keys = [{**KEY, "Id": str(n)} for n in range(count)]
    code, _, _ = error_of(aws.hub.batch_update_findings, FindingIdentifiers=keys)
    assert code == "InvalidInputException"


@pytest.mark.parametrize(
    "changes",
    [
        {"Workflow": {"Status": "DONE"}},
        {"Note": {"Text": "x" * 513, "UpdatedBy": "me"}},
        {"Note": {"Text": "without an author"}},
        {"UserDefinedFields": {"k": "x" * 1025}},
        {"Confidence": 101},
    ],
)
def test_an_update_keeps_to_the_format(aws: Aws, put: Any, changes: dict[str, Any]) -> None:
    put(finding())
    call = aws.hub.batch_update_findings
    code, _, status = error_of(call, FindingIdentifiers=[KEY], **changes)
    assert (code, status) == ("InvalidInputException", 400)


def test_customers_change_no_other_fields(aws: Aws, put: Any) -> None:
    put(finding())
    body = {"FindingIdentifiers": [KEY], "Title": "not theirs"}
    status, answer = aws.post("/findings/batchupdate", body, "PATCH")
    assert (status, answer["Code"]) == (400, "InvalidInputException")


def test_an_unknown_filter_is_refused(aws: Aws) -> None:
    status, answer = aws.post("/findings", {"Filters": {"Nothing": [_string("x")]}})
    assert (status, answer["Code"]) == (400, "InvalidInputException")
    assert "Nothing" in answer["Message"]


def _ids(aws: Aws, filters: dict[str, Any] | None = None, **given: Any) -> list[str]:
    answer = aws.hub.get_findings(Filters=filters or {}, **given)
    return [found["Id"] for found in answer["Findings"]]


def _string(value: str, comparison: str = "EQUALS") -> dict[str, str]:
    return {"Value": value, "Comparison": comparison}


@pytest.fixture
def several(put: Any) -> None:
    put(
        finding("a/1", GeneratorId="plumbline/s3", UpdatedAt="2026-11-20T10:00:01.000Z"),
        finding(
            "a/2",
            GeneratorId="plumbline/ec2",
            UpdatedAt="2026-11-20T10:00:02.000Z",
            ProductFields={"plumbline/baseline": "production"},
            Compliance={"Status": "PASSED"},
        ),
        finding(
            "b/3",
            GeneratorId="other",
            UpdatedAt="2026-11-20T10:00:03.000Z",
            RecordState="ARCHIVED",
            FindingProviderFields={"Severity": {"Label": "HIGH"}, "Types": ["TTPs/x/y"]},
            Resources=[{"Type": "AwsEc2Volume", "Id": "vol-1"}, {"Type": "Other", "Id": "x"}],
        ),
    )


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["a/1", "a/2", "b/3"]),
        ({"Id": [_string("a/1")]}, ["a/1"]),
        ({"Id": [_string("a/1"), _string("b/3")]}, ["a/1", "b/3"]),
        ({"Id": [_string("a/", "PREFIX")]}, ["a/1", "a/2"]),
        ({"Id": [_string("a/1", "NOT_EQUALS"), _string("b/3", "NOT_EQUALS")]}, ["a/2"]),
        ({"Id": [_string("a/", "PREFIX_NOT_EQUALS")]}, ["b/3"]),
        ({"Id": [_string("a/", "PREFIX"), _string("a/2", "NOT_EQUALS")]}, ["a/1"]),
        (
            {"GeneratorId": [_string("plumbline/", "PREFIX")], "Id": [_string("a/2")]},
            ["a/2"],
        ),
        ({"ComplianceStatus": [_string("PASSED")]}, ["a/2"]),
        ({"RecordState": [_string("ACTIVE")]}, ["a/1", "a/2"]),
        ({"WorkflowStatus": [_string("NEW")]}, ["a/1", "a/2", "b/3"]),
        ({"SeverityLabel": [_string("HIGH")]}, ["b/3"]),
        ({"SeverityNormalized": [{"Gte": 70}]}, ["b/3"]),
        ({"ResourceType": [_string("AwsEc2Volume")]}, ["b/3"]),
        ({"Type": [_string("TTPs", "PREFIX")]}, ["b/3"]),
        ({"ProductArn": [_string(PRODUCT)]}, ["a/1", "a/2", "b/3"]),
        (
            {
                "ProductFields": [
                    {"Key": "plumbline/baseline", "Value": "production", "Comparison": "EQUALS"}
                ]
            },
            ["a/2"],
        ),
        (
            {"UpdatedAt": [{"Start": "2026-11-20T10:00:02Z", "End": "2026-11-20T10:00:03Z"}]},
            ["a/2", "b/3"],
        ),
        ({"UpdatedAt": [{"DateRange": {"Value": 1, "Unit": "DAYS"}}]}, []),
    ],
)
def test_filters_find(aws: Aws, filters: dict[str, Any], expected: list[str]) -> None:
    aws.control("POST", "clock", {"now": "2026-11-25T00:00:00Z"})
    assert sorted(_ids(aws, filters)) == expected


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"Id": [_string("x", "CONTAINS")]}, "CONTAINS"),
        ({"Id": [_string("x"), _string("y", "NOT_EQUALS")]}, "cannot be combined"),
        ({"Id": [{"Value": "x"}]}, "Comparison"),
        ({"Id": [_string("x", "SIMILAR")]}, "Comparison"),
        ({"Id": [_string(str(n)) for n in range(21)]}, "20"),
        (
            {
                name: [_string("x")]
                for name in (
                    *("Id", "Title", "Description", "GeneratorId", "Region", "Type"),
                    *("ProductArn", "ProductName", "CompanyName", "RecordState", "SourceUrl"),
                )
            },
            "10",
        ),
    ],
)
def test_filters_that_do_not_hold_are_refused(
    aws: Aws, filters: dict[str, Any], words: str
) -> None:
    code, message, status = error_of(aws.hub.get_findings, Filters=filters)
    assert (code, status) == ("InvalidInputException", 400)
    assert words in message


@pytest.mark.usefixtures("several")
def test_findings_are_sorted(aws: Aws) -> None:
    criteria = [{"Field": "UpdatedAt", "SortOrder": "asc"}]
    assert _ids(aws, SortCriteria=criteria) == ["a/1", "a/2", "b/3"]
    assert _ids(aws) == ["b/3", "a/2", "a/1"]


@pytest.mark.usefixtures("several")
def test_findings_come_in_pages(aws: Aws) -> None:
    criteria = [{"Field": "Id", "SortOrder": "asc"}]
    first = aws.hub.get_findings(SortCriteria=criteria, MaxResults=2)
    second = aws.hub.get_findings(SortCriteria=criteria, MaxResults=2, NextToken=first["NextToken"])
    assert [f["Id"] for f in first["Findings"] + second["Findings"]] == ["a/1", "a/2", "b/3"]
    assert "NextToken" not in second


@pytest.mark.usefixtures("several")
def test_a_token_continues_only_its_own_filters(aws: Aws) -> None:
    token = aws.hub.get_findings(MaxResults=1)["NextToken"]
    given = {"NextToken": token, "Filters": {"Id": [_string("a/1")]}}
    assert error_of(aws.hub.get_findings, **given)[0] == "InvalidInputException"


def test_a_page_has_a_hundred_findings_at_most(aws: Aws) -> None:
    assert error_of(aws.hub.get_findings, MaxResults=101)[0] == "InvalidInputException"


def test_reads_lag_behind_writes_on_request(aws: Aws, put: Any) -> None:
    aws.control("PATCH", "settings", {"lagSeconds": 30})
    put(finding())
    assert _ids(aws) == []
    aws.control("POST", "clock", {"advanceSeconds": 31})
    assert _ids(aws) == ["finding-1"]


def test_a_lagging_read_sees_the_finding_as_it_was(aws: Aws, put: Any) -> None:
    put(finding())
    aws.control("POST", "clock", {"advanceSeconds": 60})
    aws.control("PATCH", "settings", {"lagSeconds": 30})
    put(finding(Title="Another title", UpdatedAt="2026-11-20T11:00:00.000Z"))
    [found] = aws.hub.get_findings()["Findings"]
    assert found["Title"] == "S3 buckets keep versions"


@pytest.mark.parametrize(("state", "days"), [("ACTIVE", 90), ("ARCHIVED", 30)])
def test_findings_go_by_themselves(aws: Aws, put: Any, state: str, days: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    put(finding(RecordState=state, UpdatedAt=now))
    aws.control("POST", "clock", {"advanceSeconds": (days * 24 - 1) * 3600})
    assert _ids(aws) == ["finding-1"]
    aws.control("POST", "clock", {"advanceSeconds": 2 * 3600})
    assert _ids(aws) == []


def test_somebody_else_can_change_a_finding(aws: Aws, put: Any, stored: Any) -> None:
    put(finding())
    patch = {"RecordState": "ARCHIVED"}
    body = {"account": FIRST, "region": REGION, "id": "finding-1", "patch": patch}
    assert aws.control("PATCH", "findings", body) == {"changed": 1}
    assert stored()["RecordState"] == "ARCHIVED"


def test_the_hub_is_described(aws: Aws) -> None:
    hub = aws.hub.describe_hub()
    assert hub["HubArn"] == f"arn:aws:securityhub:{REGION}:{FIRST}:hub/default"


def test_another_hub_is_not_found(aws: Aws) -> None:
    arn = f"arn:aws:securityhub:us-east-1:{FIRST}:hub/default"
    code, _, status = error_of(aws.hub.describe_hub, HubArn=arn)
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_a_hub_that_is_not_enabled_is_not_described(aws: Aws) -> None:
    client = aws.client("securityhub", "eu-central-1")
    assert error_of(client.describe_hub)[0] == "InvalidAccessException"


def test_a_hub_is_enabled_once(aws: Aws) -> None:
    client = aws.client("securityhub", "eu-central-1")
    client.enable_security_hub()
    assert client.describe_hub()["HubArn"]
    code, _, status = error_of(client.enable_security_hub)
    assert (code, status) == ("ResourceConflictException", 409)


def test_findings_are_seen_from_outside(aws: Aws, put: Any) -> None:
    put(finding())
    answer = aws.control("GET", f"findings?account={FIRST}&region={REGION}")
    assert [found["Id"] for found in answer["findings"]] == ["finding-1"]


def test_the_control_counts_findings_by_record_state(aws: Aws, put: Any) -> None:
    put(finding(), finding(Id="finding-2"), finding(Id="other", RecordState="ARCHIVED"))
    counts = aws.control("GET", "findings/counts")
    assert counts == {"ACTIVE": 2, "ARCHIVED": 1}
    assert aws.control("GET", "findings/counts?contains=-2") == {"ACTIVE": 1, "ARCHIVED": 0}
