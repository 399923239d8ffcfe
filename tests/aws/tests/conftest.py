"""The running double, as every test sees it: its own process, reset before each test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

HERE = Path(__file__).parent
FIRST, SECOND = "111122223333", "444455556666"
KEYS = {
    FIRST: ("AKIAFIRSTACCOUNT0001", "first-secret"),
    SECOND: ("AKIASECONDACCOUNT002", "second-secret"),
}
REGION = "eu-west-1"


class Aws:
    """Clients of the double, its control paths, and requests signed by hand."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = boto3.Session()
        self._clients: dict[Any, Any] = {}

    def client(
        self,
        service: str,
        region: str = REGION,
        account: str = FIRST,
        credentials: dict[str, Any] | None = None,
        timeout: float = 20.0,
    ) -> Any:
        """A client that does not check parameters itself, so that the double has to."""
        key, secret = KEYS[account]
        token = None
        if credentials:
            key, secret = credentials["AccessKeyId"], credentials["SecretAccessKey"]
            token = credentials["SessionToken"]
        name = (service, region, key, timeout)
        if name not in self._clients:
            self._clients[name] = self._session.client(
                service,
                region_name=region,
                endpoint_url=self.address,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                config=Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1, "mode": "standard"},
                    read_timeout=timeout,
                ),
            )
        return self._clients[name]

    @property
    def config(self) -> Any:
        return self.client("config")

    @property
    def hub(self) -> Any:
        return self.client("securityhub")

    @property
    def sts(self) -> Any:
        return self.client("sts")

    def assume(self, role: str, account: str = FIRST, **given: Any) -> dict[str, Any]:
        """The credentials of a session of a role."""
        arn = f"arn:aws:iam::{account}:role/{role}"
        answer = self.sts.assume_role(RoleArn=arn, RoleSessionName="test", **given)
        credentials: dict[str, Any] = answer["Credentials"]
        return credentials

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control request's answer."""
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.address}/_double/{path}", data, method=method)
        with urlopen(request) as response:
            return json.load(response)

    def order(self, *faults: dict[str, Any], seed: int = 0) -> None:
        self.control("POST", "faults", {"faults": faults, "seed": seed})

    def calls(self, **wanted: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        calls: list[dict[str, Any]] = self.control("GET", f"calls?{query}")["calls"]
        return calls

    def change(self, account: str = FIRST, region: str = REGION, **change: Any) -> None:
        body = {"account": account, "region": region, "change": change}
        self.control("PATCH", "region", body)

    def patch(self, resource_type: str, resource_id: str, **patch: Any) -> None:
        item = {"account": FIRST, "region": REGION, "patch": patch}
        item.update(resourceType=resource_type, resourceId=resource_id)
        self.control("PATCH", "items", {"items": [item]})

    def delete(self, resource_type: str, resource_id: str) -> None:
        item = {"account": FIRST, "region": REGION}
        item.update(resourceType=resource_type, resourceId=resource_id)
        self.control("DELETE", "items", {"items": [item]})

    def raw(
        self,
        method: str = "POST",
        path: str = "/",
        body: bytes = b"{}",
        headers: dict[str, str] | None = None,
        service: str | None = "config",
        secret: str = "first-secret",
    ) -> tuple[int, dict[str, str], bytes]:
        """A request with any headers, signed for a service unless there is none."""
        request = AWSRequest(method, self.address + path, data=body, headers=headers or {})
        if service:
            key = Credentials(KEYS[FIRST][0], secret)
            SigV4Auth(key, service, REGION).add_auth(request)
        return send(self.address + path, method, body, dict(request.headers))

    def post(self, path: str, body: Any, method: str = "POST") -> tuple[int, dict[str, Any]]:
        """A call of Security Hub with members that a client would not send."""
        data, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        status, _, answer = self.raw(method, path, data, headers, "securityhub")
        return status, json.loads(answer)

    def rows(self, expression: str, **given: Any) -> list[dict[str, Any]]:
        """The parsed rows of one page of a query."""
        answer = self.config.select_resource_config(Expression=expression, **given)
        return [json.loads(row) for row in answer["Results"]]


def send(
    url: str, method: str, body: bytes, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """Sends a request as it is; an error status is an answer like any other."""
    try:
        with urlopen(Request(url, body, headers, method=method)) as response:
            return response.status, dict(response.headers), response.read()
    except HTTPError as error:
        return error.code, dict(error.headers), error.read()


def error_of(call: Any, **parameters: Any) -> tuple[str, str, int]:
    """The code, message and status of a call that must fail."""
    with pytest.raises(ClientError) as failure:
        call(**parameters)
    response = failure.value.response
    return (
        response["Error"]["Code"],
        response["Error"]["Message"],
        response["ResponseMetadata"]["HTTPStatusCode"],
    )


@pytest.fixture(scope="session")
def running() -> Iterator[Aws]:
    """One double for all tests: a start takes a second."""
    command = [sys.executable, "-m", "aws_double", "--port", "0", "--with-parent"]
    command += ["--rates", "off", "--state", str(HERE / "state.json")]
    with subprocess.Popen(
        command, cwd=HERE.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield Aws(process.stdout.readline().strip())
        process.terminate()


@pytest.fixture
def aws(running: Aws) -> Aws:
    """The double in its first state."""
    running.control("POST", "reset", {})
    running._clients = {k: v for k, v in running._clients.items() if k[2].startswith("AKIA")}
    return running


def finding(identifier: str = "finding-1", **changes: Any) -> dict[str, Any]:
    """A finding that Security Hub takes."""
    base: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "Id": identifier,
        "ProductArn": f"arn:aws:securityhub:{REGION}:{FIRST}:product/{FIRST}/default",
        "GeneratorId": "plumbline/s3-bucket-versioning",
        "AwsAccountId": FIRST,
        "CreatedAt": "2026-11-20T10:00:00.000Z",
        "UpdatedAt": "2026-11-20T10:00:00.000Z",
        "Title": "S3 buckets keep versions",
        "Description": "versioning is Off",
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::scratch"}],
        "FindingProviderFields": {
            "Severity": {"Label": "MEDIUM"},
            "Types": ["Software and Configuration Checks/AWS Security Best Practices"],
        },
        "Compliance": {"Status": "FAILED"},
    }
    return {**base, **changes}


@pytest.fixture
def put(aws: Aws) -> Any:
    """Imports findings that must all succeed."""

    def imported(*findings: dict[str, Any]) -> None:
        answer = aws.hub.batch_import_findings(Findings=list(findings))
        assert answer["FailedFindings"] == []

    return imported


@pytest.fixture
def stored(aws: Aws) -> Any:
    """The one finding with an id, as `GetFindings` gives it."""

    def found(identifier: str = "finding-1") -> dict[str, Any]:
        filters = {"Id": [{"Value": identifier, "Comparison": "EQUALS"}]}
        [one] = aws.hub.get_findings(Filters=filters)["Findings"]
        result: dict[str, Any] = one
        return result

    return found
