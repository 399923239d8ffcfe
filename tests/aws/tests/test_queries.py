"""Advanced queries: one case a line in cases/queries.json, and how they come in pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import FIRST, SECOND, Aws, error_of

CASES = json.loads((Path(__file__).parent / "cases" / "queries.json").read_text())


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in CASES])
def test_case(aws: Aws, case: dict[str, Any]) -> None:
    if "error" in case:
        answer = error_of(aws.config.select_resource_config, Expression=case["query"])
        assert answer[:2] == ("InvalidExpressionException", case["error"])
    else:
        assert aws.rows(case["query"]) == case["rows"]


def test_numbers_are_written_as_java_writes_doubles(aws: Aws) -> None:
    expression = "SELECT configuration WHERE resourceId = 'vol-1'"
    [row] = aws.config.select_resource_config(Expression=expression)["Results"]
    assert '"size":100.0' in row
    assert '"createdAtMilliseconds":1.61E12' in row


def test_the_fields_are_listed(aws: Aws) -> None:
    expression = "SELECT resourceType, COUNT(*) GROUP BY resourceType"
    answer = aws.config.select_resource_config(Expression=expression)
    assert answer["QueryInfo"]["SelectFields"] == [{"Name": "resourceType"}, {"Name": "COUNT(*)"}]


def test_a_query_has_4096_characters_at_most(aws: Aws) -> None:
    expression = "SELECT resourceId WHERE resourceId = '" + "x" * 4096 + "'"
    code, message, _ = error_of(aws.config.select_resource_config, Expression=expression)
    assert code == "ValidationException"
    assert "less than or equal to 4096" in message


def test_a_page_has_a_hundred_rows_at_most(aws: Aws) -> None:
    given = {"Expression": "SELECT resourceId", "Limit": 101}
    assert error_of(aws.config.select_resource_config, **given)[0] == "InvalidLimitException"


def _many(aws: Aws, count: int) -> None:
    items = [
        {
            "resourceType": "AWS::EC2::EIP",
            "resourceId": f"eip-{number:03d}",
            "awsAccountId": FIRST,
            "awsRegion": "eu-west-1",
            "configurationItemCaptureTime": "2026-11-22T10:00:00Z",
            "configuration": {"n": number},
        }
        for number in range(count)
    ]
    aws.control("POST", "items", {"configurationItems": items})


ORDERED = "SELECT resourceId WHERE resourceType = 'AWS::EC2::EIP' ORDER BY resourceId"


def test_a_page_has_25_rows_unless_asked_otherwise(aws: Aws) -> None:
    _many(aws, 30)
    assert len(aws.rows(ORDERED)) == 25


def test_pages_hold_everything_once(aws: Aws) -> None:
    _many(aws, 25)
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = aws.config.select_resource_config(Expression=ORDERED, Limit=10, **token)
        seen += [json.loads(row)["resourceId"] for row in page["Results"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [f"eip-{number:03d}" for number in range(25)]


def test_pages_in_order_neither_skip_nor_repeat_what_stays(aws: Aws) -> None:
    _many(aws, 20)
    first = aws.config.select_resource_config(Expression=ORDERED, Limit=10)
    aws.delete("AWS::EC2::EIP", "eip-000")
    rows = aws.rows(ORDERED, Limit=10, NextToken=first["NextToken"])
    assert [row["resourceId"] for row in rows] == [f"eip-{n:03d}" for n in range(10, 20)]


def test_pages_without_an_order_may_skip(aws: Aws) -> None:
    _many(aws, 20)
    expression = ORDERED.removesuffix(" ORDER BY resourceId")
    first = aws.config.select_resource_config(Expression=expression, Limit=10)
    aws.delete("AWS::EC2::EIP", "eip-000")
    rows = aws.rows(expression, Limit=10, NextToken=first["NextToken"])
    assert rows[0] == {"resourceId": "eip-011"}


def test_the_token_of_another_query_is_refused(aws: Aws) -> None:
    _many(aws, 20)
    token = aws.config.select_resource_config(Expression=ORDERED, Limit=10)["NextToken"]
    given = {"Expression": ORDERED + " DESC", "NextToken": token}
    code, _, _ = error_of(aws.config.select_resource_config, **given)
    assert code == "InvalidNextTokenException"


def test_a_token_expires(aws: Aws) -> None:
    _many(aws, 20)
    token = aws.config.select_resource_config(Expression=ORDERED, Limit=10)["NextToken"]
    aws.control("POST", "clock", {"advanceSeconds": 3601})
    given = {"Expression": ORDERED, "NextToken": token}
    code, message, _ = error_of(aws.config.select_resource_config, **given)
    assert (code, "expired" in message) == ("InvalidNextTokenException", True)


@pytest.mark.parametrize("token", ["nonsense", "bm9uc2Vuc2U=", "ünsinn"])
def test_a_made_up_token_is_refused(aws: Aws, token: str) -> None:
    given = {"Expression": ORDERED, "NextToken": token}
    code, _, _ = error_of(aws.config.select_resource_config, **given)
    assert code == "InvalidNextTokenException"


def test_groups_ordered_by_an_aggregate_have_no_pages(aws: Aws) -> None:
    expression = "SELECT resourceId, COUNT(*) GROUP BY resourceId ORDER BY COUNT(*)"
    assert "NextToken" not in aws.config.select_resource_config(Expression=expression, Limit=2)


def test_only_recorded_types_are_found(aws: Aws) -> None:
    answer = aws.client("config", "us-east-1").select_resource_config(
        Expression="SELECT resourceId"
    )
    assert answer["Results"] == ['{"resourceId":"key-1"}']


def test_a_region_without_a_recorder_finds_nothing(aws: Aws) -> None:
    client = aws.client("config", "ap-south-1")
    assert client.select_resource_config(Expression="SELECT resourceId")["Results"] == []


def test_a_deleted_resource_is_not_found(aws: Aws) -> None:
    aws.delete("AWS::S3::Bucket", "scratch")
    assert aws.rows("SELECT resourceId WHERE resourceType = 'AWS::S3::Bucket'") == [
        {"resourceId": "ledger"}
    ]


def _aggregate(aws: Aws, expression: str, **given: Any) -> list[dict[str, Any]]:
    answer = aws.config.select_aggregate_resource_config(
        Expression=expression, ConfigurationAggregatorName="organization", **given
    )
    return [json.loads(row) for row in answer["Results"]]


def test_an_aggregator_finds_resources_of_its_accounts_and_regions(aws: Aws) -> None:
    rows = _aggregate(
        aws,
        "SELECT accountId, resourceId WHERE resourceType = 'AWS::S3::Bucket' "
        "ORDER BY accountId, resourceId",
    )
    assert rows == [
        {"accountId": FIRST, "resourceId": "ledger"},
        {"accountId": FIRST, "resourceId": "scratch"},
        {"accountId": SECOND, "resourceId": "elsewhere"},
    ]


def test_an_aggregator_narrows_by_account_and_region(aws: Aws) -> None:
    rows = _aggregate(
        aws, "SELECT resourceId WHERE accountId = '111122223333' AND awsRegion = 'us-east-1'"
    )
    assert rows == [{"resourceId": "key-1"}]


def test_an_aggregator_that_is_not_there_answers_no_query(aws: Aws) -> None:
    given = {"Expression": "SELECT resourceId", "ConfigurationAggregatorName": "other"}
    code, _, _ = error_of(aws.config.select_aggregate_resource_config, **given)
    assert code == "NoSuchConfigurationAggregatorException"


def test_the_log_tells_what_was_asked(aws: Aws) -> None:
    aws.rows("SELECT resourceId WHERE resourceType = 'AWS::S3::Bucket'")
    [call] = aws.calls(operation="SelectResourceConfig", outcome="ok")
    assert call["detail"]["rows"] == 2
    assert call["region"] == "eu-west-1"
