"""Sessions of roles, and on which conditions they are given."""

from __future__ import annotations

from typing import Any
from urllib.request import urlopen

from conftest import FIRST, SECOND, Aws, error_of

ROLE = f"arn:aws:iam::{FIRST}:role/"


def _assume(aws: Aws, **changes: Any) -> tuple[str, str, int]:
    given = {"RoleArn": ROLE + "reader", "RoleSessionName": "test", **changes}
    return error_of(aws.sts.assume_role, **given)


def test_keys_belong_to_their_account(aws: Aws) -> None:
    assert aws.client("sts", account=SECOND).get_caller_identity()["Account"] == SECOND


def test_a_session_belongs_to_the_account_of_its_role(aws: Aws) -> None:
    credentials = aws.assume("reader", account=SECOND)
    identity = aws.client("sts", credentials=credentials).get_caller_identity()
    assert identity["Account"] == SECOND
    assert identity["Arn"] == f"arn:aws:sts::{SECOND}:assumed-role/reader/test"


def test_the_right_external_id_opens_a_session(aws: Aws) -> None:
    assert aws.assume("reader", ExternalId="shared-words")["SessionToken"]


def test_a_wrong_external_id_is_denied(aws: Aws) -> None:
    code, message, status = _assume(aws, ExternalId="other-words")
    assert (code, status) == ("AccessDenied", 403)
    assert f"is not authorized to perform: sts:AssumeRole on resource: {ROLE}reader" in message


def test_a_missing_external_id_is_denied(aws: Aws) -> None:
    assert _assume(aws)[0] == "AccessDenied"


def test_a_role_that_is_not_there_is_denied_and_not_missing(aws: Aws) -> None:
    assert _assume(aws, RoleArn=ROLE + "nobody")[0] == "AccessDenied"


def test_a_role_denies_whom_it_does_not_trust(aws: Aws) -> None:
    given = {"RoleArn": ROLE + "reader", "RoleSessionName": "test", "ExternalId": "shared-words"}
    code, _, _ = error_of(aws.client("sts", account=SECOND).assume_role, **given)
    assert code == "AccessDenied"


def test_session_names_keep_to_their_pattern(aws: Aws) -> None:
    code, message, _ = _assume(aws, RoleSessionName="not allowed!")
    assert code == "ValidationError"
    assert "roleSessionName" in message


def test_a_session_lasts_fifteen_minutes_at_least(aws: Aws) -> None:
    assert _assume(aws, DurationSeconds=899)[0] == "ValidationError"


def test_a_session_lasts_no_longer_than_its_role_allows(aws: Aws) -> None:
    code, message, _ = _assume(aws, DurationSeconds=7200, ExternalId="shared-words")
    assert code == "ValidationError"
    assert "MaxSessionDuration" in message


def test_a_chained_session_lasts_an_hour_at_most(aws: Aws) -> None:
    chained = aws.client("sts", credentials=aws.assume("long"))
    given = {"RoleArn": ROLE + "long", "RoleSessionName": "test", "DurationSeconds": 7200}
    assert error_of(chained.assume_role, **given)[0] == "ValidationError"


def test_session_tags_reach_the_log(aws: Aws) -> None:
    aws.assume("long", Tags=[{"Key": "team", "Value": "platform"}])
    [call] = aws.calls(operation="AssumeRole")
    assert call["detail"]["tags"] == {"team": "platform"}


def test_a_session_can_end_before_its_holder_was_told(aws: Aws) -> None:
    aws.control("PATCH", "settings", {"sessionSeconds": 0.001})
    credentials = aws.assume("long")
    aws.control("POST", "clock", {"advanceSeconds": 1})
    code, _, _ = error_of(aws.client("sts", credentials=credentials).get_caller_identity)
    assert code == "ExpiredToken"


def test_a_web_identity_needs_no_signature(aws: Aws) -> None:
    answer = aws.sts.assume_role_with_web_identity(
        RoleArn=ROLE + "long", RoleSessionName="pod", WebIdentityToken="head.body.signature"
    )
    assert answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/long/pod")


def test_a_web_identity_token_is_a_jwt(aws: Aws) -> None:
    given = {"RoleArn": ROLE + "long", "RoleSessionName": "pod", "WebIdentityToken": "plain"}
    assert error_of(aws.sts.assume_role_with_web_identity, **given)[0] == "InvalidIdentityToken"


def test_a_container_gets_credentials_of_a_role(aws: Aws) -> None:
    import json

    url = f"{aws.address}/_double/container-credentials/{FIRST}/long"
    with urlopen(url) as response:
        given = json.load(response)
    credentials = {**given, "SessionToken": given["Token"]}
    identity = aws.client("sts", credentials=credentials).get_caller_identity()
    assert identity["Account"] == FIRST


def test_a_role_does_only_what_its_policy_allows(aws: Aws) -> None:
    client = aws.client("config", credentials=aws.assume("narrow"))
    assert client.describe_configuration_recorders()["ConfigurationRecorders"]
    code, message, _ = error_of(client.get_discovered_resource_counts)
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: config:GetDiscoveredResourceCounts" in message
