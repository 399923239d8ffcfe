"""Faults to order and throttling: what a caller sees, and that it comes out the same every time."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError
from conftest import FIRST, REGION, Aws, error_of, finding, send

DESCRIBE = "DescribeConfigurationRecorders"


def _outcomes(aws: Aws, count: int) -> list[str]:
    from botocore.exceptions import ClientError

    outcomes = []
    for _ in range(count):
        try:
            aws.config.describe_configuration_recorders()
            outcomes.append("ok")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])
    return outcomes


def test_throttling_speaks_the_words_of_config(aws: Aws) -> None:
    aws.order({"kind": "throttle"})
    code, message, status = error_of(aws.config.describe_configuration_recorders)
    assert (code, message, status) == ("ThrottlingException", "Rate exceeded", 400)


def test_throttling_speaks_the_words_of_security_hub(aws: Aws) -> None:
    aws.order({"kind": "throttle"})
    code, _, status = error_of(aws.hub.describe_hub)
    assert (code, status) == ("TooManyRequestsException", 429)


def test_throttling_speaks_the_words_of_sts(aws: Aws) -> None:
    aws.order({"kind": "throttle"})
    code, _, status = error_of(aws.sts.get_caller_identity)
    assert (code, status) == ("Throttling", 400)


def test_a_share_of_calls_is_about_that_share(aws: Aws) -> None:
    aws.order({"kind": "throttle", "share": 0.3}, seed=1)
    assert 15 <= _outcomes(aws, 100).count("ThrottlingException") <= 45


def test_the_same_seed_gives_the_same_faults(aws: Aws) -> None:
    runs = []
    for seed in (7, 7, 8):
        aws.order({"kind": "throttle", "share": 0.5}, seed=seed)
        runs.append(_outcomes(aws, 30))
    assert runs[0] == runs[1] != runs[2]


def test_a_count_ends_a_fault_and_a_skip_delays_it(aws: Aws) -> None:
    aws.order({"kind": "error", "count": 1, "skip": 1})
    assert _outcomes(aws, 3) == ["ok", "InternalFailure", "ok"]


def test_errors_come_with_the_status_asked_for(aws: Aws) -> None:
    aws.order({"kind": "error", "status": 503})
    code, _, status = error_of(aws.hub.describe_hub)
    assert (code, status) == ("ServiceUnavailableException", 503)


def test_errors_come_with_the_code_asked_for(aws: Aws) -> None:
    aws.order({"kind": "error", "code": "LimitExceededException", "status": 429})
    code, _, status = error_of(aws.hub.describe_hub)
    assert (code, status) == ("LimitExceededException", 429)


def test_an_operation_is_denied_by_its_name(aws: Aws) -> None:
    aws.order({"kind": "deny", "match": {"operation": DESCRIBE}})
    assert error_of(aws.config.describe_configuration_recorders)[0] == "AccessDeniedException"
    assert aws.config.describe_config_rules()["ConfigRules"]


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("list_discovered_resources", {"resourceType": "AWS::EC2::Volume"}),
        (
            "select_resource_config",
            {"Expression": "SELECT resourceId WHERE resourceType = 'AWS::EC2::Volume'"},
        ),
        (
            "batch_get_resource_config",
            {"resourceKeys": [{"resourceType": "AWS::EC2::Volume", "resourceId": "vol-1"}]},
        ),
    ],
)
def test_a_type_is_denied_wherever_it_is_named(aws: Aws, call: str, given: dict[str, Any]) -> None:
    aws.order({"kind": "deny", "match": {"resourceType": "AWS::EC2::Volume"}})
    assert error_of(getattr(aws.config, call), **given)[0] == "AccessDeniedException"


def test_a_denied_type_leaves_the_others(aws: Aws) -> None:
    aws.order({"kind": "deny", "match": {"resourceType": "AWS::EC2::Volume"}})
    assert aws.rows("SELECT resourceId WHERE resourceType = 'AWS::S3::Bucket'")


def test_faults_stay_in_their_region_and_account(aws: Aws) -> None:
    aws.order({"kind": "throttle", "match": {"region": "us-east-1", "account": FIRST}})
    assert _outcomes(aws, 1) == ["ok"]
    client = aws.client("config", "us-east-1")
    assert error_of(client.describe_configuration_recorders)[0] == "ThrottlingException"


@pytest.mark.parametrize(
    ("kind", "config", "hub"),
    [
        ("expire", "ExpiredTokenException", "ExpiredTokenException"),
        ("skew", "InvalidSignatureException", "InvalidSignatureException"),
    ],
)
def test_identity_faults(aws: Aws, kind: str, config: str, hub: str) -> None:
    aws.order({"kind": kind})
    assert error_of(aws.config.describe_configuration_recorders)[0] == config
    assert error_of(aws.hub.describe_hub)[0] == hub


def test_security_hub_can_be_missing(aws: Aws) -> None:
    aws.order({"kind": "hub-disabled", "match": {"service": "securityhub"}})
    assert error_of(aws.hub.describe_hub)[0] == "InvalidAccessException"


def test_a_cut_connection_has_no_answer(aws: Aws) -> None:
    aws.order({"kind": "cut"})
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        aws.hub.batch_import_findings(Findings=[finding()])
    assert aws.control("GET", "findings")["findings"] == []


def test_a_connection_can_be_cut_after_the_work_was_done(aws: Aws) -> None:
    aws.order({"kind": "cut", "when": "after"})
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        aws.hub.batch_import_findings(Findings=[finding()])
    assert len(aws.control("GET", "findings")["findings"]) == 1


def test_a_connection_can_be_cut_in_the_body(aws: Aws) -> None:
    aws.order({"kind": "cut", "when": "body"})
    with pytest.raises(HTTPClientError):
        aws.hub.batch_import_findings(Findings=[finding()])


def test_a_cut_call_is_in_the_log(aws: Aws) -> None:
    aws.order({"kind": "cut"})
    with pytest.raises(HTTPClientError):
        aws.config.describe_configuration_recorders()
    assert [call["outcome"] for call in aws.calls()] == ["ConnectionCut"]


def test_a_call_can_hang(aws: Aws) -> None:
    aws.order({"kind": "hang", "seconds": 2})
    with pytest.raises((ReadTimeoutError, HTTPClientError)):
        aws.client("config", timeout=0.5).describe_configuration_recorders()


def test_a_batch_of_reads_can_fail_in_part(aws: Aws) -> None:
    aws.order({"kind": "partial", "share": 0.5, "match": {"operation": "BatchGetResourceConfig"}})
    names = ("ledger", "scratch", *(f"b{n}" for n in range(40)))
    keys = [{"resourceType": "AWS::S3::Bucket", "resourceId": name} for name in names]
    answer = aws.config.batch_get_resource_config(resourceKeys=keys)
    assert 10 <= len(answer["unprocessedResourceKeys"]) <= 32


def test_a_batch_of_findings_can_fail_in_part(aws: Aws) -> None:
    aws.order({"kind": "partial", "share": 0.5, "code": "InternalFailure"})
    batch = [finding(f"finding-{n}") for n in range(40)]
    answer = aws.hub.batch_import_findings(Findings=batch)
    assert 10 <= answer["FailedCount"] <= 30
    assert {f["ErrorCode"] for f in answer["FailedFindings"]} == {"InternalFailure"}


def test_an_update_can_fail_in_part(aws: Aws, put: Any) -> None:
    put(finding())
    aws.order({"kind": "partial"})
    product = f"arn:aws:securityhub:{REGION}:{FIRST}:product/{FIRST}/default"
    answer = aws.hub.batch_update_findings(
        FindingIdentifiers=[{"Id": "finding-1", "ProductArn": product}], Confidence=5
    )
    assert answer["UnprocessedFindings"][0]["ErrorCode"] == "ConcurrentUpdateError"


def test_faults_tell_how_often_they_struck(aws: Aws) -> None:
    aws.order({"kind": "throttle", "count": 2})
    _outcomes(aws, 3)
    assert aws.control("GET", "faults") == {"struck": {"0": 2}}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "unknown"},
        {"kind": "cut", "when": "never"},
        {"kind": "cut", "other": 1},
        {"kind": "error", "status": 418},
        {"kind": "cut", "match": {"colour": "red"}},
    ],
)
def test_a_mistake_in_an_order_is_refused(aws: Aws, fault: dict[str, Any]) -> None:
    data = json.dumps({"faults": [fault]}).encode()
    with pytest.raises(HTTPError) as failure:
        urlopen(Request(f"{aws.address}/_double/faults", data, method="POST"))
    assert failure.value.code == 400


def test_calls_above_the_rate_are_throttled(aws: Aws) -> None:
    aws.control("PATCH", "settings", {"rates": "aws"})
    outcomes = _outcomes(aws, 40)
    assert outcomes[:10] == ["ok"] * 10
    assert "ThrottlingException" in outcomes[10:]


def test_rates_are_counted_by_region(aws: Aws) -> None:
    aws.control("PATCH", "settings", {"rates": "0.01"})
    assert _outcomes(aws, 2) == ["ok", "ThrottlingException"]
    client = aws.client("config", "us-east-1")
    assert client.describe_configuration_recorders()["ConfigurationRecorders"]


def test_a_caller_that_waits_is_served_again(aws: Aws) -> None:
    aws.control("PATCH", "settings", {"rates": "1"})
    deadline = time.monotonic() + 5
    assert "ThrottlingException" in _outcomes(aws, 60)
    while _outcomes(aws, 1) != ["ok"]:
        assert time.monotonic() < deadline


def test_unknown_control_paths_are_not_found(aws: Aws) -> None:
    status, _, _ = send(f"{aws.address}/_double/nothing", "GET", b"", {})
    assert status == 404
