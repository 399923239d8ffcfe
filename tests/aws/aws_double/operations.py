"""What an operation of the double is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .accounts import Caller
from .faults import Fault


@dataclass
class Call:
    """One checked call: who asks what, of which region. `detail` goes into the log."""

    service: str
    operation: str
    caller: Caller
    region: str
    parameters: dict[str, Any]
    fault: Fault | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The caller's account, the only one that a call reads or changes."""
        return self.caller.account


Operation = Callable[[Call], dict[str, Any]]
