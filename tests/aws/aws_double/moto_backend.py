"""Every service that the double does not answer itself, by moto in the same process.

moto is loaded with the first such call. It acts for the account of the caller's session, which it
is told in a header of its own.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4
from xml.sax.saxutils import escape

from .errors import Codes, Reason, Refusal, ServiceError
from .exchange import Request, Response, json_response
from .wire.json11 import Json11

_ACCOUNT_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"

#: S3's own codes (AmazonS3/latest/API/ErrorResponses).
_S3_CODES: Codes = {
    Reason.INCOMPLETE_SIGNATURE: ("AuthorizationHeaderMalformed", 400),
    Reason.UNKNOWN_KEY: ("InvalidAccessKeyId", 403),
    Reason.EXPIRED: ("ExpiredToken", 400),
    Reason.SKEWED: ("RequestTimeTooSkewed", 403),
    Reason.THROTTLED: ("SlowDown", 503),
    Reason.INTERNAL: ("InternalError", 500),
    Reason.UNAVAILABLE: ("ServiceUnavailable", 503),
}


class MotoBackend:
    """moto's application, called without a network."""

    def __init__(self) -> None:
        self._application: Callable[..., Iterable[bytes]] | None = None
        self._lock = threading.Lock()

    def answer(self, request: Request, account: str | None) -> Response:
        """moto's answer to a call."""
        environ = _environ(request)
        if account:
            environ[_ACCOUNT_HEADER] = account
        answered: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            answered.update(status=int(status.split()[0]), headers=dict(headers))

        with self._lock:
            body = b"".join(self._loaded()(environ, start))
        return Response(answered["status"], answered["headers"], body)

    def elsewhere(self, request: Request, region: str) -> Response | None:
        """What S3 says of a signed call that is for a bucket of another region, which moto answers.

        An endpoint that another region's bucket has no name at refuses the signature, and names the
        region in the body alone; every other redirects (AmazonS3/latest/userguide/Redirects and
        botocore's `S3RegionRedirectorv2`, which reads both).
        """
        bucket = request.path.lstrip("/").partition("/")[0]
        found = self._bucket_region(bucket) if region else None
        if found is None or found == region:
            return None
        if region == "us-east-1":
            message = (
                f"The authorization header is malformed; the region '{region}' is wrong; "
                f"expecting '{found}'"
            )
            text = (
                f"<Error><Code>AuthorizationHeaderMalformed</Code><Message>{message}</Message>"
                f"<Region>{found}</Region><RequestId>{uuid4()}</RequestId></Error>"
            )
            return Response(400, {"Content-Type": "application/xml"}, text.encode())
        text = (
            "<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access "
            "must be addressed using the specified endpoint. Please send all future requests to "
            f"this endpoint.</Message><Endpoint>{bucket}.s3.{found}.amazonaws.com</Endpoint>"
            f"<Bucket>{bucket}</Bucket><RequestId>{uuid4()}</RequestId></Error>"
        )
        headers = {"Content-Type": "application/xml", "x-amz-bucket-region": found}
        return Response(301, headers, text.encode())

    def _bucket_region(self, name: str) -> str | None:
        """The region of a bucket that moto has."""
        with self._lock:
            if self._application is None:
                return None
            from moto.s3.models import s3_backends

            partition, account = s3_backends.bucket_accounts.get(name, (None, None))
            if partition is None or account is None:
                return None
            bucket = s3_backends[account][partition].buckets.get(name)
            return str(bucket.region_name) if bucket else None

    def refuse(self, request: Request, refusal: Refusal) -> tuple[Response, str]:
        """What the services behind moto say of a call that is turned away, and its code."""
        if request.header("x-amz-target"):
            code, status = Json11.codes[refusal.reason]
        else:
            code, status = _S3_CODES.get(refusal.reason, ("AccessDenied", 403))
        return self.fail(request, ServiceError(code, refusal.message, status)), code

    def fail(self, request: Request, error: ServiceError) -> Response:
        """An error in the protocol of the call: JSON where it names a target, else XML."""
        if request.header("x-amz-target"):
            answer = json_response({"__type": error.code, "message": error.message}, error.status)
            answer.headers["Content-Type"] = "application/x-amz-json-1.0"
            return answer
        text = (
            f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
            f"<RequestId>{uuid4()}</RequestId></Error>"
        )
        return Response(error.status, {"Content-Type": "application/xml"}, text.encode())

    def reset(self) -> None:
        """Empties moto's services, if any was used."""
        with self._lock:
            if self._application is not None:
                from moto.moto_api._internal.models import moto_api_backend

                moto_api_backend.reset()

    def _loaded(self) -> Callable[..., Iterable[bytes]]:
        if self._application is None:
            from moto.moto_server.werkzeug_app import (
                DomainDispatcherApplication,
                create_backend_app,
            )

            self._application = DomainDispatcherApplication(create_backend_app)
        return self._application


def _environ(request: Request) -> dict[str, Any]:
    host, _, port = request.header("host").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquoted(request.path),
        "RAW_URI": request.path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": host or "127.0.0.1",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, value in request.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name not in ("content-length", "transfer-encoding", "expect"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def _unquoted(path: str) -> str:
    """WSGI wants the path decoded to bytes that read as Latin-1 (PEP 3333)."""
    return unquote_to_bytes(path).decode("latin-1")
