"""The facts of an account, and its credential report.

A state file gives them under `facts`; what it leaves out is as in a new account.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, fields
from typing import Any

from ..limits import REPORT_SECONDS

#: IAM/latest/UserGuide/id_credentials_getting-report: the columns, in their order.
COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(
        f"access_key_{number}_{name}"
        for number in (1, 2)
        for name in (
            "active",
            "last_rotated",
            "last_used_date",
            "last_used_region",
            "last_used_service",
        )
    ),
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
)

#: global-infrastructure/latest/regions/aws-regions: those that are enabled by default, and others.
_DEFAULT_REGIONS = (
    "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 "
    "ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 "
    "us-east-2 us-west-1 us-west-2"
).split()
_OPT_IN_REGIONS = ("af-south-1", "ap-east-1", "eu-south-1", "me-south-1")

#: What a row says of a user without any credentials.
_NO_CREDENTIALS = {
    "user_creation_time": "2024-03-02T10:00:00+00:00",
    "password_enabled": "false",
    "mfa_active": "false",
    "access_key_1_active": "false",
    "access_key_2_active": "false",
    "cert_1_active": "false",
    "cert_2_active": "false",
}
#: The same of the root user.
_ROOT = {
    **_NO_CREDENTIALS,
    "user": "<root_account>",
    "password_enabled": "not_supported",
    "password_last_used": "no_information",
    "password_last_changed": "not_supported",
    "password_next_rotation": "not_supported",
}

_SUMMARY = {
    "Users": 0,
    "Groups": 0,
    "Roles": 1,
    "Policies": 0,
    "MFADevices": 0,
    "MFADevicesInUse": 0,
    "AccountMFAEnabled": 0,
    "AccountAccessKeysPresent": 0,
    "AccountPasswordPresent": 1,
    "AccountSigningCertificatesPresent": 0,
}


@dataclass
class Report:
    """A credential report: what it says stands when it is asked for, and it takes a moment."""

    content: bytes
    asked_at: float
    ready_at: float


@dataclass
class RegionFacts:
    """What a region tells of itself; what a state file leaves out is as in a new account."""

    #: `ENABLED` or `PAUSED`, where Macie is enabled.
    macie: str | None = None
    #: The status of each type of scans of Amazon Inspector, where one is not `DISABLED`.
    inspector: dict[str, str] = field(default_factory=dict)
    #: Ids of the account's snapshots that everyone can restore.
    publicSnapshots: list[str] = field(default_factory=list)
    snapshotBlock: str = "unblocked"
    #: Log groups by their names, with what CloudWatch Logs says of each.
    logGroups: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: dict[str, Any]) -> RegionFacts:
        """Reads the facts of the state file; an unknown one is an error."""
        if unknown := set(given) - {one.name for one in fields(cls)}:
            raise ValueError(f"facts of a region know no {sorted(unknown)}")
        return cls(**given)


@dataclass
class Facts:
    """What an account tells of itself."""

    passwordPolicy: dict[str, Any] | None = None
    summary: dict[str, int] = field(default_factory=dict)
    #: Rows of the credential report by their columns; `root` is that of the root user.
    users: list[dict[str, str]] = field(default_factory=list)
    root: dict[str, str] = field(default_factory=dict)
    #: A report of its own making, for what no report of AWS's should be.
    reportText: str | None = None
    #: How long a credential report takes.
    reportSeconds: float = 0.0
    #: Serial numbers of virtual MFA devices, with the ARN of who signs in with each.
    virtualMfaDevices: dict[str, str] = field(default_factory=dict)
    #: The kinds of alternate contacts that there are.
    contacts: list[str] = field(default_factory=list)
    organization: dict[str, str] | None = None
    publicAccessBlock: dict[str, bool] | None = None
    #: The subscription to Shield Advanced: its `AutoRenew`.
    shield: str | None = None
    #: The status of regions (`RegionOptStatus`) where it is another than in a new account.
    regionStatus: dict[str, str] = field(default_factory=dict)
    report: Report | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> Facts:
        """Reads the facts of the state file; an unknown one is an error."""
        known = {one.name for one in fields(cls)} - {"report"}
        if unknown := set(given) - known:
            raise ValueError(f"facts know no {sorted(unknown)}")
        return cls(**given)

    def region_statuses(self) -> dict[str, str]:
        """The status of each region."""
        default = dict.fromkeys(_DEFAULT_REGIONS, "ENABLED_BY_DEFAULT")
        return {**default, **dict.fromkeys(_OPT_IN_REGIONS, "DISABLED"), **self.regionStatus}

    def counted(self) -> dict[str, int]:
        """What IAM counts."""
        return {**_SUMMARY, "Users": len(self.users), **self.summary}

    def ask_report(self, now: float, partition: str, account: str) -> str:
        """Has a report made unless one of the last four hours is there; says how far it is."""
        if self.report is None or self.report.asked_at + REPORT_SECONDS <= now:
            content = self._written(partition, account).encode()
            self.report = Report(content, now, now + self.reportSeconds)
            return "STARTED"
        return "COMPLETE" if self.report.ready_at <= now else "INPROGRESS"

    def _written(self, partition: str, account: str) -> str:
        if self.reportText is not None:
            return self.reportText
        prefix = f"arn:{partition}:iam::{account}"
        rows = [{**_ROOT, "arn": f"{prefix}:root", **self.root}]
        rows += [
            {**_NO_CREDENTIALS, "arn": f"{prefix}:user/{user['user']}", **user}
            for user in self.users
        ]
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, restval="N/A", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().rstrip("\n")
