"""Who may speak: signatures, dates and session tokens, in the words of each protocol."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import FIRST, Aws, error_of, send

JSON = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "StarlingDoveService.DescribeConfigurationRecorders",
}


def test_a_signed_call_is_answered(aws: Aws) -> None:
    status, _, _ = aws.raw(headers=JSON)
    assert status == 200


def test_every_answer_has_a_request_id(aws: Aws) -> None:
    _, headers, _ = aws.raw(headers=JSON)
    assert headers["x-amzn-RequestId"]


def test_an_unsigned_json_call_misses_its_token(aws: Aws) -> None:
    status, _, body = aws.raw(headers=JSON, service=None)
    assert (status, json.loads(body)["__type"]) == (400, "MissingAuthenticationTokenException")


def test_an_unsigned_rest_call_misses_its_token(aws: Aws) -> None:
    status, headers, _ = aws.raw("GET", "/accounts", b"", service=None)
    assert status == 403
    assert headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_an_ill_formed_authorization_is_incomplete(aws: Aws) -> None:
    headers = {**JSON, "Authorization": "AWS4-HMAC-SHA256 Credential=a/b/eu-west-1/config/x"}
    status, _, body = send(aws.address, "POST", b"{}", headers)
    assert (status, json.loads(body)["__type"]) == (400, "IncompleteSignatureException")


def test_a_wrong_secret_gives_another_signature(aws: Aws) -> None:
    status, _, body = aws.raw(headers=JSON, secret="not-it")
    assert (status, json.loads(body)["__type"]) == (400, "InvalidSignatureException")


def test_a_body_that_was_changed_after_signing_is_noticed(aws: Aws) -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", aws.address + "/", data=b"{}", headers=JSON)
    SigV4Auth(Credentials("AKIAFIRSTACCOUNT0001", "first-secret"), "config", "eu-west-1").add_auth(
        request
    )
    status, _, _ = send(aws.address + "/", "POST", b'{"a":1}', dict(request.headers))
    assert status == 400


def test_an_unknown_key_is_an_invalid_client(aws: Aws) -> None:
    unknown = {"AccessKeyId": "AKIANOBODY", "SecretAccessKey": "x", "SessionToken": None}
    client = aws.client("config", credentials=unknown)
    code, _, status = error_of(client.describe_configuration_recorders)
    assert (code, status) == ("UnrecognizedClientException", 400)


def test_an_unknown_key_has_another_name_in_sts(aws: Aws) -> None:
    unknown = {"AccessKeyId": "AKIANOBODY", "SecretAccessKey": "x", "SessionToken": None}
    code, _, status = error_of(aws.client("sts", credentials=unknown).get_caller_identity)
    assert (code, status) == ("InvalidClientTokenId", 403)


@pytest.mark.parametrize(("minutes", "words"), [(-6, "now earlier"), (6, "still later")])
def test_a_date_more_than_five_minutes_off_is_refused(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, minutes: int, words: str
) -> None:
    import botocore.auth

    off = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: off)
    status, _, body = aws.raw(headers=JSON)
    answer = json.loads(body)
    assert (status, answer["__type"]) == (400, "InvalidSignatureException")
    assert words in answer["message"]


def test_a_date_four_minutes_off_is_fine(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    off = datetime.now(UTC) - timedelta(minutes=4)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: off)
    status, _, _ = aws.raw(headers=JSON)
    assert status == 200


def _expired(aws: Aws) -> dict[str, Any]:
    credentials = aws.assume("long")
    aws.control("POST", "sessions/expire")
    return credentials


def test_an_expired_session_is_refused_by_config(aws: Aws) -> None:
    client = aws.client("config", credentials=_expired(aws))
    code, _, status = error_of(client.describe_configuration_recorders)
    assert (code, status) == ("ExpiredTokenException", 400)


def test_an_expired_session_is_refused_by_security_hub(aws: Aws) -> None:
    code, _, status = error_of(aws.client("securityhub", credentials=_expired(aws)).describe_hub)
    assert (code, status) == ("ExpiredTokenException", 403)


def test_an_expired_session_is_refused_by_sts(aws: Aws) -> None:
    code, _, status = error_of(aws.client("sts", credentials=_expired(aws)).get_caller_identity)
    assert (code, status) == ("ExpiredToken", 403)


def test_a_session_ends_with_its_time(aws: Aws) -> None:
    credentials = aws.assume("long", DurationSeconds=900)
    aws.control("POST", "clock", {"advanceSeconds": 901})
    code, _, _ = error_of(aws.client("sts", credentials=credentials).get_caller_identity)
    assert code == "ExpiredToken"


def test_a_session_key_without_its_token_is_unknown(aws: Aws) -> None:
    credentials = {**aws.assume("long"), "SessionToken": None}
    code, _, _ = error_of(aws.client("sts", credentials=credentials).get_caller_identity)
    assert code == "InvalidClientTokenId"


def test_the_log_says_who_called(aws: Aws) -> None:
    credentials = aws.assume("long")
    aws.client("config", credentials=credentials).describe_configuration_recorders()
    [call] = aws.calls(service="config")
    assert call["caller"] == f"arn:aws:sts::{FIRST}:assumed-role/long/test"


def test_the_log_holds_no_secret(aws: Aws) -> None:
    credentials = aws.assume("reader", ExternalId="shared-words")
    aws.client("config", credentials=credentials).describe_configuration_recorders()
    text = json.dumps(aws.calls())
    for secret in (credentials["SecretAccessKey"], credentials["SessionToken"], "shared-words"):
        assert secret not in text
