"""REST-JSON, as Security Hub and Account speak it: method and path name the operation."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from botocore.model import StructureShape

from .. import model
from ..errors import Codes, Reason, ServiceError
from ..exchange import Request, Response, compact
from ..model import Path, Violation


class RestJson:
    """The protocol of one REST-JSON service."""

    codes: ClassVar[Codes] = {
        Reason.MISSING_TOKEN: ("MissingAuthenticationTokenException", 403),
        Reason.INCOMPLETE_SIGNATURE: ("IncompleteSignatureException", 403),
        Reason.UNKNOWN_KEY: ("UnrecognizedClientException", 403),
        Reason.WRONG_SIGNATURE: ("InvalidSignatureException", 403),
        Reason.SKEWED: ("InvalidSignatureException", 403),
        Reason.EXPIRED: ("ExpiredTokenException", 403),
        Reason.DENIED: ("AccessDeniedException", 403),
        # Not in the service model: callers meet it all the same
        # (github.com/prowler-cloud/prowler/issues/5004).
        Reason.THROTTLED: ("TooManyRequestsException", 429),
        Reason.INTERNAL: ("InternalException", 500),
        Reason.UNAVAILABLE: ("ServiceUnavailableException", 503),
    }

    def __init__(self, service: str) -> None:
        self._service = service
        loaded = model.service(service)
        self._routes: dict[tuple[str, str], str] = {}
        for name in loaded.operation_names:
            http = loaded.operation_model(name).http
            self._routes[http["method"], http["requestUri"]] = name

    def operation_of(self, request: Request) -> str:
        """The operation whose method and path these are; paths with labels are not served."""
        name = self._routes.get((request.method, request.path))
        if name is None:
            raise ServiceError(
                "UnknownOperationException", f"no operation {request.method} {request.path}", 404
            )
        return name

    def parameters_of(self, operation: str, request: Request) -> dict[str, Any]:
        """The body's members and those of the query string."""
        try:
            parameters = json.loads(request.body or b"{}")
        except ValueError as error:
            raise ServiceError("SerializationException", str(error)) from error
        if not isinstance(parameters, dict):
            raise ServiceError("SerializationException", "Start of structure or map not found")
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            parameters[name] = int(value) if self._is_integer(operation, name) else value
        return parameters

    def refuse(self, operation: str, violations: list[Violation]) -> ServiceError:
        """Everything is an `InvalidInputException`, where the service has that, or invalid."""
        where = schema_path(violations[0].path) or "body"
        known = "InvalidInputException" in model.service(self._service).shape_names
        return ServiceError(
            "InvalidInputException" if known else "ValidationException",
            f"Invalid parameter '{where}'. {schema_message(violations)}",
        )

    def render(self, operation: str, result: dict[str, Any]) -> Response:
        """The result as the body."""
        return Response(200, {"Content-Type": "application/json"}, compact(result))

    def render_error(self, code: str, message: str, status: int) -> Response:
        """The code in a header, and in the body where the model has one there."""
        modelled = code in model.service(self._service).shape_names
        body = {"Message": message, "Code": code} if modelled else {"message": message}
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        return Response(status, headers, compact(body))

    def _is_integer(self, operation: str, name: str) -> bool:
        found = model.operation(self._service, operation)
        shape = found.input_shape if found else None
        members = shape.members if isinstance(shape, StructureShape) else {}
        return name in members and members[name].type_name == "integer"


def schema_message(violations: list[Violation], root: str = "data") -> str:
    """`data.Title should NOT be longer than 256 characters, …`: the words of Security Hub."""
    return ", ".join(_schema_text(v, root) for v in violations)


def schema_path(path: Path) -> str:
    """`Resources[0].Type`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _schema_text(violation: Violation, root: str) -> str:
    path = schema_path(violation.path)
    where = f"{root}{'' if path.startswith('[') or not path else '.'}{path}"
    return f"{where} {_SCHEMA[violation.rule].format(violation.bound)}"


_SCHEMA = {
    "required": "should have required property '{}'",
    "unknown": "should NOT have additional properties ('{}')",
    "type": "should be {}",
    "enum": "should be equal to one of the allowed values",
    "pattern": 'should match pattern "{}"',
    "format": "should match format {}",
    "min": "should be >= {}",
    "max": "should be <= {}",
    "min_length": "should NOT be shorter than {} characters",
    "max_length": "should NOT be longer than {} characters",
    "max_key_length": "property name should NOT be longer than {} characters",
    "min_items": "should NOT have fewer than {} items",
    "max_items": "should NOT have more than {} items",
}
