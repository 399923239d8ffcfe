"""The operations by which an account tells of itself: of IAM, EC2, S3, Account, Organizations, Macie,
Amazon Inspector, CloudWatch Logs and Shield."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError, denied
from ..limits import ACCOUNT_REGIONS, LOG_GROUPS, MFA_DEVICES, REPORT_SECONDS, SNAPSHOTS
from ..operations import Call, Operation
from ..paging import InvalidToken, page
from ..world import World
from .account import Facts, RegionFacts


class AccountFacts:
    """The operations, by service, over the state of the double."""

    def __init__(self, world: World) -> None:
        self._world = world

    def iam(self) -> dict[str, Operation]:
        """What IAM of the double can do."""
        return {
            "GetAccountPasswordPolicy": self._password_policy,
            "GetAccountSummary": self._summary,
            "GenerateCredentialReport": self._generate_report,
            "GetCredentialReport": self._report,
            "ListVirtualMFADevices": self._virtual_mfa_devices,
        }

    def ec2(self) -> dict[str, Operation]:
        """What EC2 of the double can do."""
        return {
            "GetEbsEncryptionByDefault": self._ebs_encryption,
            "DescribeSnapshots": self._snapshots,
            "GetSnapshotBlockPublicAccessState": self._snapshot_block,
        }

    def macie2(self) -> dict[str, Operation]:
        """What Macie of the double can do."""
        return {"GetMacieSession": self._macie_session}

    def inspector2(self) -> dict[str, Operation]:
        """What Amazon Inspector of the double can do."""
        return {"BatchGetAccountStatus": self._inspector_status}

    def logs(self) -> dict[str, Operation]:
        """What CloudWatch Logs of the double can do."""
        return {"DescribeLogGroups": self._log_groups}

    def shield(self) -> dict[str, Operation]:
        """What Shield of the double can do."""
        return {"DescribeSubscription": self._subscription}

    def s3control(self) -> dict[str, Operation]:
        """What S3 Control of the double can do."""
        return {"GetPublicAccessBlock": self._public_access_block}

    def account(self) -> dict[str, Operation]:
        """What Account Management of the double can do."""
        return {"GetAlternateContact": self._alternate_contact, "ListRegions": self._regions}

    def organizations(self) -> dict[str, Operation]:
        """What Organizations of the double can do."""
        return {"DescribeOrganization": self._organization}

    def _facts(self, call: Call) -> Facts:
        return self._world.facts(call.account)

    def _region(self, call: Call) -> RegionFacts:
        return self._world.region(call.account, call.region).facts

    def _partition(self, call: Call) -> str:
        return self._world.identities.accounts[call.account].partition

    def _password_policy(self, call: Call) -> dict[str, Any]:
        policy = self._facts(call).passwordPolicy
        if policy is None:
            raise ServiceError(
                "NoSuchEntity",
                f"The Password Policy with domain name {call.account} cannot be found.",
                404,
            )
        expires = bool(policy.get("MaxPasswordAge"))
        return {"PasswordPolicy": {"ExpirePasswords": expires, **policy}}

    def _summary(self, call: Call) -> dict[str, Any]:
        return {"SummaryMap": self._facts(call).counted()}

    def _generate_report(self, call: Call) -> dict[str, Any]:
        now = self._world.clock.seconds()
        state = self._facts(call).ask_report(now, self._partition(call), call.account)
        started = {"Description": "No report exists. Starting a new report generation task"}
        return {"State": state, **(started if state == "STARTED" else {})}

    def _report(self, call: Call) -> dict[str, Any]:
        report, now = self._facts(call).report, self._world.clock.seconds()
        if report is None:
            raise ServiceError("ReportNotPresent", "No report for the account exists", 410)
        if report.ready_at > now:
            raise ServiceError("ReportInProgress", "Report generation is in progress", 404)
        if report.asked_at + REPORT_SECONDS <= now:
            raise ServiceError("ReportExpired", "The report has expired", 410)
        return {
            "Content": report.content,
            "ReportFormat": "text/csv",
            "GeneratedTime": report.ready_at,
        }

    def _virtual_mfa_devices(self, call: Call) -> dict[str, Any]:
        asked = call.parameters
        devices = [
            {"SerialNumber": serial, "User": self._user(call, arn), "EnableDate": 1.7e9}
            for serial, arn in sorted(self._facts(call).virtualMfaDevices.items())
        ]
        if asked.get("AssignmentStatus") == "Unassigned":
            devices = []
        binding = [call.account, asked.get("AssignmentStatus")]
        size = asked.get("MaxItems", MFA_DEVICES)
        try:
            chosen, more = page(self._world.tokens, binding, devices, size, asked.get("Marker"))
        except InvalidToken as error:
            raise ServiceError("ValidationError", f"Invalid Marker. {error}") from error
        found = {"VirtualMFADevices": chosen, "IsTruncated": more is not None}
        return {**found, "Marker": more} if more else found

    def _user(self, call: Call, arn: str) -> dict[str, Any]:
        """The user as devices name one; the root user has the account's id and no name."""
        if arn.endswith(":root"):
            return {"Path": "/", "UserId": call.account, "Arn": arn, "CreateDate": 1.6e9}
        name = arn.rpartition("/")[2]
        user = {"Path": "/", "UserName": name, "UserId": f"AIDA{name.upper()}", "Arn": arn}
        return {**user, "CreateDate": 1.6e9}

    def _ebs_encryption(self, call: Call) -> dict[str, Any]:
        region = self._world.region(call.account, call.region)
        return {"EbsEncryptionByDefault": region.ebs_encryption}

    def _public_access_block(self, call: Call) -> dict[str, Any]:
        if call.parameters["AccountId"] != call.account:
            raise denied(call.caller.arn, "s3:GetAccountPublicAccessBlock")
        block = self._facts(call).publicAccessBlock
        if block is None:
            raise ServiceError(
                "NoSuchPublicAccessBlockConfiguration",
                "The public access block configuration was not found",
                404,
            )
        return {"PublicAccessBlockConfiguration": block}

    def _alternate_contact(self, call: Call) -> dict[str, Any]:
        kind = call.parameters["AlternateContactType"]
        if call.parameters.get("AccountId"):
            # Only the organization's management account may name another.
            raise denied(call.caller.arn, "account:GetAlternateContact")
        if kind not in self._facts(call).contacts:
            raise ServiceError(
                "ResourceNotFoundException", "No contact of the inputted alternate contact type.", 404
            )
        contact = {
            "AlternateContactType": kind,
            "EmailAddress": "CANARY-contact@example.com",
            "Name": "CANARY Contact",
            "PhoneNumber": "+1 555 0100",
            "Title": "CANARY Officer",
        }
        return {"AlternateContact": contact}

    def _regions(self, call: Call) -> dict[str, Any]:
        asked = call.parameters
        if asked.get("AccountId"):
            # Only the organization's management account may name another.
            raise denied(call.caller.arn, "account:ListRegions")
        wanted = asked.get("RegionOptStatusContains")
        regions = [
            {"RegionName": name, "RegionOptStatus": status}
            for name, status in sorted(self._facts(call).region_statuses().items())
            if wanted is None or status in wanted
        ]
        size = asked.get("MaxResults", ACCOUNT_REGIONS)
        binding = [call.account, wanted]
        try:
            chosen, more = page(
                self._world.tokens, binding, regions, size, asked.get("NextToken")
            )
        except InvalidToken as error:
            raise ServiceError("ValidationException", f"The token is invalid. {error}") from error
        return {"Regions": chosen, **({"NextToken": more} if more else {})}

    def _organization(self, call: Call) -> dict[str, Any]:
        given = self._facts(call).organization
        if given is None:
            raise ServiceError(
                "AWSOrganizationsNotInUseException",
                "Your account is not a member of an organization.",
            )
        partition, home = self._partition(call), given["MasterAccountId"]
        prefix = f"arn:{partition}:organizations::{home}"
        organization = {
            "Id": given["Id"],
            "Arn": f"{prefix}:organization/{given['Id']}",
            "FeatureSet": given.get("FeatureSet", "ALL"),
            "MasterAccountArn": f"{prefix}:account/{given['Id']}/{home}",
            "MasterAccountId": home,
            "MasterAccountEmail": "CANARY-root@example.com",
            "AvailablePolicyTypes": [],
        }
        return {"Organization": organization}

    def _snapshots(self, call: Call) -> dict[str, Any]:
        asked = call.parameters
        if asked.get("OwnerIds") != ["self"] or asked.get("RestorableByUserIds") != ["all"]:
            raise ServiceError("InvalidParameterValue", "Only public snapshots of one's own are told.")
        snapshots = [
            {
                "SnapshotId": one,
                "OwnerId": call.account,
                "VolumeId": "vol-ffffffff",
                "State": "completed",
                "Encrypted": False,
                "Description": "CANARY snapshot",
            }
            for one in sorted(self._region(call).publicSnapshots)
        ]
        size = asked.get("MaxResults", SNAPSHOTS)
        try:
            binding = [call.account, call.region]
            chosen, more = page(self._world.tokens, binding, snapshots, size, asked.get("NextToken"))
        except InvalidToken as error:
            raise ServiceError("InvalidParameterValue", f"Invalid nextToken. {error}") from error
        return {"Snapshots": chosen, **({"NextToken": more} if more else {})}

    def _snapshot_block(self, call: Call) -> dict[str, Any]:
        return {"State": self._region(call).snapshotBlock, "ManagedBy": "account"}

    def _macie_session(self, call: Call) -> dict[str, Any]:
        status = self._region(call).macie
        if status is None:
            # The code is that of a denial: only the message tells.
            raise ServiceError("AccessDeniedException", "Macie is not enabled", 403)
        role = f"arn:{self._partition(call)}:iam::{call.account}:role/aws-service-role/macie"
        return {"status": status, "serviceRole": role, "findingPublishingFrequency": "SIX_HOURS"}

    def _inspector_status(self, call: Call) -> dict[str, Any]:
        states = self._region(call).inspector

        def state(kind: str) -> dict[str, Any]:
            return {
                "status": states.get(kind, "DISABLED"),
                "errorCode": "ALREADY_ENABLED",
                "errorMessage": "",
            }

        asked = call.parameters.get("accountIds") or [call.account]
        of_account = {kind: state(kind) for kind in ("ec2", "ecr", "lambda", "lambdaCode")}
        accounts = [
            {"accountId": one, "state": state("ec2"), "resourceState": of_account}
            for one in asked
            if one == call.account
        ]
        failed = [
            {"accountId": one, "errorCode": "ACCESS_DENIED", "errorMessage": "Not a member."}
            for one in asked
            if one != call.account
        ]
        return {"accounts": accounts, "failedAccounts": failed}

    def _log_groups(self, call: Call) -> dict[str, Any]:
        prefix = f"arn:{self._partition(call)}:logs:{call.region}:{call.account}:log-group:"
        groups = [
            {
                "logGroupName": name,
                "arn": f"{prefix}{name}:*",
                "logGroupArn": f"{prefix}{name}",
                "logGroupClass": "STANDARD",
                "storedBytes": 0,
                **told,
            }
            for name, told in sorted(self._region(call).logGroups.items())
        ]
        asked = call.parameters
        size = asked.get("limit", LOG_GROUPS)
        try:
            binding = [call.account, call.region]
            chosen, more = page(self._world.tokens, binding, groups, size, asked.get("nextToken"))
        except InvalidToken as error:
            text = f"The specified nextToken is invalid. {error}"
            raise ServiceError("InvalidParameterException", text) from error
        return {"logGroups": chosen, **({"nextToken": more} if more else {})}

    def _subscription(self, call: Call) -> dict[str, Any]:
        renews = self._facts(call).shield
        if renews is None:
            raise ServiceError("ResourceNotFoundException", "The subscription does not exist.")
        limits = {
            "ProtectionLimits": {"ProtectedResourceTypeLimits": []},
            "ProtectionGroupLimits": {
                "MaxProtectionGroups": 100,
                "PatternTypeLimits": {"ArbitraryPatternLimits": {"MaxMembers": 100}},
            },
        }
        return {
            "Subscription": {
                "StartTime": 1.7e9,
                "AutoRenew": renews,
                "SubscriptionLimits": limits,
            }
        }
