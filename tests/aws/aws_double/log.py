"""The log of calls: what was asked, of whom, and how it went.

It holds no secret, session token or external id, so that tests may print it.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any, TextIO


class CallLog:
    """Calls in the order in which they were answered; also appended to a file as JSON Lines."""

    def __init__(self, path: Path | None = None) -> None:
        self._calls: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._file: TextIO | None = path.open("a", buffering=1) if path else None

    def record(self, call: dict[str, Any]) -> None:
        """Adds one call."""
        with self._lock:
            self._calls.append(call)
            if self._file:
                self._file.write(json.dumps(call, separators=(",", ":")) + "\n")

    def calls(self, **wanted: str | None) -> list[dict[str, Any]]:
        """The calls whose fields equal all the wanted ones that are given."""
        given = {name: value for name, value in wanted.items() if value}
        with self._lock:
            return [
                call
                for call in self._calls
                if all(call.get(name) == value for name, value in given.items())
            ]

    def clear(self) -> None:
        """Forgets all calls; the file keeps them."""
        with self._lock:
            self._calls.clear()


def counts(calls: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How often each operation had each outcome: `{"config:SelectResourceConfig": {"ok": 3}}`."""
    table: dict[str, Counter[str]] = {}
    for call in calls:
        name = f"{call['service']}:{call['operation']}"
        table.setdefault(name, Counter())[call["outcome"]] += 1
    return {name: dict(outcomes) for name, outcomes in table.items()}
