"""Faults to order: which calls go wrong, how, and how often.

Deterministic: whether the n-th call of an operation by an account in a region goes wrong depends on
the seed, the fault's place in the list and n, not on how calls of other operations interleave.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .errors import ConnectionCut, Reason, Refusal, ServiceError

KINDS = (
    "throttle", "error", "hang", "slow", "cut", "partial", "deny", "expire", "skew", "hub-disabled", "garble",
)
MOMENTS = ("before", "after", "body")


@dataclass(frozen=True)
class Fault:
    """One fault as ordered.

    `share` of the matching calls go wrong, not before the first `after` of them, and `count` at
    most. For `partial`, `share` is the part of a call's keys or findings that fails, with `code`.
    """

    kind: str
    match: dict[str, Any] = field(default_factory=dict)
    share: float = 1.0
    count: int | None = None
    skip: int = 0
    code: str | None = None
    message: str | None = None
    status: int = 500
    seconds: float = 60.0
    when: str = "before"
    find: str = ""
    replace: str = ""
    number: int = 0
    seed: int = 0

    def hits(self, member: str) -> bool:
        """Whether this is a partial failure, and hits this key or finding of a call."""
        return self.kind == "partial" and _chance(self.seed, self.number, member) < self.share

    def garbled(self, text: str) -> str:
        """A row of a query as this leaves it."""
        return text.replace(self.find, self.replace) if self.kind == "garble" else text


def fault_of(given: dict[str, Any], number: int, seed: int) -> Fault:
    """Reads one ordered fault; an unknown field or kind is an error, not a fault unmet."""
    fault = Fault(**given, number=number, seed=seed)
    if fault.kind not in KINDS or fault.when not in MOMENTS:
        raise ValueError(f"kind is one of {KINDS}, when one of {MOMENTS}")
    if fault.kind == "error" and not fault.code and fault.status not in (500, 503):
        raise ValueError("an error of another status than 500 and 503 needs a code")
    unknown = set(fault.match) - {"service", "operation", "account", "region", "resourceType"}
    if unknown:
        raise ValueError(f"match knows no {sorted(unknown)}")
    return fault


class Faults:
    """The faults that are ordered, and what they have done so far."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: Counter[tuple[Any, ...]] = Counter()
        self._done: Counter[int] = Counter()
        self._lock = threading.Lock()

    def order(self, given: list[dict[str, Any]], seed: int = 0) -> None:
        """Replaces all faults."""
        faults = [fault_of(one, number, seed) for number, one in enumerate(given)]
        with self._lock:
            self._faults = faults
            self._seen.clear()
            self._done.clear()

    def draw(self, call: dict[str, str], resource_types: set[str]) -> Fault | None:
        """The fault that this call meets, if any: the first that matches and strikes."""
        with self._lock:
            for fault in self._faults:
                if _matches(fault, call, resource_types) and self._strikes(fault, call):
                    return fault
        return None

    def done(self) -> dict[int, int]:
        """How often each fault has struck, by its place in the list."""
        with self._lock:
            return dict(self._done)

    def _strikes(self, fault: Fault, call: dict[str, str]) -> bool:
        key = (fault.number, *sorted(call.items()))
        self._seen[key] += 1
        if fault.count is not None and self._done[fault.number] >= fault.count:
            return False
        number = self._seen[key]
        share = 1.0 if fault.kind == "partial" else fault.share
        strikes = number > fault.skip and _chance(fault.seed, *key, number) < share
        self._done[fault.number] += strikes
        return strikes


def _matches(fault: Fault, call: dict[str, str], resource_types: set[str]) -> bool:
    for name, wanted in fault.match.items():
        choices = wanted if isinstance(wanted, list) else [wanted]
        found = resource_types if name == "resourceType" else {call[name]}
        if not found.intersection(choices):
            return False
    return True


def _chance(*parts: Any) -> float:
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def strike(fault: Fault, account: str, sleep: Callable[[float], None] = time.sleep) -> None:
    """Does what the fault does before the operation: raises, or returns if it comes later."""
    if fault.kind == "hang":
        sleep(fault.seconds)
        raise ConnectionCut
    if fault.kind == "slow":
        sleep(fault.seconds)
    if fault.kind == "cut" and fault.when == "before":
        raise ConnectionCut
    if fault.kind == "hub-disabled":
        raise ServiceError(
            "InvalidAccessException",
            f"Account {account} is not subscribed to AWS Security Hub",
            401,
        )
    if fault.kind == "error" and fault.code:
        raise ServiceError(fault.code, fault.message or "ordered", fault.status)
    if refusal := _REFUSALS.get(fault.kind):
        reason, message = refusal
        if fault.kind == "error" and fault.status == 503:
            reason = Reason.UNAVAILABLE
        raise Refusal(reason, fault.message or message)


_REFUSALS = {
    "throttle": (Reason.THROTTLED, "Rate exceeded"),
    "error": (Reason.INTERNAL, "An internal error occurred"),
    "deny": (Reason.DENIED, "User is not authorized to perform this action"),
    "expire": (Reason.EXPIRED, "The security token included in the request is expired"),
    "skew": (
        Reason.SKEWED,
        "Signature expired: 20261122T100000Z is now earlier than 20261122T101500Z "
        "(20261122T102000Z - 5 min.)",
    ),
}
