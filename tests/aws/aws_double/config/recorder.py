"""The configuration recorder of one region: what it records, how often, and how it fares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..clock import epoch

#: Recorded only where `includeGlobalResourceTypes` is set, unless named.
GLOBAL_TYPES = ("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy")


#: The services that have recorders of their own, and how AWS Config names these ("Considerations for
#: service-linked configuration recorders", AWS Config Developer Guide,
#: https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html).
SERVICES = {
    "observabilityadmin.amazonaws.com": "ObservabilityAdmin",
    "telemetry-enablement.observabilityadmin.amazonaws.com": (
        "ObservabilityAdmin_TelemetryEnablement"
    ),
    "securityhubv2.amazonaws.com": "SecurityHubAssets",
    "securityhub.amazonaws.com": "SecurityHubCSPM",
}
SCOPES = ("INTERNAL", "PAID")


@dataclass
class ServiceRecorder:
    """A service-linked recorder: none of its items is found by queries. It is always recording, and
    described only by its own service principal or ARN."""

    service_principal: str
    scope: str = "INTERNAL"

    @classmethod
    def of(cls, given: str | dict[str, str]) -> ServiceRecorder:
        """Reads one of the state file: its service principal alone, or with its scope."""
        if isinstance(given, str):
            given = {"servicePrincipal": given}
        recorder = cls(given["servicePrincipal"], given.get("recordingScope", "INTERNAL"))
        if recorder.service_principal not in SERVICES or recorder.scope not in SCOPES:
            raise ValueError(f"no service has such a recorder: {given}")
        return recorder

    @property
    def name(self) -> str:
        """As AWS Config names it."""
        return f"AWSConfigurationRecorderFor{SERVICES[self.service_principal]}"

    def described(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigurationRecorders` gives it. What it records is up to the service."""
        role = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        return {
            **self.summary(account, region),
            "roleARN": f"arn:aws:iam::{account}:role/{role}",
            "recordingGroup": {
                "allSupported": False,
                "includeGlobalResourceTypes": False,
                "resourceTypes": ["AWS::EC2::Instance"],
                "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
            },
            "recordingMode": {"recordingFrequency": "CONTINUOUS"},
        }

    def summary(self, account: str, region: str) -> dict[str, Any]:
        """As `ListConfigurationRecorders` gives it."""
        return {
            "arn": f"arn:aws:config:{region}:{account}:configuration-recorder/{self.name}/double",
            "name": self.name,
            "servicePrincipal": self.service_principal,
            "recordingScope": self.scope,
        }

    def status(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigurationRecorderStatus` gives it."""
        summary = self.summary(account, region)
        return {
            **{key: summary[key] for key in ("arn", "name", "servicePrincipal")},
            "recording": True,
            "lastStatus": "SUCCESS",
        }


@dataclass
class Recorder:
    """A customer managed recorder, in the words of `DescribeConfigurationRecorders`."""

    name: str = "default"
    role_arn: str = ""
    recording: bool = True
    last_status: str = "SUCCESS"
    last_error_code: str | None = None
    last_error_message: str | None = None
    last_start: str = "2026-01-01T00:00:00Z"
    last_stop: str | None = None
    last_change: str = "2026-01-01T00:00:00Z"
    group: dict[str, Any] = field(
        default_factory=lambda: {"allSupported": True, "includeGlobalResourceTypes": True}
    )
    mode: dict[str, Any] = field(default_factory=lambda: {"recordingFrequency": "CONTINUOUS"})

    @classmethod
    def of(cls, given: dict[str, Any]) -> Recorder:
        """Reads a recorder of the state file; what is not said is as above."""
        names = {
            "roleARN": "role_arn",
            "lastStatus": "last_status",
            "lastErrorCode": "last_error_code",
            "lastErrorMessage": "last_error_message",
            "lastStartTime": "last_start",
            "lastStopTime": "last_stop",
            "lastStatusChangeTime": "last_change",
            "recordingGroup": "group",
            "recordingMode": "mode",
        }
        return cls(**{names.get(key, key): value for key, value in given.items()})

    def records(self, resource_type: str) -> bool:
        """Whether items of this type are recorded."""
        strategy = self._strategy()
        if strategy == "INCLUSION_BY_RESOURCE_TYPES":
            return resource_type in self.group.get("resourceTypes", [])
        if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
            excluded = self.group.get("exclusionByResourceTypes", {})
            return resource_type not in excluded.get("resourceTypes", [])
        if resource_type in GLOBAL_TYPES:
            return bool(self.group.get("includeGlobalResourceTypes"))
        return True

    def frequency(self, resource_type: str) -> str:
        """`CONTINUOUS` or `DAILY`."""
        for override in self.mode.get("recordingModeOverrides", []):
            if resource_type in override["resourceTypes"]:
                return str(override["recordingFrequency"])
        return str(self.mode["recordingFrequency"])

    def described(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigurationRecorders` gives it."""
        group = {
            "allSupported": False,
            "includeGlobalResourceTypes": False,
            "resourceTypes": [],
            "exclusionByResourceTypes": {"resourceTypes": []},
            **self.group,
            "recordingStrategy": {"useOnly": self._strategy()},
        }
        return {
            "arn": self._arn(account, region),
            "name": self.name,
            "roleARN": self.role_arn or f"arn:aws:iam::{account}:role/config",
            "recordingGroup": group,
            "recordingMode": self.mode,
            "recordingScope": "PAID",
        }

    def summary(self, account: str, region: str) -> dict[str, Any]:
        """As `ListConfigurationRecorders` gives it."""
        return {
            "arn": self._arn(account, region),
            "name": self.name,
            "recordingScope": "PAID",
        }

    def status(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigurationRecorderStatus` gives it."""
        status: dict[str, Any] = {
            "arn": self._arn(account, region),
            "name": self.name,
            "lastStartTime": epoch(self.last_start),
            "recording": self.recording,
            "lastStatus": self.last_status,
            "lastStatusChangeTime": epoch(self.last_change),
        }
        if self.last_stop:
            status["lastStopTime"] = epoch(self.last_stop)
        if self.last_error_code:
            status["lastErrorCode"] = self.last_error_code
            status["lastErrorMessage"] = self.last_error_message or self.last_error_code
        return status

    def _strategy(self) -> str:
        stated = self.group.get("recordingStrategy", {}).get("useOnly")
        if stated:
            return str(stated)
        if self.group.get("allSupported"):
            return "ALL_SUPPORTED_RESOURCE_TYPES"
        excluded = self.group.get("exclusionByResourceTypes", {}).get("resourceTypes")
        return "EXCLUSION_BY_RESOURCE_TYPES" if excluded else "INCLUSION_BY_RESOURCE_TYPES"

    def _arn(self, account: str, region: str) -> str:
        return f"arn:aws:config:{region}:{account}:configuration-recorder/{self.name}/double"
