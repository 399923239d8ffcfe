"""Everything that the double knows: accounts with their identities and regions.

Read from a state file (README.md describes it). Every region of a known account exists; one that
the file does not name has neither a recorder nor Security Hub, as in a new account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .accounts import Account, Identities, Role
from .clock import Clock
from .config.aggregators import Aggregator
from .config.items import Items
from .config.recorder import Recorder
from .config.rules import Rule
from .paging import Tokens
from .securityhub.hub import Hub

#: What there is without a state file: one account, one key, one role, two regions.
DEFAULT_STATE: dict[str, Any] = {
    "accounts": {
        "111122223333": {
            "accessKeys": {"test": "test"},
            "roles": {"plumbline": {}},
            "regions": {"eu-west-1": {}, "us-east-1": {}},
        }
    }
}


@dataclass
class Region:
    """One account's region."""

    name: str
    items: Items
    recorder: Recorder | None = None
    hub: Hub = field(default_factory=Hub)
    rules: list[Rule] = field(default_factory=list)
    aggregators: list[Aggregator] = field(default_factory=list)
    unserved: frozenset[str] = frozenset()


def _is_of(item: dict[str, Any], region: str) -> bool:
    """Whether a region records an item: its own ones, and global resources."""
    return item.get("awsRegion", region) in (region, "global")


def _items_of(path: Path) -> Iterable[dict[str, Any]]:
    """The items of a snapshot file, or of JSON Lines, which are read one by one."""
    if path.suffix == ".jsonl":
        with path.open() as lines:
            yield from map(json.loads, lines)
    else:
        yield from json.loads(path.read_text())["configurationItems"]


class World:
    """The state of the double."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.identities = Identities(clock)
        self.tokens = Tokens(clock)
        self._regions: dict[tuple[str, str], Region] = {}
        #: How long a read lags behind a write in Security Hub.
        self.lag_seconds = 0.0

    def load(self, state: dict[str, Any], folder: Path) -> None:
        """Replaces everything by a state; `folder` is where its `itemsFile`s are looked up."""
        self.identities.clear()
        self._regions.clear()
        self.lag_seconds = float(state.get("lagSeconds", 0.0))
        self.tokens.life_seconds = float(state.get("tokenSeconds", 3600.0))
        self.identities.session_seconds = state.get("sessionSeconds")
        for account_id, given in state["accounts"].items():
            roles = {name: Role.of(name, role) for name, role in given.get("roles", {}).items()}
            self.identities.accounts[account_id] = Account(
                account_id, given.get("partition", "aws"), given.get("accessKeys", {}), roles
            )
            for name, region in given.get("regions", {}).items():
                self.change_region(account_id, name, {"recorder": {}, "securityHub": {}, **region})
                if file := region.get("itemsFile"):
                    items = (item for item in _items_of(folder / file) if _is_of(item, name))
                    self.region(account_id, name).items.load(items)

    def region(self, account: str, name: str) -> Region:
        """An account's region."""
        key = (account, name)
        if key not in self._regions:
            self._regions[key] = Region(name, Items(self.clock, account, name))
        return self._regions[key]

    def regions(self) -> dict[tuple[str, str], Region]:
        """The regions that hold anything, by account and name."""
        return self._regions

    def change_region(self, account: str, name: str, change: dict[str, Any]) -> None:
        """Replaces the parts of a region that are given: recorder, hub, rules and so on."""
        region = self.region(account, name)
        if "recorder" in change:
            given = change["recorder"]
            region.recorder = Recorder.of(given) if given is not None else None
        if "securityHub" in change:
            region.hub.configure(change["securityHub"])
        if "rules" in change:
            region.rules = [Rule.of(rule) for rule in change["rules"]]
        if "aggregators" in change:
            region.aggregators = [Aggregator.of(given) for given in change["aggregators"]]
        if "queryUnserved" in change:
            region.unserved = frozenset(change["queryUnserved"])
        region.items.load(change.get("items", []))
