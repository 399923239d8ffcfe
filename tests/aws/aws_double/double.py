"""The double as a whole: its parts put together, and a server in front of them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from .clock import Clock
from .control import Control
from .exchange import Request, Response
from .faults import Faults
from .log import CallLog
from .pipeline import Pipeline
from .server import Server
from .throttle import Throttle
from .world import DEFAULT_STATE, World


class Double:
    """An AWS of one's own."""

    def __init__(
        self,
        state: dict[str, Any] | None = None,
        folder: Path = Path(),
        log: Path | None = None,
        rate_factor: float | None = 1.0,
    ) -> None:
        world = World(Clock())
        throttle, faults, calls = Throttle(rate_factor), Faults(), CallLog(log)
        lock = threading.RLock()
        self._pipeline = Pipeline(world, throttle, faults, calls, lock)
        self._control = Control(
            world,
            throttle,
            faults,
            calls,
            lock,
            (state or DEFAULT_STATE, folder),
            self._pipeline.reset_moto,
        )
        self._control.reset()

    def answer(self, request: Request) -> Response:
        """Answers control requests and AWS calls."""
        if request.path.startswith("/_double/"):
            return self._control.answer(request)
        return self._pipeline.answer(request)

    def serve(self, port: int) -> Server:
        """A server that listens, and answers once `serve_forever` runs."""
        return Server(port, self.answer)


def double_of(state_file: Path | None, log: Path | None, rate_factor: float | None) -> Double:
    """A double with the state of a file, or with the default state."""
    if state_file is None:
        return Double(None, Path(), log, rate_factor)
    return Double(json.loads(state_file.read_text()), state_file.parent, log, rate_factor)
