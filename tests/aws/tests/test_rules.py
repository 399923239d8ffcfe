"""AWS Config rules: put, evaluated, read, deleted, and refused."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Aws, error_of

VOLUMES = {"Owner": "AWS", "SourceIdentifier": "ENCRYPTED_VOLUMES"}
RESULT = {
    "resourceType": "AWS::EC2::Volume",
    "resourceId": "vol-1",
    "complianceType": "NON_COMPLIANT",
    "annotation": "not encrypted",
}


def _put(aws: Aws, **more: Any) -> None:
    rule = {"ConfigRuleName": "volumes", "Source": VOLUMES, **more}
    aws.config.put_config_rule(ConfigRule=rule, Tags=[{"Key": "by", "Value": "test"}])


def _status(aws: Aws) -> Any:
    call = aws.config.describe_config_rule_evaluation_status
    [status] = call(ConfigRuleNames=["volumes"])["ConfigRulesEvaluationStatus"]
    return status


def test_a_new_rule_evaluates_after_a_moment(aws: Aws) -> None:
    aws.change(ruleSeconds=60, ruleResults={"ENCRYPTED_VOLUMES": [RESULT]})
    _put(aws)
    assert not _status(aws)["FirstEvaluationStarted"]
    details = aws.config.get_compliance_details_by_config_rule
    assert details(ConfigRuleName="volumes")["EvaluationResults"] == []
    aws.control("POST", "clock", {"advanceSeconds": 61})
    assert _status(aws)["FirstEvaluationStarted"]
    [result] = details(ConfigRuleName="volumes")["EvaluationResults"]
    assert (result["ComplianceType"], result["Annotation"]) == ("NON_COMPLIANT", "not encrypted")


def test_a_rule_that_is_put_again_keeps_its_id_and_tags(aws: Aws) -> None:
    _put(aws)
    [before] = aws.config.describe_config_rules(ConfigRuleNames=["volumes"])["ConfigRules"]
    aws.config.put_config_rule(
        ConfigRule={"ConfigRuleName": "volumes", "Source": VOLUMES, "Description": "new"}
    )
    [after] = aws.config.describe_config_rules(ConfigRuleNames=["volumes"])["ConfigRules"]
    assert after["ConfigRuleArn"] == before["ConfigRuleArn"]
    assert after["Description"] == "new"
    tags = aws.config.list_tags_for_resource(ResourceArn=after["ConfigRuleArn"])["Tags"]
    assert tags == [{"Key": "by", "Value": "test"}]


def test_a_rule_is_deleted_in_its_time(aws: Aws) -> None:
    aws.change(ruleDeletionSeconds=60)
    _put(aws)
    aws.config.delete_config_rule(ConfigRuleName="volumes")
    code, _, _ = error_of(aws.config.delete_config_rule, ConfigRuleName="volumes")
    assert code == "ResourceInUseException"
    code, _, _ = error_of(
        aws.config.put_config_rule, ConfigRule={"ConfigRuleName": "volumes", "Source": VOLUMES}
    )
    assert code == "ResourceInUseException"
    aws.control("POST", "clock", {"advanceSeconds": 61})
    code, _, _ = error_of(aws.config.delete_config_rule, ConfigRuleName="volumes")
    assert code == "NoSuchConfigRuleException"


def test_no_more_rules_than_the_quota_allows(aws: Aws) -> None:
    aws.change(ruleQuota=2)
    code, message, _ = error_of(
        aws.config.put_config_rule, ConfigRule={"ConfigRuleName": "volumes", "Source": VOLUMES}
    )
    assert code == "MaxNumberOfConfigRulesExceededException"
    assert "maximum number of 2 rules" in message


@pytest.mark.parametrize(
    "rule",
    [
        {"Source": VOLUMES},
        {"ConfigRuleName": "volumes", "Source": {"Owner": "AWS"}},
        {"ConfigRuleName": "volumes", "Source": VOLUMES, "InputParameters": "no json"},
        {"ConfigRuleName": "volumes", "Source": VOLUMES, "InputParameters": '{"days": 7}'},
        {"ConfigRuleName": "volumes", "Source": VOLUMES, "ConfigRuleId": "config-rule-abcdef"},
    ],
)
def test_rules_that_do_not_hold_together_are_refused(aws: Aws, rule: dict[str, Any]) -> None:
    code, _, _ = error_of(aws.config.put_config_rule, ConfigRule=rule)
    assert code == "InvalidParameterValueException"


def test_a_rule_of_a_service_is_not_deleted(aws: Aws) -> None:
    owner = "securityhub.amazonaws.com"
    aws.change(rules=[{"name": "hub", "identifier": "ENCRYPTED_VOLUMES", "createdBy": owner}])
    code, _, _ = error_of(aws.config.delete_config_rule, ConfigRuleName="hub")
    assert code == "AccessDeniedException"


def test_rules_come_in_pages(aws: Aws) -> None:
    rules = [{"name": f"rule-{number:02}", "identifier": "X"} for number in range(30)]
    aws.change(rules=rules)
    first = aws.config.describe_config_rules()
    second = aws.config.describe_config_rules(NextToken=first["NextToken"])
    assert (len(first["ConfigRules"]), len(second["ConfigRules"])) == (25, 5)


def test_without_a_recorder_there_are_no_new_rules(aws: Aws) -> None:
    client = aws.client("config", "ap-south-1")
    code, _, _ = error_of(
        client.put_config_rule, ConfigRule={"ConfigRuleName": "volumes", "Source": VOLUMES}
    )
    assert code == "NoAvailableConfigurationRecorderException"
