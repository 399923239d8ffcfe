"""REST-XML, as S3 Control speaks it: method and path name the operation, answers are XML."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.model import StructureShape

from .. import model
from ..errors import Codes, Reason, ServiceError
from ..exchange import Request, Response
from ..model import Violation
from . import coral_message
from .query import xml_of

_NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"


class RestXml:
    """The protocol of S3 Control (AmazonS3/latest/API/ErrorResponses for the codes)."""

    codes: ClassVar[Codes] = {
        Reason.MISSING_TOKEN: ("AccessDenied", 403),
        Reason.INCOMPLETE_SIGNATURE: ("AuthorizationHeaderMalformed", 400),
        Reason.UNKNOWN_KEY: ("InvalidAccessKeyId", 403),
        Reason.WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
        Reason.SKEWED: ("RequestTimeTooSkewed", 403),
        Reason.EXPIRED: ("ExpiredToken", 400),
        Reason.DENIED: ("AccessDenied", 403),
        Reason.THROTTLED: ("SlowDown", 503),
        Reason.INTERNAL: ("InternalError", 500),
        Reason.UNAVAILABLE: ("ServiceUnavailable", 503),
    }

    def __init__(self, service: str) -> None:
        self._service = service
        loaded = model.service(service)
        self._routes: dict[tuple[str, str], str] = {}
        for name in loaded.operation_names:
            http = loaded.operation_model(name).http
            self._routes[http["method"], http["requestUri"].partition("?")[0]] = name

    def operation_of(self, request: Request) -> str:
        """The operation whose method and path these are; paths with labels are not served."""
        name = self._routes.get((request.method, request.path))
        if name is None:
            raise ServiceError("MethodNotAllowed", f"no {request.method} {request.path}", 405)
        return name

    def parameters_of(self, operation: str, request: Request) -> dict[str, Any]:
        """The members that the model takes from headers: calls with a body are not served."""
        if not request.header("x-amz-content-sha256"):
            message = "Missing required header for this request: x-amz-content-sha256"
            raise ServiceError("InvalidRequest", message)
        if request.body or request.query:
            raise ServiceError("MalformedXML", f"{operation} takes neither body nor query")
        found = model.operation(self._service, operation)
        shape = found.input_shape if found else None
        members = shape.members if isinstance(shape, StructureShape) else {}
        return {
            name: request.header(member.serialization["name"])
            for name, member in members.items()
            if member.serialization.get("location") == "header"
            and request.header(member.serialization["name"])
        }

    def refuse(self, operation: str, violations: list[Violation]) -> ServiceError:
        """Everything is an `InvalidRequest`."""
        return ServiceError("InvalidRequest", coral_message(violations))

    def render(self, operation: str, result: dict[str, Any]) -> Response:
        """The payload as the root element."""
        found = model.operation(self._service, operation)
        shape = found.output_shape if found else None
        payload = shape.serialization["payload"] if shape is not None else ""
        members = shape.members if isinstance(shape, StructureShape) else {}
        body = xml_of(members.get(payload), result[payload])
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<{payload} xmlns="{_NAMESPACE}">{body}</{payload}>'
        )
        return Response(200, {"Content-Type": "application/xml"}, text.encode())

    def render_error(self, code: str, message: str, status: int) -> Response:
        """`<ErrorResponse><Error>…`."""
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<ErrorResponse><Error><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error>"
            f"<RequestId>{uuid4()}</RequestId></ErrorResponse>"
        )
        return Response(status, {"Content-Type": "application/xml"}, text.encode())
