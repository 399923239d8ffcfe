"""The query protocol, as STS and IAM speak it: a form in, XML out."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .. import model
from ..errors import Codes, Reason, ServiceError
from ..exchange import Request, Response
from ..model import Violation
from . import coral_message


class Query:
    """The protocol of one query service."""

    codes: ClassVar[Codes] = {
        Reason.MISSING_TOKEN: ("MissingAuthenticationToken", 403),
        Reason.INCOMPLETE_SIGNATURE: ("IncompleteSignature", 400),
        Reason.UNKNOWN_KEY: ("InvalidClientTokenId", 403),
        Reason.WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
        Reason.SKEWED: ("SignatureDoesNotMatch", 403),
        Reason.EXPIRED: ("ExpiredToken", 403),
        Reason.DENIED: ("AccessDenied", 403),
        Reason.THROTTLED: ("Throttling", 400),
        Reason.INTERNAL: ("InternalFailure", 500),
        Reason.UNAVAILABLE: ("ServiceUnavailable", 503),
    }

    def __init__(self, service: str) -> None:
        self._service = service
        self._namespace = str(model.service(service).metadata["xmlNamespace"])

    def operation_of(self, request: Request) -> str:
        """The form's `Action`."""
        action = form_of(request).get("Action", "")
        if not model.operation(self._service, action):
            raise ServiceError("InvalidAction", f"Could not find operation {action}")
        return action

    def parameters_of(self, operation: str, request: Request) -> dict[str, Any]:
        """The form, unfolded along the operation's input shape."""
        form = self._form_of(operation, request)
        version = model.service(self._service).api_version
        if form.pop("Version", None) != version:
            raise ServiceError("InvalidAction", f"{operation} is of version {version}")
        form.pop("Action")
        found = model.operation(self._service, operation)
        return _unfold(found.input_shape if found else None, form)

    def _form_of(self, operation: str, request: Request) -> dict[str, str]:
        return form_of(request)

    def refuse(self, operation: str, violations: list[Violation]) -> ServiceError:
        """Everything is a `ValidationError`."""
        return ServiceError("ValidationError", coral_message(violations))

    def render(self, operation: str, result: dict[str, Any]) -> Response:
        """`<ActionResponse><ActionResult>…`."""
        found = model.operation(self._service, operation)
        body = xml_of(found.output_shape if found else None, result)
        wrapper = f"{operation}Result"
        return self._respond(
            200, f"{operation}Response", f"<{wrapper}>{body}</{wrapper}>{_metadata()}"
        )

    def render_error(self, code: str, message: str, status: int) -> Response:
        """`<ErrorResponse><Error>…`."""
        fault = "Sender" if status < 500 else "Receiver"
        body = (
            f"<Error><Type>{fault}</Type><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error><RequestId>{uuid4()}</RequestId>"
        )
        return self._respond(status, "ErrorResponse", body)

    def _respond(self, status: int, element: str, body: str) -> Response:
        text = f'<{element} xmlns="{self._namespace}">{body}</{element}>'
        return Response(status, {"Content-Type": "text/xml"}, text.encode())


def form_of(request: Request) -> dict[str, str]:
    """The fields of the form that a request is."""
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def _unfold(shape: Shape | None, form: dict[str, str]) -> dict[str, Any]:
    members = shape.members if isinstance(shape, StructureShape) else {}
    found: dict[str, Any] = {}
    for key, text in form.items():
        name, _, rest = key.partition(".")
        member = members.get(name)
        if isinstance(member, ListShape):
            found.setdefault(name, _list(member, name, form))
        elif rest:
            raise ServiceError("MalformedInput", f"unexpected {key}")
        elif member is not None and member.type_name == "integer":
            found[name] = int(text) if text.lstrip("-").isdigit() else text
        else:
            found[name] = text
    return found


def _list(shape: ListShape, name: str, form: dict[str, str]) -> list[Any]:
    """`Tags.member.1.Key=…`: members count from one."""
    grouped: dict[int, dict[str, str]] = {}
    prefix = f"{name}.member."
    for key, text in form.items():
        if key.startswith(prefix):
            index, _, rest = key.removeprefix(prefix).partition(".")
            grouped.setdefault(int(index), {})[rest] = text
    entries = [grouped[index] for index in sorted(grouped)]
    return [entry[""] if "" in entry else _unfold(shape.member, entry) for entry in entries]


def xml_of(shape: Shape | None, value: Any) -> str:
    """A value as the elements that the model names for it."""
    if isinstance(shape, StructureShape):
        return "".join(
            f"<{tag}>{xml_of(shape.members[name], member)}</{tag}>"
            for name, member in value.items()
            if (tag := shape.members[name].serialization.get("name", name))
        )
    if isinstance(shape, ListShape):
        tag = shape.member.serialization.get("name", "member")
        return "".join(f"<{tag}>{xml_of(shape.member, member)}</{tag}>" for member in value)
    if isinstance(shape, MapShape):
        return "".join(
            f"<entry><key>{escape(key)}</key><value>{xml_of(shape.value, member)}</value></entry>"
            for key, member in value.items()
        )
    return escape(_text(shape, value))


def _text(shape: Shape | None, value: Any) -> str:
    kind = shape.type_name if shape is not None else ""
    if kind == "timestamp":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "blob":
        return base64.b64encode(value).decode()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _metadata() -> str:
    return f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
