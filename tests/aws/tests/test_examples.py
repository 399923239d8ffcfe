"""The double answers as AWS does, not as its models are spelt.

Each case states facts of an example in AWS's own references: which members an answer has, of which
type, and how values of enumerations are spelt. The models differ there: `lastStatus` is `Success` in
the model of AWS Config and `SUCCESS` on the wire.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from conftest import Aws, finding

_CLI = "https://docs.aws.amazon.com/cli/latest/reference"
_CONFIG = "https://docs.aws.amazon.com/config/latest"

#: Where an example stands, the service, the call with its parameters, and what the answer has.
EXAMPLES: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    (
        f"{_CLI}/configservice/describe-configuration-recorder-status.html",
        "config",
        "describe_configuration_recorder_status",
        {},
        {
            "ConfigurationRecordersStatus": [
                {
                    "name": "default",
                    "lastStatus": "SUCCESS",
                    "recording": True,
                    "lastStatusChangeTime": datetime,
                    "lastStartTime": datetime,
                }
            ]
        },
    ),
    (
        f"{_CLI}/configservice/describe-configuration-recorders.html",
        "config",
        "describe_configuration_recorders",
        {},
        {
            "ConfigurationRecorders": [
                {
                    "name": "default",
                    "roleARN": str,
                    "recordingGroup": {
                        "allSupported": bool,
                        "resourceTypes": list,
                        "includeGlobalResourceTypes": bool,
                    },
                }
            ]
        },
    ),
    (
        f"{_CONFIG}/APIReference/API_AggregatedSourceStatus.html",
        "config",
        "describe_configuration_aggregator_sources_status",
        {"ConfigurationAggregatorName": "organization"},
        {
            "AggregatedSourceStatusList": [
                {
                    "SourceId": str,
                    "SourceType": "ACCOUNT",
                    "AwsRegion": str,
                    "LastUpdateStatus": {"SUCCEEDED", "FAILED", "OUTDATED"},
                    "LastUpdateTime": datetime,
                }
            ]
        },
    ),
    (
        f"{_CLI}/configservice/describe-config-rules.html",
        "config",
        "describe_config_rules",
        {"ConfigRuleNames": ["root-mfa"]},
        {
            "ConfigRules": [
                {
                    "ConfigRuleName": "root-mfa",
                    "ConfigRuleState": "ACTIVE",
                    "ConfigRuleArn": str,
                    "ConfigRuleId": str,
                    "InputParameters": str,
                    "Source": {"Owner": {"AWS", "CUSTOM_LAMBDA"}, "SourceIdentifier": str},
                }
            ]
        },
    ),
    (
        f"{_CLI}/configservice/describe-config-rule-evaluation-status.html",
        "config",
        "describe_config_rule_evaluation_status",
        {"ConfigRuleNames": ["root-mfa"]},
        {
            "ConfigRulesEvaluationStatus": [
                {
                    "ConfigRuleArn": str,
                    "FirstEvaluationStarted": True,
                    "ConfigRuleId": str,
                    "LastSuccessfulInvocationTime": datetime,
                    "FirstActivatedTime": datetime,
                    "LastSuccessfulEvaluationTime": datetime,
                    "ConfigRuleName": "root-mfa",
                }
            ]
        },
    ),
    (
        f"{_CLI}/configservice/get-compliance-details-by-config-rule.html",
        "config",
        "get_compliance_details_by_config_rule",
        {"ConfigRuleName": "root-mfa", "ComplianceTypes": ["NON_COMPLIANT"]},
        {
            "EvaluationResults": [
                {
                    "EvaluationResultIdentifier": {
                        "OrderingTimestamp": datetime,
                        "EvaluationResultQualifier": {
                            "ResourceType": str,
                            "ResourceId": str,
                            "ConfigRuleName": "root-mfa",
                        },
                    },
                    "ResultRecordedTime": datetime,
                    "ConfigRuleInvokedTime": datetime,
                    "ComplianceType": "NON_COMPLIANT",
                }
            ]
        },
    ),
    (
        f"{_CLI}/configservice/describe-compliance-by-config-rule.html",
        "config",
        "describe_compliance_by_config_rule",
        {"ComplianceTypes": ["NON_COMPLIANT"]},
        {
            "ComplianceByConfigRules": [
                {
                    "ConfigRuleName": str,
                    "Compliance": {
                        "ComplianceType": "NON_COMPLIANT",
                        "ComplianceContributorCount": {"CappedCount": int, "CapExceeded": bool},
                    },
                }
            ]
        },
    ),
    (
        f"{_CLI}/securityhub/describe-hub.html",
        "securityhub",
        "describe_hub",
        {},
        {"HubArn": str, "SubscribedAt": str, "AutoEnableControls": bool},
    ),
    (
        f"{_CLI}/securityhub/get-findings.html",
        "securityhub",
        "get_findings",
        {},
        {
            "Findings": [
                {
                    "SchemaVersion": "2018-10-08",
                    "Id": str,
                    "ProductArn": str,
                    "GeneratorId": str,
                    "AwsAccountId": str,
                    "CreatedAt": str,
                    "UpdatedAt": str,
                    "Severity": {
                        "Label": {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}
                    },
                    "Resources": [{"Type": str, "Id": str}],
                    "Workflow": {"Status": {"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"}},
                    "RecordState": {"ACTIVE", "ARCHIVED"},
                }
            ]
        },
    ),
    (
        f"{_CLI}/sts/assume-role.html",
        "sts",
        "assume_role",
        {"RoleArn": "arn:aws:iam::111122223333:role/long", "RoleSessionName": "example"},
        {
            "AssumedRoleUser": {"AssumedRoleId": str, "Arn": str},
            "Credentials": {
                "AccessKeyId": str,
                "SecretAccessKey": str,
                "SessionToken": str,
                "Expiration": datetime,
            },
        },
    ),
]


def _differences(answer: Any, example: Any, path: str) -> list[str]:
    """Where an answer is not as the example says."""
    if isinstance(example, dict):
        if not isinstance(answer, dict):
            return [f"{path} is no structure"]
        return [
            found
            for name, expected in example.items()
            for found in (
                _differences(answer[name], expected, f"{path}.{name}")
                if name in answer
                else [f"{path}.{name} is missing"]
            )
        ]
    if isinstance(example, list):
        if not answer:
            return [f"{path} is empty"]
        return [
            found
            for at, element in enumerate(answer)
            for found in _differences(element, example[0], f"{path}[{at}]")
        ]
    if isinstance(example, type):
        return [] if isinstance(answer, example) else [f"{path} is {answer!r}"]
    expected = example if isinstance(example, set) else {example}
    return [] if answer in expected else [f"{path} is {answer!r}, in the example {example!r}"]


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[2] for example in EXAMPLES])
def test_an_answer_is_as_in_the_example_of_the_reference(
    aws: Aws, example: tuple[str, str, str, dict[str, Any], dict[str, Any]]
) -> None:
    source, service, operation, parameters, expected = example
    if operation == "get_findings":
        aws.hub.batch_import_findings(Findings=[finding()])
    answer = getattr(aws.client(service), operation)(**parameters)
    assert _differences(answer, expected, operation) == [], source


#: Values of `lastStatus` as AWS Config sends them.
_LAST_STATUSES = {"SUCCESS", "PENDING", "FAILURE"}


def test_a_recorder_that_fails_says_so_in_capitals(aws: Aws) -> None:
    aws.change(recorder={"lastStatus": "FAILURE", "lastErrorCode": "NoSuchBucket"})
    [status] = aws.config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert status["lastStatus"] in _LAST_STATUSES
    assert status["lastErrorCode"] == "NoSuchBucket"
