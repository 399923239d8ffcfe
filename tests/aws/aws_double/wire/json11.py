"""JSON 1.0 and 1.1, as SQS and AWS Config speak them: the operation in `X-Amz-Target`, everything in
the body."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from .. import model
from ..errors import Codes, Reason, ServiceError
from ..exchange import Request, Response, compact
from ..model import Violation
from . import coral_message


class Json11:
    """The protocol of one such service, in the version that its model names."""

    codes: ClassVar[Codes] = {
        Reason.MISSING_TOKEN: ("MissingAuthenticationTokenException", 400),
        Reason.INCOMPLETE_SIGNATURE: ("IncompleteSignatureException", 400),
        Reason.UNKNOWN_KEY: ("UnrecognizedClientException", 400),
        Reason.WRONG_SIGNATURE: ("InvalidSignatureException", 400),
        Reason.SKEWED: ("InvalidSignatureException", 400),
        Reason.EXPIRED: ("ExpiredTokenException", 400),
        Reason.DENIED: ("AccessDeniedException", 400),
        Reason.THROTTLED: ("ThrottlingException", 400),
        Reason.INTERNAL: ("InternalFailure", 500),
        Reason.UNAVAILABLE: ("ServiceUnavailableException", 503),
    }

    def __init__(self, service: str) -> None:
        self._service = service
        metadata = model.service(service).metadata
        self._prefix = str(metadata["targetPrefix"]) + "."
        self._content_type = f"application/x-amz-json-{metadata['jsonVersion']}"

    def operation_of(self, request: Request) -> str:
        """The operation that `X-Amz-Target` names."""
        target = request.header("x-amz-target")
        name = target.removeprefix(self._prefix)
        known = target.startswith(self._prefix) and model.operation(self._service, name)
        if not known or request.method != "POST" or request.path != "/":
            raise ServiceError("UnknownOperationException", f"no operation {target!r}")
        if request.header("content-type") != self._content_type:
            raise ServiceError("SerializationException", f"the body must be {self._content_type}")
        return name

    def parameters_of(self, operation: str, request: Request) -> dict[str, Any]:
        """The body."""
        try:
            parameters = json.loads(request.body or b"{}")
        except ValueError as error:
            raise ServiceError("SerializationException", str(error)) from error
        if not isinstance(parameters, dict):
            raise ServiceError("SerializationException", "Start of structure or map not found")
        return parameters

    def refuse(self, operation: str, violations: list[Violation]) -> ServiceError:
        """Wrong types do not deserialize; limits out of range have an error of their own."""
        if any(v.rule == "type" for v in violations):
            return ServiceError("SerializationException", coral_message(violations))
        errors = {e.name for e in self._errors(operation)}
        limited = all(v.path[-1:] in (("limit",), ("Limit",), ("MaxResults",)) for v in violations)
        if limited and "InvalidLimitException" in errors:
            return ServiceError("InvalidLimitException", coral_message(violations))
        return ServiceError("ValidationException", coral_message(violations))

    def render(self, operation: str, result: dict[str, Any]) -> Response:
        """The result as the body."""
        return Response(200, {"Content-Type": self._content_type}, compact(result))

    def render_error(self, code: str, message: str, status: int) -> Response:
        """The code in `__type`."""
        body = compact({"__type": code, "message": message})
        return Response(status, {"Content-Type": self._content_type}, body)

    def _errors(self, operation: str) -> list[Any]:
        found = model.operation(self._service, operation)
        return found.error_shapes if found else []
