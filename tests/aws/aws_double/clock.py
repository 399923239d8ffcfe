"""The service's time, which a test can move.

Stored times, session and token expiry and retention follow this clock. Checks of a request's
own date do not: the caller signs with the machine's time, so they compare with that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's time plus an offset."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The service's present time, in UTC."""
        return datetime.now(UTC) + self._offset

    def seconds(self) -> float:
        """The service's present time as seconds since 1970."""
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        """Moves the time on, or back when negative."""
        self._offset += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Makes it that moment now; time goes on from there."""
        self._offset = moment - datetime.now(UTC)

    def reset(self) -> None:
        """Back to the machine's time."""
        self._offset = timedelta(0)


def iso(moment: datetime) -> str:
    """`2026-11-22T10:00:00.000Z`: the form in which both services write times as text."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def parse(text: str) -> datetime:
    """Reads an ISO 8601 time; one without an offset is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def epoch(text: str) -> float:
    """Reads an ISO 8601 time into the seconds that JSON 1.1 writes."""
    return parse(text).timestamp()
