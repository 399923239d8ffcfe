"""The protocols in which AWS's services speak: how a call is read, and how it is answered."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from ..errors import Codes, ServiceError
from ..exchange import Request, Response
from ..model import Path, Violation


class Wire(Protocol):
    """One service's protocol."""

    codes: ClassVar[Codes]

    def operation_of(self, request: Request) -> str:
        """The operation that is called, or a `ServiceError`."""

    def parameters_of(self, operation: str, request: Request) -> dict[str, Any]:
        """The call's parameters by the names of the service model."""

    def refuse(self, operation: str, violations: list[Violation]) -> ServiceError:
        """What the service says of parameters that do not fit its model."""

    def render(self, operation: str, result: dict[str, Any]) -> Response:
        """The answer of a call that succeeded."""

    def render_error(self, code: str, message: str, status: int) -> Response:
        """The answer of a call that failed."""


def coral_message(violations: list[Violation], lower_first: bool = True) -> str:
    """`1 validation error detected: Value '…' at '…' failed to satisfy constraint: …`."""
    plural = "s" if len(violations) > 1 else ""
    texts = [_coral_text(v, lower_first) for v in violations]
    return f"{len(violations)} validation error{plural} detected: {'; '.join(texts)}"


def _coral_text(violation: Violation, lower_first: bool) -> str:
    path = violation.path
    value, bound = violation.value, violation.bound
    if violation.rule in ("required", "unknown"):
        path = (*path, bound)
        value = "null" if violation.rule == "required" else value
    where = coral_path(path, lower_first)
    return (
        f"Value '{value}' at '{where}' failed to satisfy constraint: "
        f"Member must {_CORAL[violation.rule].format(bound)}"
    )


_CORAL = {
    "required": "not be null",
    "unknown": "be known to the operation",
    "type": "be of type {}",
    "enum": "satisfy enum value set: {}",
    "pattern": "satisfy regular expression pattern: {}",
    "min": "have value greater than or equal to {}",
    "max": "have value less than or equal to {}",
    "min_length": "have length greater than or equal to {}",
    "max_length": "have length less than or equal to {}",
    "min_items": "have length greater than or equal to {}",
    "max_items": "have length less than or equal to {}",
}


def coral_path(path: Path, lower_first: bool = True) -> str:
    """`resourceKeys.1.member.resourceType`: members count from one."""
    steps: list[str] = []
    for step in path:
        if isinstance(step, int):
            steps.append(f"{step + 1}.member")
        else:
            steps.append(step[:1].lower() + step[1:] if lower_first else step)
    return ".".join(steps)
