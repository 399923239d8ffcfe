"""Config rules of one region: those of a state file, and those that calls put and delete.

A rule that was put evaluates once, `ruleSeconds` later, and then reports what the region's
`ruleResults` have for its managed rule. Until then it has no results, and AWS Config says so.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock, epoch
from ..errors import ServiceError
from ..limits import CONFIG_RULES

#: When rules of a state file evaluated, unless they say otherwise.
_EVALUATED = "2026-01-01T00:00:00Z"


@dataclass
class Rule:
    """One rule; `evaluations` of `None` mean that it has not evaluated yet."""

    name: str
    identifier: str
    owner: str = "AWS"
    parameters: str | None = None
    state: str = "ACTIVE"
    created_by: str | None = None
    evaluations: list[dict[str, Any]] | None = field(default_factory=list)
    scope: dict[str, Any] | None = None
    frequency: str | None = None
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    evaluated: float | None = None
    #: `{"code", "message", "time"}` of the last evaluation, where it failed.
    failure: dict[str, Any] | None = None
    #: When it will have evaluated, and when it will be gone.
    ready_at: float | None = None
    gone_at: float | None = None
    number: str = ""

    def __post_init__(self) -> None:
        self.number = self.number or secrets.token_hex(3)
        if self.evaluations is not None and self.evaluated is None:
            self.evaluated = epoch(_EVALUATED)

    @classmethod
    def of(cls, given: dict[str, Any]) -> Rule:
        """Reads a rule of the state file."""
        names = {
            "createdBy": "created_by",
            "inputParameters": "parameters",
            "maximumExecutionFrequency": "frequency",
        }
        fields = {names.get(key, key): value for key, value in given.items()}
        if isinstance(fields.get("evaluated"), str):
            fields["evaluated"] = epoch(fields["evaluated"])
        return cls(**fields)

    def described(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigRules` gives it."""
        described: dict[str, Any] = {
            "ConfigRuleName": self.name,
            "ConfigRuleArn": self.arn(account, region),
            "ConfigRuleId": self._id(),
            "Source": {"Owner": self.owner, "SourceIdentifier": self.identifier},
            "ConfigRuleState": self.state,
            "EvaluationModes": [{"Mode": "DETECTIVE"}],
        }
        optional = {
            "Description": self.description,
            "InputParameters": self.parameters,
            "Scope": self.scope,
            "MaximumExecutionFrequency": self.frequency,
            "CreatedBy": self.created_by,
        }
        described.update({name: value for name, value in optional.items() if value})
        return described

    def arn(self, account: str, region: str) -> str:
        """Its ARN, which ends in an id that another rule of the name does not have."""
        return f"arn:aws:config:{region}:{account}:config-rule/{self._id()}"

    def status(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigRuleEvaluationStatus` gives it."""
        status: dict[str, Any] = {
            "ConfigRuleName": self.name,
            "ConfigRuleArn": self.arn(account, region),
            "ConfigRuleId": self._id(),
            "FirstActivatedTime": epoch(_EVALUATED),
            "FirstEvaluationStarted": self.evaluated is not None,
        }
        if self.evaluated is not None:
            status["LastSuccessfulInvocationTime"] = self.evaluated
            status["LastSuccessfulEvaluationTime"] = self.evaluated
        if self.failure:
            status["LastFailedEvaluationTime"] = epoch(self.failure["time"])
            status["LastErrorCode"] = self.failure["code"]
            status["LastErrorMessage"] = self.failure["message"]
        return status

    def compliance(self) -> dict[str, Any]:
        """As `DescribeComplianceByConfigRule` gives it."""
        failing = [e for e in self.evaluations or [] if e["complianceType"] == "NON_COMPLIANT"]
        if self.evaluations is None:
            return {"ComplianceType": "INSUFFICIENT_DATA"}
        if not failing:
            return {"ComplianceType": "COMPLIANT"}
        count = {"CappedCount": min(len(failing), 25), "CapExceeded": len(failing) > 25}
        return {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": count}

    def results(self, wanted: list[str]) -> list[dict[str, Any]]:
        """As `GetComplianceDetailsByConfigRule` gives them; all types unless some are wanted."""
        return [
            self._result(evaluation)
            for evaluation in self.evaluations or []
            if not wanted or evaluation["complianceType"] in wanted
        ]

    def _result(self, evaluation: dict[str, Any]) -> dict[str, Any]:
        at = epoch(evaluation.get("time", _EVALUATED))
        result = {
            "EvaluationResultIdentifier": {
                "EvaluationResultQualifier": {
                    "ConfigRuleName": self.name,
                    "ResourceType": evaluation["resourceType"],
                    "ResourceId": evaluation["resourceId"],
                    "EvaluationMode": "DETECTIVE",
                },
                "OrderingTimestamp": at,
            },
            "ComplianceType": evaluation["complianceType"],
            "ResultRecordedTime": at,
            "ConfigRuleInvokedTime": at,
        }
        if annotation := evaluation.get("annotation"):
            result["Annotation"] = annotation
        return result

    def _id(self) -> str:
        return f"config-rule-{self.number}"


class Rules:
    """The rules of one region, as of now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rules: dict[str, Rule] = {}
        #: What each managed rule reports, by identifier.
        self.results: dict[str, list[dict[str, Any]]] = {}
        #: How long the first evaluation of a new rule, and a deletion, take.
        self.seconds = 0.0
        self.deletion_seconds = 0.0
        self.quota = CONFIG_RULES

    def replace(self, rules: list[Rule]) -> None:
        """Forgets all rules for these."""
        self._rules = {rule.name: rule for rule in rules}

    def all(self) -> list[Rule]:
        """Every rule, by name."""
        now = self._clock.seconds()
        for rule in list(self._rules.values()):
            if rule.gone_at is not None and now >= rule.gone_at:
                del self._rules[rule.name]
            elif rule.ready_at is not None and now >= rule.ready_at:
                rule.ready_at, rule.evaluated = None, now
                rule.evaluations = self.results.get(rule.identifier, [])
        return [self._rules[name] for name in sorted(self._rules)]

    def find(self, name: str) -> Rule:
        """A rule by its name, or the error that there is none."""
        for rule in self.all():
            if rule.name == name:
                return rule
        raise ServiceError(
            "NoSuchConfigRuleException",
            f"The ConfigRule '{name}' provided in the request is invalid. Please check the "
            "configRule name",
        )

    def put(self, given: dict[str, Any], tags: list[dict[str, str]]) -> None:
        """Creates a rule, or changes the one of that name. Tags count for a new rule only."""
        name = given.get("ConfigRuleName")
        there = next((rule for rule in self.all() if rule.name == name), None)
        _check(given, there)
        made = Rule(
            name=str(name),
            identifier=given["Source"]["SourceIdentifier"],
            owner=given["Source"]["Owner"],
            parameters=given.get("InputParameters"),
            scope=given.get("Scope"),
            frequency=given.get("MaximumExecutionFrequency"),
            description=given.get("Description"),
            tags={tag["Key"]: tag.get("Value", "") for tag in tags},
            evaluations=None,
            ready_at=self._clock.seconds() + self.seconds,
        )
        if there is not None:
            # What it reported stays until it has evaluated again.
            made.number, made.tags = there.number, there.tags
            made.evaluations, made.evaluated = there.evaluations, there.evaluated
        elif len(self._rules) >= self.quota:
            raise ServiceError(
                "MaxNumberOfConfigRulesExceededException",
                "Failed to add the AWS Config rule because the account already contains the "
                f"maximum number of {self.quota} rules. Consider deleting any deactivated rules "
                "before adding new rules.",
            )
        self._rules[made.name] = made

    def delete(self, name: str) -> None:
        """Begins to delete a rule."""
        rule = self.find(name)
        if rule.state == "DELETING":
            raise in_use(name)
        if rule.created_by:
            raise ServiceError(
                "AccessDeniedException",
                "An AWS service owns ServiceLinkedConfigRule. You do not have permissions to take "
                "action on this rule.",
            )
        rule.state = "DELETING"
        rule.gone_at = self._clock.seconds() + self.deletion_seconds


def in_use(name: str) -> ServiceError:
    """A rule that is being deleted takes no changes."""
    return ServiceError(
        "ResourceInUseException",
        f"The rule {name} is currently being deleted. Please retry after some time",
    )


def _check(given: dict[str, Any], there: Rule | None) -> None:
    if "ConfigRuleArn" in given or "ConfigRuleId" in given:
        if there is None:
            raise _invalid("ConfigRuleArn and ConfigRuleId must not be given for a new rule.")
    elif not given.get("ConfigRuleName"):
        raise _invalid("ConfigRuleName must be given for a new rule.")
    if "ConfigRuleState" in given and given["ConfigRuleState"] != "ACTIVE":
        raise _invalid("ConfigRuleState must be ACTIVE.")
    if given["Source"]["Owner"] == "AWS" and not given["Source"].get("SourceIdentifier"):
        raise _invalid("SourceIdentifier must be given for a managed rule.")
    try:
        parameters = json.loads(given.get("InputParameters", "{}"))
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict) or not all(
        isinstance(value, str) for value in parameters.values()
    ):
        raise _invalid("InputParameters must be a JSON object of strings.")
    if there is not None and there.state == "DELETING":
        raise in_use(there.name)
    if there is not None and there.created_by:
        raise ServiceError(
            "AccessDeniedException",
            "An AWS service owns ServiceLinkedConfigRule. You do not have permissions to take "
            "action on this rule.",
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message)
