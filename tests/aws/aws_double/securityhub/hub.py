"""The hub of one region: whether it is enabled, and its findings with what readers see of them.

Reads may lag behind writes: a reader sees each finding as it was `lag` seconds ago, and one that is
newer than that not at all. Findings go by themselves 90 days after their last update, archived
ones after 30.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..clock import Clock, iso, parse
from ..limits import ACTIVE_DAYS, ARCHIVED_DAYS

_VERSIONS = itertools.count()
Finding = dict[str, Any]
Key = tuple[str, str]  # ProductArn and Id


@dataclass
class Stored:
    """A finding, which of its fields a customer has set, and how it was at earlier writes."""

    finding: Finding
    set_by_customer: set[str] = field(default_factory=set)
    written: list[tuple[float, Finding]] = field(default_factory=list)

    def seen_at(self, moment: float) -> Finding | None:
        """The finding as it was at that moment."""
        seen = [finding for at, finding in self.written if at <= moment]
        return seen[-1] if seen else None


class Hub:
    """Security Hub in one account's region."""

    def __init__(self) -> None:
        self.enabled = False
        self.subscribed_at = "2026-01-01T00:00:00.000Z"
        self.products: list[str] = []
        self.findings: dict[Key, Stored] = {}
        #: Another with every change, and never twice, so that readers can keep what they derived.
        self.version = next(_VERSIONS)
        self._expired_until = 0.0

    def configure(self, given: dict[str, Any]) -> None:
        """Reads the hub of the state file; one that is named is enabled unless it says no."""
        self.enabled = bool(given.get("enabled", True))
        self.subscribed_at = given.get("subscribedAt", self.subscribed_at)
        self.products = given.get("products", self.products)

    def write(self, clock: Clock, key: Key, finding: Finding) -> Stored:
        """Puts a finding in the place of the one before it."""
        stored = self.findings.setdefault(key, Stored(finding))
        stored.finding = finding
        self.version = next(_VERSIONS)
        stored.written = [*stored.written[-4:], (clock.seconds(), finding)]
        return stored

    def seen(self, clock: Clock, lag_seconds: float) -> Iterator[Finding]:
        """What a reader sees now."""
        self.expire(clock)
        moment = clock.seconds() - lag_seconds
        for stored in self.findings.values():
            finding = stored.finding if lag_seconds == 0 else stored.seen_at(moment)
            if finding is not None:
                yield finding

    def of(self, keys: Iterable[Key]) -> Iterator[Finding]:
        """Those of these that there are."""
        for key in keys:
            if key in self.findings:
                yield self.findings[key].finding

    def expire(self, clock: Clock) -> None:
        """Drops the findings whose time is over; looks once a second of the service's time."""
        if abs(clock.seconds() - self._expired_until) < 1.0:
            return
        self._expired_until = clock.seconds()
        now = clock.now()
        edges = {
            "ACTIVE": iso(now - timedelta(days=ACTIVE_DAYS)),
            "ARCHIVED": iso(now - timedelta(days=ARCHIVED_DAYS)),
        }
        gone = [
            key
            for key, stored in self.findings.items()
            if stored.finding["UpdatedAt"] < edges[stored.finding["RecordState"]]
        ]
        self.remove(gone)

    def remove(self, keys: list[Key]) -> None:
        """Forgets findings."""
        for key in keys:
            del self.findings[key]
        if keys:
            self.version = next(_VERSIONS)


def in_milliseconds(timestamp: str) -> str:
    """Security Hub rounds times to milliseconds (API_AwsSecurityFinding); here always in UTC."""
    return iso(parse(timestamp))
