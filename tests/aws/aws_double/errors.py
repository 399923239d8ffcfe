"""What a call can be answered with instead of a result.

A `ServiceError` is said by the service in its own words. A `Refusal` is said before the service
looks at the call, and every protocol has its own code and status for it.
"""

from __future__ import annotations

from enum import Enum


class ServiceError(Exception):
    """An error of the service: its code, its message and its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Reason(Enum):
    """Why a call is refused before the service sees it."""

    MISSING_TOKEN = "missing token"
    INCOMPLETE_SIGNATURE = "incomplete signature"
    UNKNOWN_KEY = "unknown key"
    WRONG_SIGNATURE = "wrong signature"
    SKEWED = "skewed"
    EXPIRED = "expired"
    DENIED = "denied"
    THROTTLED = "throttled"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


class Refusal(Exception):
    """A call that is turned away; `message` is what AWS says of it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason.value}: {message}")
        self.reason = reason
        self.message = message


class ConnectionCut(Exception):
    """The connection is closed without an answer, as a broken network does."""


Codes = dict[Reason, tuple[str, int]]


def denied(caller: str, action: str, resource: str | None = None) -> Refusal:
    """The refusal of an action that the caller's policies do not allow."""
    on = f" on resource: {resource}" if resource else ""
    return Refusal(Reason.DENIED, f"User: {caller} is not authorized to perform: {action}{on}")


def not_in_the_double(operation: str) -> ServiceError:
    """An operation that AWS has and the double has not: a loud gap rather than a quiet guess."""
    return ServiceError("NotImplementedByDouble", f"the AWS double does not know {operation}", 501)
