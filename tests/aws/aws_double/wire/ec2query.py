"""The query protocol as EC2 speaks it: answers and errors have elements of their own."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.model import ListShape

from .. import model
from ..errors import Codes, Reason, ServiceError
from ..exchange import Request, Response
from ..model import Violation
from . import coral_message
from .query import Query, form_of, xml_of


class Ec2Query(Query):
    """The protocol of EC2 (AWSEC2/latest/APIReference/errors-overview for the codes)."""

    codes: ClassVar[Codes] = {
        Reason.MISSING_TOKEN: ("MissingAuthenticationToken", 403),
        Reason.INCOMPLETE_SIGNATURE: ("IncompleteSignature", 400),
        Reason.UNKNOWN_KEY: ("AuthFailure", 401),
        Reason.WRONG_SIGNATURE: ("AuthFailure", 401),
        Reason.SKEWED: ("RequestExpired", 400),
        # "If you're using temporary security credentials, this error can also occur if the
        # credentials have expired."
        Reason.EXPIRED: ("RequestExpired", 400),
        Reason.DENIED: ("UnauthorizedOperation", 403),
        Reason.THROTTLED: ("RequestLimitExceeded", 503),
        Reason.INTERNAL: ("InternalError", 500),
        Reason.UNAVAILABLE: ("Unavailable", 503),
    }

    def _form_of(self, operation: str, request: Request) -> dict[str, str]:
        """The form by the members' own names: EC2 has others, and numbers the elements of a list without
        `member` (Smithy documentation, "AWS EC2 query protocol", "Query key resolution")."""
        found = model.operation(self._service, operation)
        shape = found.input_shape if found else None
        names = {}
        for name, member in (shape.members if shape else {}).items():
            of_model = member.serialization.get("name", name)
            key = member.serialization.get("queryName", of_model[:1].upper() + of_model[1:])
            names[key] = f"{name}.member" if isinstance(member, ListShape) else name
        form = {}
        for key, text in form_of(request).items():
            first, dot, rest = key.partition(".")
            form[f"{names.get(first, first)}{dot}{rest}"] = text
        return form

    def refuse(self, operation: str, violations: list[Violation]) -> ServiceError:
        """What EC2 says of parameters that do not fit its model."""
        return ServiceError("InvalidParameterValue", coral_message(violations))

    def render(self, operation: str, result: dict[str, Any]) -> Response:
        """`<ActionResponse>` with the members beside the request's id."""
        found = model.operation(self._service, operation)
        body = xml_of(found.output_shape if found else None, result)
        request_id = f"<requestId>{uuid4()}</requestId>"
        return self._respond(200, f"{operation}Response", f"{request_id}{body}")

    def render_error(self, code: str, message: str, status: int) -> Response:
        """`<Response><Errors><Error>…`."""
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Response><Errors><Error><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error></Errors>"
            f"<RequestID>{uuid4()}</RequestID></Response>"
        )
        return Response(status, {"Content-Type": "text/xml;charset=UTF-8"}, text.encode())
