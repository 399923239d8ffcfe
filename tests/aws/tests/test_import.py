"""`BatchImportFindings`: what is taken, what is refused, and what an update may change."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import FIRST, REGION, SECOND, Aws, error_of, finding

SEVERITY = {"Label": "MEDIUM"}
TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
LATER = "2026-11-20T11:00:00.000Z"
LATEST = "2026-11-20T12:00:00.000Z"


def _refused(aws: Aws, **changes: Any) -> tuple[str, str]:
    """The code and message of the one finding that fails."""
    answer = aws.hub.batch_import_findings(Findings=[finding(**changes)])
    assert (answer["FailedCount"], answer["SuccessCount"]) == (1, 0)
    [failed] = answer["FailedFindings"]
    return failed["ErrorCode"], failed["ErrorMessage"]


def test_a_new_finding_is_filled_in(aws: Aws, put: Any, stored: Any) -> None:
    put(finding())
    found = stored()
    assert found["RecordState"] == "ACTIVE"
    assert found["Workflow"] == {"Status": "NEW"}
    assert (found["ProductName"], found["CompanyName"]) == ("Default", "Personal")
    assert found["Severity"] == {"Label": "MEDIUM", "Normalized": 40}
    assert found["Region"] == REGION


def test_top_level_severity_reaches_the_provider_fields(put: Any, stored: Any) -> None:
    given = finding(Severity={"Label": "HIGH"}, Types=TYPES)
    del given["FindingProviderFields"]
    put(given)
    assert stored()["FindingProviderFields"] == {"Severity": {"Label": "HIGH"}, "Types": TYPES}


def test_times_are_rounded_to_milliseconds_in_utc(put: Any, stored: Any) -> None:
    put(finding(CreatedAt="2026-11-20T12:00:00.123456789+02:00"))
    assert stored()["CreatedAt"] == "2026-11-20T10:00:00.123Z"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Title": "x" * 257}, "data.Title should NOT be longer than 256 characters"),
        ({"Title": ""}, "data.Title should match pattern"),
        ({"Description": "x" * 1025}, "data.Description should NOT be longer than 1024"),
        ({"Id": "x" * 513}, "data.Id should NOT be longer than 512"),
        ({"GeneratorId": "x" * 513}, "data.GeneratorId should NOT be longer than 512"),
        ({"Resources": []}, "data.Resources should NOT have fewer than 1 items"),
        (
            {"Resources": [{"Type": "Other", "Id": str(n)} for n in range(33)]},
            "data.Resources should NOT have more than 32 items",
        ),
        (
            {"Resources": [{"Id": "x"}]},
            "data.Resources[0] should have required property 'Type'",
        ),
        (
            {"Remediation": {"Recommendation": {"Text": "x" * 513}}},
            "data.Remediation.Recommendation.Text should NOT be longer than 512",
        ),
        (
            {"ProductFields": {f"k{n}": "v" for n in range(51)}},
            "data.ProductFields should NOT have more than 50 items",
        ),
        (
            {"ProductFields": {"k": "x" * 2049}},
            "data.ProductFields.k should NOT be longer than 2048",
        ),
        (
            {"ProductFields": {"k" * 129: "v"}},
            "property name should NOT be longer than 128",
        ),
        (
            {"Compliance": {"RelatedRequirements": ["r"] * 33}},
            "data.Compliance.RelatedRequirements should NOT have more than 32 items",
        ),
        ({"Compliance": {"Status": "BAD"}}, "data.Compliance.Status should be equal to one of"),
        ({"SchemaVersion": "2020-01-01"}, "data.SchemaVersion should be equal to one of"),
        ({"UpdatedAt": "2026-11-20 10:00:00"}, 'data.UpdatedAt should match format "date-time"'),
        ({"UpdatedAt": "2026-11-20T10:00:00"}, 'data.UpdatedAt should match format "date-time"'),
        ({"CreatedAt": "2026-11-20T10:00:00+19:00"}, "data.CreatedAt should match format"),
        ({"Confidence": 101}, "data.Confidence should be <= 100"),
        (
            {"FindingProviderFields": {"Types": TYPES}},
            "data should have required property 'FindingProviderFields'",
        ),
        (
            {"FindingProviderFields": {"Severity": SEVERITY}},
            "data should have required property 'FindingProviderFields'",
        ),
        (
            {"FindingProviderFields": {"Severity": {"Original": "5"}, "Types": TYPES}},
            "data.Severity should have required property 'Label'",
        ),
        ({"Title": 7}, "data.Title should be string"),
    ],
)
def test_a_finding_that_breaks_the_format_fails(
    aws: Aws, changes: dict[str, Any], words: str
) -> None:
    code, message = _refused(aws, **changes)
    assert code == "InvalidInput"
    assert message.startswith("Finding does not adhere to Amazon Finding Format.")
    assert words in message


def test_a_field_that_is_not_of_the_format_fails(aws: Aws) -> None:
    _, answer = aws.post("/findings/import", {"Findings": [finding(Surplus=1)]})
    [failed] = answer["FailedFindings"]
    assert "data should NOT have additional properties" in failed["ErrorMessage"]


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00.123456789Z",
        "2026-11-20T10:00:00+17:59",
        "2026-11-20T10:00:00-1759",
    ],
)
def test_times_are_taken_in_all_documented_forms(put: Any, time: str) -> None:
    put(finding(CreatedAt=time))


def test_fields_at_their_limits_are_taken(put: Any) -> None:
    put(finding(Title="x" * 256, Description="x" * 1024, GeneratorId="x" * 512, Id="x" * 512))


def test_a_finding_of_more_than_240_kb_fails(aws: Aws) -> None:
    details = {"Other": {f"k{n}": "x" * 32000 for n in range(8)}}
    resource = {"Type": "Other", "Id": "x", "Details": details}
    assert _refused(aws, Resources=[resource]) == ("InvalidInput", "Finding size exceeded 240 KB")


def test_one_bad_finding_does_not_hold_up_the_others(aws: Aws) -> None:
    batch = [finding("good"), finding("bad", Title="x" * 257)]
    answer = aws.hub.batch_import_findings(Findings=batch)
    assert (answer["SuccessCount"], answer["FailedCount"]) == (1, 1)
    assert answer["FailedFindings"][0]["Id"] == "bad"


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_has_1_to_100_findings(aws: Aws, count: int) -> None:
    batch = [finding(f"finding-{n}") for n in range(count)]
    code, message, status = error_of(aws.hub.batch_import_findings, Findings=batch)
    assert (code, status) == ("InvalidInputException", 400)
    assert "Findings" in message


def test_a_hundred_findings_are_one_batch(aws: Aws, put: Any) -> None:
    put(*(finding(f"finding-{n}") for n in range(100)))
    [call] = aws.calls(operation="BatchImportFindings")
    sent = call["detail"].pop("sent")
    assert call["detail"] == {"findings": 100, "failed": 0, "created": 100}
    assert [it["Id"] for it in sent] == [f"finding-{n}" for n in range(100)]
    assert {it["outcome"] for it in sent} == {"created"}


def test_a_batch_of_more_than_6_mb_is_refused(aws: Aws) -> None:
    details = {"Other": {f"k{n}": "x" * 30000 for n in range(3)}}
    resource = {"Type": "Other", "Id": "x", "Details": details}
    batch = [finding(f"finding-{n}", Resources=[resource]) for n in range(70)]
    code, _, status = error_of(aws.hub.batch_import_findings, Findings=batch)
    assert (code, status) == ("RequestEntityTooLargeException", 413)


def _product(region: str = REGION, account: str = FIRST, partition: str = "aws") -> str:
    return f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default"


@pytest.mark.parametrize(
    "changes",
    [
        {"AwsAccountId": SECOND},
        {"ProductArn": _product(region="us-east-1")},
        {"ProductArn": _product(account=SECOND)},
        {"ProductArn": _product(partition="aws-cn")},
    ],
)
def test_another_account_region_or_partition_is_denied(aws: Aws, changes: dict[str, Any]) -> None:
    batch = [finding("good"), finding("bad", **changes)]
    code, message, status = error_of(aws.hub.batch_import_findings, Findings=batch)
    assert (code, status) == ("AccessDeniedException", 403)
    assert "is not authorized to perform: securityhub:BatchImportFindings" in message
    assert aws.hub.get_findings()["Findings"] == []


def test_an_ill_formed_product_arn_refuses_the_batch(aws: Aws) -> None:
    arn = "arn:aws:securityhub:::product/acme/scanner"
    code, message, _ = error_of(aws.hub.batch_import_findings, Findings=[finding(ProductArn=arn)])
    assert (code, message) == ("InvalidInputException", f'productArn: "{arn}"')


def test_a_finding_of_another_region_fails(aws: Aws) -> None:
    assert _refused(aws, Region="us-east-1")[0] == "InvalidInput"


def test_a_product_needs_a_subscription(aws: Aws, put: Any) -> None:
    base = f"arn:aws:securityhub:{REGION}::product/acme"
    put(finding("known", ProductArn=f"{base}/scanner"))
    assert _refused(aws, ProductArn=f"{base}/unknown")[0] == "InvalidAccess"


def test_without_security_hub_nothing_is_taken(aws: Aws) -> None:
    client = aws.client("securityhub", "eu-central-1")
    code, message, status = error_of(client.batch_import_findings, Findings=[finding()])
    assert (code, status) == ("InvalidAccessException", 401)
    assert message == f"Account {FIRST} is not subscribed to AWS Security Hub"


def test_a_later_update_replaces_the_finding(put: Any, stored: Any) -> None:
    put(finding(SourceUrl="https://example.com"))
    put(finding(Title="Another title", UpdatedAt=LATER))
    found = stored()
    assert found["Title"] == "Another title"
    assert "SourceUrl" not in found


@pytest.mark.parametrize("updated", ["2026-11-20T10:00:00.000Z", "2026-11-20T09:00:00.000Z"])
def test_an_update_that_is_not_later_is_ignored(
    aws: Aws, put: Any, stored: Any, updated: str
) -> None:
    put(finding())
    put(finding(Title="Another title", UpdatedAt=updated))
    assert stored()["Title"] == "S3 buckets keep versions"
    assert aws.calls(operation="BatchImportFindings")[1]["detail"]["ignored"] == 1


def _update(aws: Aws, **changes: Any) -> None:
    key = {"Id": "finding-1", "ProductArn": _product()}
    answer = aws.hub.batch_update_findings(FindingIdentifiers=[key], **changes)
    assert answer["UnprocessedFindings"] == []


def test_an_update_keeps_what_customers_own(aws: Aws, put: Any, stored: Any) -> None:
    put(finding())
    _update(
        aws,
        Note={"Text": "known", "UpdatedBy": "me"},
        UserDefinedFields={"owner": "me"},
        VerificationState="BENIGN_POSITIVE",
        Workflow={"Status": "SUPPRESSED"},
    )
    put(finding(UpdatedAt=LATER, Workflow={"Status": "NEW"}, VerificationState="UNKNOWN"))
    found = stored()
    assert found["Note"]["Text"] == "known"
    assert found["UserDefinedFields"] == {"owner": "me"}
    assert found["VerificationState"] == "BENIGN_POSITIVE"
    assert found["Workflow"] == {"Status": "SUPPRESSED"}


def test_a_severity_that_a_customer_set_stays(aws: Aws, put: Any, stored: Any) -> None:
    put(finding())
    _update(aws, Severity={"Label": "LOW"})
    provided = {"Severity": {"Label": "CRITICAL"}, "Types": TYPES}
    put(finding(UpdatedAt=LATER, FindingProviderFields=provided))
    found = stored()
    assert found["Severity"]["Label"] == "LOW"
    assert found["FindingProviderFields"]["Severity"] == {"Label": "CRITICAL"}


def test_a_severity_that_nobody_set_follows_its_provider(put: Any, stored: Any) -> None:
    put(finding())
    provided = {"Severity": {"Label": "CRITICAL"}, "Types": TYPES}
    put(finding(UpdatedAt=LATER, FindingProviderFields=provided))
    assert stored()["Severity"] == {"Label": "CRITICAL", "Normalized": 90}


@pytest.mark.parametrize(
    ("workflow", "expected"),
    [("RESOLVED", "NEW"), ("NOTIFIED", "NEW"), ("SUPPRESSED", "SUPPRESSED")],
)
def test_failing_again_reopens_the_workflow(
    aws: Aws, put: Any, stored: Any, workflow: str, expected: str
) -> None:
    put(finding(Compliance={"Status": "PASSED"}))
    _update(aws, Workflow={"Status": workflow})
    put(finding(UpdatedAt=LATER))
    assert stored()["Workflow"] == {"Status": expected}


def test_coming_back_from_the_archive_reopens_the_workflow(aws: Aws, put: Any, stored: Any) -> None:
    put(finding())
    _update(aws, Workflow={"Status": "RESOLVED"})
    put(finding(UpdatedAt=LATER, RecordState="ARCHIVED"))
    assert stored()["Workflow"] == {"Status": "RESOLVED"}
    put(finding(UpdatedAt=LATEST, RecordState="ACTIVE"))
    assert stored()["Workflow"] == {"Status": "NEW"}


def test_passing_does_not_resolve_by_itself(put: Any, stored: Any) -> None:
    put(finding())
    put(finding(UpdatedAt=LATER, Compliance={"Status": "PASSED"}))
    assert stored()["Workflow"] == {"Status": "NEW"}
