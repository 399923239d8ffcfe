"""Token buckets, one per account, region and operation, at AWS's rates.

A call without a token is refused; it takes none, so a caller that waits is served.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from .limits import rate_of


@dataclass
class Bucket:
    """What is left, and when that was so."""

    tokens: float
    at: float


class Throttle:
    """Every bucket. `factor` scales all rates and bursts; `None` turns throttling off."""

    def __init__(
        self, factor: float | None = 1.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.factor = factor
        self._now = now
        self._buckets: dict[tuple[str, str, str, str], Bucket] = {}
        self._lock = threading.Lock()

    def admits(self, service: str, operation: str, account: str, region: str) -> bool:
        """Takes a token if there is one."""
        if self.factor is None:
            return True
        rate = rate_of(service, operation)
        burst = max(1.0, rate.burst * self.factor)
        with self._lock:
            now = self._now()
            key = (service, operation, account, region)
            bucket = self._buckets.setdefault(key, Bucket(burst, now))
            refilled = bucket.tokens + (now - bucket.at) * rate.per_second * self.factor
            bucket.tokens = min(burst, refilled)
            bucket.at = now
            if bucket.tokens < 1.0:
                return False
            bucket.tokens -= 1.0
            return True

    def reset(self) -> None:
        """Fills every bucket."""
        with self._lock:
            self._buckets.clear()


def factor_of(text: str) -> float | None:
    """Reads `aws` (1), `off`, or a number that scales AWS's rates."""
    if text == "off":
        return None
    return 1.0 if text == "aws" else float(text)
