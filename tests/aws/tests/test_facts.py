"""What an account tells of itself: as AWS answers, and as AWS refuses."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest
from conftest import FIRST, Aws, error_of

POLICY = {
    "MinimumPasswordLength": 14,
    "RequireSymbols": True,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "MaxPasswordAge": 90,
    "PasswordReusePrevention": 24,
}


@pytest.fixture(autouse=True)
def facts(aws: Aws) -> Iterator[None]:
    tell(aws)
    yield


def tell(aws: Aws, **facts: Any) -> None:
    aws.control("PATCH", "facts", {"account": FIRST, "facts": facts})


def test_a_password_policy_is_told_and_none_is_not_there(aws: Aws) -> None:
    """IAM/latest/APIReference/API_GetAccountPasswordPolicy: `ExpirePasswords` follows the age."""
    iam = aws.client("iam")
    code, message, status = error_of(iam.get_account_password_policy)
    assert (code, status) == ("NoSuchEntity", 404) and "cannot be found" in message
    tell(aws, passwordPolicy=POLICY)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert policy == {**POLICY, "ExpirePasswords": True}


def test_a_summary_has_the_root_user_s_keys_and_mfa(aws: Aws) -> None:
    """IAM/latest/APIReference/API_GetAccountSummary."""
    tell(aws, summary={"AccountMFAEnabled": 1}, users=[{"user": "alice"}])
    summary = aws.client("iam").get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["Users"]) == (1, 1)
    assert summary["AccountAccessKeysPresent"] == 0


def test_a_credential_report_takes_a_moment_and_lasts_four_hours(aws: Aws) -> None:
    """IAM/latest/UserGuide/id_credentials_getting-report."""
    iam = aws.client("iam")
    assert error_of(iam.get_credential_report)[0] == "ReportNotPresent"
    tell(aws, users=[{"user": "alice", "mfa_active": "true"}], reportSeconds=30)
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "INPROGRESS"
    code, _, status = error_of(iam.get_credential_report)
    assert (code, status) == ("ReportInProgress", 404)
    aws.control("POST", "clock", {"advanceSeconds": 31})
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv" and isinstance(report["GeneratedTime"], datetime)
    root, alice = csv.DictReader(io.StringIO(report["Content"].decode()))
    assert (root["user"], root["password_enabled"]) == ("<root_account>", "not_supported")
    assert (alice["mfa_active"], alice["password_last_used"]) == ("true", "N/A")
    # What changes is in the next report, which is made four hours later.
    tell(aws)
    assert b"alice" in iam.get_credential_report()["Content"]
    aws.control("POST", "clock", {"advanceSeconds": 4 * 3600})
    assert error_of(iam.get_credential_report)[0] == "ReportExpired"
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert b"alice" not in iam.get_credential_report()["Content"]


def test_virtual_devices_come_in_pages_with_who_signs_in(aws: Aws) -> None:
    """IAM/latest/APIReference/API_ListVirtualMFADevices."""
    prefix = f"arn:aws:iam::{FIRST}"
    devices = {f"{prefix}:mfa/user-{at:03}": f"{prefix}:user/user-{at:03}" for at in range(120)}
    devices[f"{prefix}:mfa/root"] = f"{prefix}:root"
    tell(aws, virtualMfaDevices=devices)
    iam = aws.client("iam")
    first = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")
    assert first["IsTruncated"] and len(first["VirtualMFADevices"]) == 100
    rest = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned", Marker=first["Marker"])
    assert not rest["IsTruncated"] and len(rest["VirtualMFADevices"]) == 21
    found = {one["SerialNumber"]: one["User"] for one in first["VirtualMFADevices"]}
    assert "UserName" not in found[f"{prefix}:mfa/root"]
    code, _, _ = error_of(iam.list_virtual_mfa_devices, Marker=first["Marker"])
    assert code == "ValidationError"
    code, _, _ = error_of(iam.list_virtual_mfa_devices, AssignmentStatus="Both")
    assert code == "ValidationError"


def test_encryption_by_default_is_a_fact_of_a_region(aws: Aws) -> None:
    """AWSEC2/latest/APIReference/API_GetEbsEncryptionByDefault."""
    aws.change(ebsEncryption=True)
    told = [
        aws.client("ec2", region=region).get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
        for region in ("eu-west-1", "us-east-1")
    ]
    assert told == [True, False]


def block(aws: Aws, account: str = FIRST) -> tuple[int, bytes]:
    """By hand: boto3 puts the account's id before the host, which no machine's address bears."""
    headers = {"x-amz-account-id": account, "x-amz-content-sha256": sha256(b"").hexdigest()}
    path = "/v20180820/configuration/publicAccessBlock"
    status, _, body = aws.raw("GET", path, b"", headers, "s3")
    return status, body


def test_the_account_s_block_is_told_to_the_account_alone(aws: Aws) -> None:
    """AmazonS3/latest/API/API_control_GetPublicAccessBlock."""
    status, body = block(aws)
    assert status == 404 and b"<Code>NoSuchPublicAccessBlockConfiguration<" in body
    settings = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    tell(aws, publicAccessBlock=dict.fromkeys(settings, True))
    status, body = block(aws)
    assert status == 200 and b"<BlockPublicPolicy>true</BlockPublicPolicy>" in body
    status, body = block(aws, "9" * 12)
    assert status == 403 and b"<Code>AccessDenied<" in body


def test_a_contact_is_told_by_its_kind(aws: Aws) -> None:
    """accounts/latest/reference/API_GetAlternateContact."""
    account = aws.client("account")
    code, _, status = error_of(account.get_alternate_contact, AlternateContactType="SECURITY")
    assert (code, status) == ("ResourceNotFoundException", 404)
    tell(aws, contacts=["SECURITY"])
    contact = account.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"]
    assert contact["AlternateContactType"] == "SECURITY" and contact["EmailAddress"]
    code, _, _ = error_of(account.get_alternate_contact, AlternateContactType="Security")
    assert code == "ValidationException"


def test_an_account_without_an_organization_says_so(aws: Aws) -> None:
    """organizations/latest/APIReference/API_DescribeOrganization."""
    organizations = aws.client("organizations")
    code, _, status = error_of(organizations.describe_organization)
    assert (code, status) == ("AWSOrganizationsNotInUseException", 400)
    tell(aws, organization={"Id": "o-exampleorgid", "MasterAccountId": "999988887777"})
    told = organizations.describe_organization()["Organization"]
    assert (told["Id"], told["MasterAccountId"]) == ("o-exampleorgid", "999988887777")


@pytest.mark.parametrize(
    ("service", "operation", "kind", "code", "status"),
    [
        ("iam", "get_account_summary", "deny", "AccessDenied", 403),
        ("iam", "get_account_summary", "throttle", "Throttling", 400),
        ("iam", "get_account_summary", "expire", "ExpiredToken", 403),
        ("ec2", "get_ebs_encryption_by_default", "deny", "UnauthorizedOperation", 403),
        ("ec2", "get_ebs_encryption_by_default", "throttle", "RequestLimitExceeded", 503),
        ("ec2", "get_ebs_encryption_by_default", "expire", "RequestExpired", 400),
        ("organizations", "describe_organization", "deny", "AccessDeniedException", 400),
        ("organizations", "describe_organization", "throttle", "ThrottlingException", 400),
    ],
)
def test_each_service_refuses_in_its_own_words(
    aws: Aws, service: str, operation: str, kind: str, code: str, status: int
) -> None:
    aws.order({"kind": kind, "match": {"service": service}})
    found, _, answered = error_of(getattr(aws.client(service), operation))
    assert (found, answered) == (code, status)


def test_what_the_double_does_not_know_of_iam_and_ec2_is_moto_s(aws: Aws) -> None:
    aws.client("iam").create_user(UserName="alice")
    assert [user["UserName"] for user in aws.client("iam").list_users()["Users"]] == ["alice"]


def in_region(aws: Aws, **facts: Any) -> None:
    change = {"facts": facts}
    aws.control("PATCH", "region", {"account": FIRST, "region": "eu-west-1", "change": change})


def test_snapshots_that_everyone_can_restore_are_told_page_by_page(aws: Aws) -> None:
    """AWSEC2/latest/APIReference/API_DescribeSnapshots."""
    ec2 = aws.client("ec2")
    public = {"OwnerIds": ["self"], "RestorableByUserIds": ["all"]}
    in_region(aws)
    assert ec2.describe_snapshots(**public)["Snapshots"] == []
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ids = [f"snap-{number:017x}" for number in range(7)]
    in_region(aws, publicSnapshots=ids, snapshotBlock="block-all-sharing")
    pages = ec2.get_paginator("describe_snapshots").paginate(
        **public, PaginationConfig={"PageSize": 5}
    )
    assert [one["SnapshotId"] for page in pages for one in page["Snapshots"]] == ids
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"


def test_macie_that_is_not_enabled_refuses_as_if_it_were_denied(aws: Aws) -> None:
    """macie/latest/APIReference/macie: a session there is only where Macie is enabled."""
    macie = aws.client("macie2")
    in_region(aws)
    code, message, status = error_of(macie.get_macie_session)
    assert (code, message, status) == ("AccessDeniedException", "Macie is not enabled", 403)
    in_region(aws, macie="PAUSED")
    assert macie.get_macie_session()["status"] == "PAUSED"


def test_inspector_tells_what_it_scans(aws: Aws) -> None:
    """inspector/v2/APIReference/API_BatchGetAccountStatus."""
    in_region(aws, inspector={"ec2": "ENABLED"})
    told = aws.client("inspector2").batch_get_account_status(accountIds=[FIRST, "444455556666"])
    scans = told["accounts"][0]["resourceState"]
    assert (scans["ec2"]["status"], scans["ecr"]["status"]) == ("ENABLED", "DISABLED")
    assert told["failedAccounts"][0]["accountId"] == "444455556666"


def test_log_groups_come_in_pages(aws: Aws) -> None:
    """AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups."""
    in_region(aws, logGroups={f"/shop/{at:03}": {"retentionInDays": 30} for at in range(60)})
    logs = aws.client("logs")
    first = logs.describe_log_groups()
    assert len(first["logGroups"]) == 50
    rest = logs.describe_log_groups(nextToken=first["nextToken"])
    assert len(rest["logGroups"]) == 10 and "nextToken" not in rest
    assert rest["logGroups"][0]["retentionInDays"] == 30


def test_an_account_without_shield_advanced_has_no_subscription(aws: Aws) -> None:
    """waf/latest/DDOSAPIReference/API_DescribeSubscription."""
    shield = aws.client("shield")
    assert error_of(shield.describe_subscription)[0] == "ResourceNotFoundException"
    tell(aws, shield="DISABLED")
    assert shield.describe_subscription()["Subscription"]["AutoRenew"] == "DISABLED"
