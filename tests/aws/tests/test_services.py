"""Everything else by moto, for the account of the caller; and the double as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from aws_double.double import double_of
from aws_double.exchange import Request
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from conftest import FIRST, HERE, KEYS, SECOND, Aws, error_of, send

START = [sys.executable, "-m", "aws_double", "--port", "0", "--with-parent"]


@pytest.fixture
def bucket(aws: Aws) -> str:
    place = {"LocationConstraint": "eu-west-1"}
    aws.client("s3").create_bucket(Bucket="snapshots", CreateBucketConfiguration=place)
    return "snapshots"


def test_objects_are_written_and_read(aws: Aws, bucket: str) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="a folder/ümläut.json", Body=b"{}" * 100_000)
    assert s3.get_object(Bucket=bucket, Key="a folder/ümläut.json")["Body"].read() == (
        b"{}" * 100_000
    )


def test_a_bucket_of_another_region_is_named_and_not_read(aws: Aws, bucket: str) -> None:
    headers = {"Host": aws.address.removeprefix("http://")}
    for region, status, code in [
        ("ap-south-1", 301, "PermanentRedirect"),
        ("us-east-1", 400, "AuthorizationHeaderMalformed"),
    ]:
        request = AWSRequest("GET", f"{aws.address}/{bucket}?list-type=2", headers=headers)
        S3SigV4Auth(Credentials(*KEYS[FIRST]), "s3", region).add_auth(request)
        answered = send(f"{aws.address}/{bucket}?list-type=2", "GET", b"", dict(request.headers))
        assert answered[0] == status and code.encode() in answered[2]
        named = {k.lower(): v for k, v in answered[1].items()}.get("x-amz-bucket-region")
        assert named == "eu-west-1" or b"<Region>eu-west-1</Region>" in answered[2]
    # Clients that follow find it.
    assert aws.client("s3", "ap-south-1").list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    lists = [call["detail"] for call in aws.calls(service="s3") if call.get("detail")]
    assert lists and all(it == {"prefix": ""} for it in lists)


def test_each_account_has_its_own_queues(aws: Aws) -> None:
    aws.client("sqs").create_queue(QueueName="changes")
    assert "QueueUrls" not in aws.client("sqs", account=SECOND).list_queues()


def test_a_session_acts_for_the_account_of_its_role(aws: Aws) -> None:
    aws.client("sqs", account=SECOND).create_queue(QueueName="changes")
    session = aws.client("sqs", credentials=aws.assume("reader", account=SECOND))
    [url] = session.list_queues()["QueueUrls"]
    assert SECOND in url


def test_an_expired_session_is_refused_everywhere(aws: Aws) -> None:
    credentials = aws.assume("long")
    aws.control("POST", "sessions/expire")
    assert error_of(aws.client("s3", credentials=credentials).list_buckets)[0] == "ExpiredToken"
    code, _, _ = error_of(aws.client("sqs", credentials=credentials).list_queues)
    assert code == "ExpiredTokenException"


def test_other_services_have_faults_too(aws: Aws, bucket: str) -> None:
    aws.order({"kind": "throttle", "match": {"service": "s3", "operation": "GET"}})
    code, _, status = error_of(aws.client("s3").list_objects_v2, Bucket=bucket)
    assert (code, status) == ("SlowDown", 503)


def test_other_services_are_in_the_log(aws: Aws) -> None:
    aws.client("sqs").create_queue(QueueName="changes")
    [call] = aws.calls(service="sqs")
    assert (call["operation"], call["outcome"]) == ("CreateQueue", "ok")


def test_a_skewed_clock_has_another_name_in_s3(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    off = datetime.now(UTC) - timedelta(minutes=20)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: off)
    assert error_of(aws.client("s3").list_buckets)[0] == "RequestTimeTooSkewed"


def test_a_reset_empties_moto(aws: Aws, bucket: str) -> None:
    aws.control("POST", "reset", {})
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_a_reset_can_bring_another_state(aws: Aws) -> None:
    first = json.loads((HERE / "state.json").read_text())
    try:
        aws.control("POST", "reset", {"accounts": {FIRST: {"accessKeys": {"other": "key"}}}})
        assert error_of(aws.sts.get_caller_identity)[0] == "InvalidClientTokenId"
    finally:
        aws.control("POST", "reset", first)
    assert aws.sts.get_caller_identity()["Account"] == FIRST


def test_the_process_needs_no_state_and_prints_its_address(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [*START, "--log", str(log)]
    with subprocess.Popen(command, cwd=HERE.parent, **pipes) as process:
        assert process.stdout and process.stdin
        address = process.stdout.readline().strip()
        aws = Aws(address)
        answer = error_of(aws.sts.get_caller_identity)
        assert answer[0] == "InvalidClientTokenId"
        process.stdin.close()
        assert process.wait(timeout=5) == 0
    assert json.loads(log.read_text())["outcome"] == "InvalidClientTokenId"


@pytest.mark.parametrize("name", ["snapshot.json", "items.jsonl"])
def test_items_are_read_from_a_file_beside_the_state(tmp_path: Path, name: str) -> None:
    item = {
        "resourceType": "AWS::S3::Bucket",
        "resourceId": "from-a-file",
        "configurationItemCaptureTime": "2026-11-22T10:00:00Z",
        "configuration": {},
    }
    whole: Any = item if name.endswith("l") else {"configurationItems": [item]}
    (tmp_path / name).write_text(json.dumps(whole))
    state = {"accounts": {FIRST: {"regions": {"eu-west-1": {"itemsFile": name}}}}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [*START, "--state", str(tmp_path / "state.json")]
    with subprocess.Popen(command, cwd=HERE.parent, **pipes) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        with urlopen(f"{address}/_double/items") as response:
            [loaded] = json.load(response)["configurationItems"]
        process.terminate()
    assert loaded["resourceId"] == "from-a-file"
    assert loaded["awsAccountId"] == FIRST


def test_the_state_of_make_aws_double_holds_the_quickstart_in_its_regions() -> None:
    state = HERE.parent / "quickstart.json"
    double = double_of(state, None, None)
    for region, least in [("eu-west-1", 50), ("us-east-1", 20)]:
        query = f"account={FIRST}&region={region}"
        answer = double.answer(Request("GET", "/_double/items", query, {}, b""))
        items = json.loads(answer.body)["configurationItems"]
        assert len(items) > least
        assert {item["awsRegion"] for item in items} == {region, "global"}
