"""AWS Config's own set-up: recorders, aggregators, rules; and how ill-formed calls are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import FIRST, SECOND, Aws, error_of


def test_a_recorder_of_everything_is_described(aws: Aws) -> None:
    [recorder] = aws.config.describe_configuration_recorders()["ConfigurationRecorders"]
    assert recorder["recordingGroup"]["allSupported"]
    strategy = recorder["recordingGroup"]["recordingStrategy"]["useOnly"]
    assert strategy == "ALL_SUPPORTED_RESOURCE_TYPES"


def test_a_recorder_of_named_types_is_described(aws: Aws) -> None:
    client = aws.client("config", "us-east-1")
    [recorder] = client.describe_configuration_recorders()["ConfigurationRecorders"]
    group = recorder["recordingGroup"]
    assert group["resourceTypes"] == ["AWS::S3::Bucket", "AWS::KMS::Key"]
    assert group["recordingStrategy"]["useOnly"] == "INCLUSION_BY_RESOURCE_TYPES"


def test_types_recorded_daily_are_told(aws: Aws) -> None:
    client = aws.client("config", "us-east-1")
    [recorder] = client.describe_configuration_recorders()["ConfigurationRecorders"]
    [override] = recorder["recordingMode"]["recordingModeOverrides"]
    assert override == {"resourceTypes": ["AWS::KMS::Key"], "recordingFrequency": "DAILY"}


def test_a_region_without_a_recorder_describes_none(aws: Aws) -> None:
    client = aws.client("config", "ap-south-1")
    assert client.describe_configuration_recorders()["ConfigurationRecorders"] == []


def test_recorders_of_services_are_listed_and_described_only_by_name(aws: Aws) -> None:
    client = aws.client("config", "ap-south-1")
    assets, checks = "securityhubv2.amazonaws.com", "securityhub.amazonaws.com"
    paid = {"servicePrincipal": checks, "recordingScope": "PAID"}
    aws.change(region="ap-south-1", serviceRecorders=[assets, paid])
    assert client.describe_configuration_recorders()["ConfigurationRecorders"] == []
    assert client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"] == []
    summaries = client.list_configuration_recorders()["ConfigurationRecorderSummaries"]
    listed = [(one["servicePrincipal"], one["recordingScope"]) for one in summaries]
    assert listed == [(assets, "INTERNAL"), (checks, "PAID")]
    of_customers = [{"filterName": "recordingScope", "filterValue": ["PAID"]}]
    answer = client.list_configuration_recorders(Filters=of_customers)
    assert [one["servicePrincipal"] for one in answer["ConfigurationRecorderSummaries"]] == [checks]

    described = client.describe_configuration_recorders(ServicePrincipal=assets)
    [recorder] = described["ConfigurationRecorders"]
    assert recorder["name"] == "AWSConfigurationRecorderForSecurityHubAssets"
    assert recorder["recordingScope"] == "INTERNAL"
    [status] = client.describe_configuration_recorder_status(Arn=recorder["arn"])[
        "ConfigurationRecordersStatus"
    ]
    assert (status["recording"], status["servicePrincipal"]) == (True, assets)
    call = client.describe_configuration_recorders
    other = "observabilityadmin.amazonaws.com"
    assert error_of(call, ServicePrincipal=other)[0] == "NoSuchConfigurationRecorderException"


def test_queries_do_not_show_what_services_record(aws: Aws) -> None:
    aws.change(recorder=None, serviceRecorders=["securityhubv2.amazonaws.com"])
    answer = aws.config.select_resource_config(Expression="SELECT COUNT(*)")
    assert answer["Results"] == ['{"COUNT(*)":0}'], answer


def test_a_stopped_recorder_tells_why(aws: Aws) -> None:
    client = aws.client("config", "eu-central-1")
    [status] = client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert (status["recording"], status["lastStatus"]) == (False, "FAILURE")
    assert status["lastErrorCode"] == "AccessDenied"


def test_a_recorder_that_is_not_there_is_named(aws: Aws) -> None:
    call = aws.config.describe_configuration_recorders
    code, _, _ = error_of(call, ConfigurationRecorderNames=["other"])
    assert code == "NoSuchConfigurationRecorderException"


def test_a_recorder_can_be_stopped_by_a_test(aws: Aws) -> None:
    aws.change(recorder={"recording": False})
    [status] = aws.config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert not status["recording"]


def test_an_aggregator_is_described_with_its_sources(aws: Aws) -> None:
    answer = aws.config.describe_configuration_aggregators()
    [aggregator] = answer["ConfigurationAggregators"]
    [source] = aggregator["AccountAggregationSources"]
    assert source["AccountIds"] == [FIRST, SECOND]


def test_a_source_that_failed_says_since_when(aws: Aws) -> None:
    statuses = aws.config.describe_configuration_aggregator_sources_status(
        ConfigurationAggregatorName="organization", UpdateStatus=["FAILED"]
    )["AggregatedSourceStatusList"]
    [failed] = statuses
    assert (failed["SourceId"], failed["AwsRegion"]) == (SECOND, "us-east-1")
    assert failed["LastUpdateTime"].isoformat().startswith("2026-11-20")


def test_an_aggregator_that_is_not_there_is_an_error(aws: Aws) -> None:
    call = aws.config.describe_configuration_aggregators
    code, _, _ = error_of(call, ConfigurationAggregatorNames=["other"])
    assert code == "NoSuchConfigurationAggregatorException"


def test_rules_are_described_with_their_source(aws: Aws) -> None:
    rules = aws.config.describe_config_rules(ConfigRuleNames=["root-mfa"])["ConfigRules"]
    assert rules[0]["Source"] == {
        "Owner": "AWS",
        "SourceIdentifier": "ROOT_ACCOUNT_MFA_ENABLED",
    }


def test_a_rule_that_is_not_there_is_an_error(aws: Aws) -> None:
    code, _, _ = error_of(aws.config.describe_config_rules, ConfigRuleNames=["other"])
    assert code == "NoSuchConfigRuleException"


def test_a_rule_that_has_not_evaluated_has_insufficient_data(aws: Aws) -> None:
    answer = aws.config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
    types = {rule["ConfigRuleName"]: rule["Compliance"]["ComplianceType"] for rule in answer}
    assert types == {"root-mfa": "NON_COMPLIANT", "not-yet": "INSUFFICIENT_DATA"}


def test_details_of_a_rule_name_the_resource(aws: Aws) -> None:
    call = aws.config.get_compliance_details_by_config_rule
    [result] = call(ConfigRuleName="root-mfa")["EvaluationResults"]
    qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    assert qualifier["ResourceType"] == "AWS::::Account"
    assert result["Annotation"] == "no MFA"


@pytest.mark.parametrize(
    ("parameters", "code", "words"),
    [
        ({}, "ValidationException", "'resourceType' failed to satisfy constraint"),
        ({"resourceType": "AWS::No::Type"}, "ValidationException", "enum value set"),
        ({"resourceType": 7}, "SerializationException", "of type string"),
        ({"resourceType": "AWS::S3::Bucket", "other": 1}, "ValidationException", "be known"),
        (
            {"resourceType": "AWS::S3::Bucket", "limit": 101},
            "InvalidLimitException",
            "than or equal",
        ),
        (
            {"resourceType": "AWS::S3::Bucket", "resourceIds": [""]},
            "ValidationException",
            "resourceIds.1.member",
        ),
    ],
)
def test_parameters_that_do_not_fit_the_model_are_refused(
    aws: Aws, parameters: dict[str, Any], code: str, words: str
) -> None:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "StarlingDoveService.ListDiscoveredResources",
    }
    status, _, body = aws.raw(body=json.dumps(parameters).encode(), headers=headers)
    answer = json.loads(body)
    assert (status, answer["__type"]) == (400, code)
    assert words in answer["message"]


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"X-Amz-Target": "StarlingDoveService.Nothing"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "Other.ListDiscoveredResources"}, b"{}", "UnknownOperationException"),
        ({"Content-Type": "application/json"}, b"{}", "SerializationException"),
        ({}, b"{", "SerializationException"),
        ({}, b"[]", "SerializationException"),
    ],
)
def test_what_is_not_json_1_1_is_refused(
    aws: Aws, headers: dict[str, str], body: bytes, code: str
) -> None:
    whole = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "StarlingDoveService.DescribeConfigurationRecorders",
        **headers,
    }
    status, _, answer = aws.raw(body=body, headers=whole)
    assert (status, json.loads(answer)["__type"]) == (400, code)


def test_an_operation_that_only_aws_has_is_a_loud_gap(aws: Aws) -> None:
    code, message, status = error_of(aws.config.describe_conformance_packs)
    assert (code, status) == ("NotImplementedByDouble", 501)
    assert "DescribeConformancePacks" in message
