"""Config rules of one region, with the evaluations that a test gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..clock import epoch


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

    @classmethod
    def of(cls, given: dict[str, Any]) -> Rule:
        """Reads a rule of the state file."""
        names = {"createdBy": "created_by", "inputParameters": "parameters"}
        return cls(**{names.get(key, key): value for key, value in given.items()})

    def described(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigRules` gives it."""
        described: dict[str, Any] = {
            "ConfigRuleName": self.name,
            "ConfigRuleArn": f"arn:aws:config:{region}:{account}:config-rule/{self._id()}",
            "ConfigRuleId": self._id(),
            "Source": {"Owner": self.owner, "SourceIdentifier": self.identifier},
            "ConfigRuleState": self.state,
            "EvaluationModes": [{"Mode": "DETECTIVE"}],
        }
        if self.parameters:
            described["InputParameters"] = self.parameters
        if self.created_by:
            described["CreatedBy"] = self.created_by
        return described

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
        at = epoch(evaluation.get("time", "2026-01-01T00:00:00Z"))
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
        return "config-rule-" + "".join(c for c in self.name.lower() if c.isalnum())[:6].ljust(
            6, "x"
        )
