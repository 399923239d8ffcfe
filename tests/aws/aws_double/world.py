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
from .config.delivery import DeliveryChannel
from .config.items import Items
from .config.recorder import Recorder, ServiceRecorder
from .config.rules import Rule, Rules
from .facts.account import Facts, RegionFacts
from .organizations import Organization
from .paging import Tokens
from .securityhub.hub import Hub
from .sqs.queues import Queues

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
    rules: Rules
    recorder: Recorder | None = None
    service_recorders: list[ServiceRecorder] = field(default_factory=list)
    delivery_channel: DeliveryChannel | None = None
    hub: Hub = field(default_factory=Hub)
    aggregators: list[Aggregator] = field(default_factory=list)
    unserved: frozenset[str] = frozenset()
    ebs_encryption: bool = False
    facts: RegionFacts = field(default_factory=RegionFacts)


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
        self._facts: dict[str, Facts] = {}
        self.queues = Queues(clock)
        self.organizations: list[Organization] = []
        #: How long a read lags behind a write in Security Hub.
        self.lag_seconds = 0.0

    def load(self, state: dict[str, Any], folder: Path) -> None:
        """Replaces everything by a state; `folder` is where its `itemsFile`s are looked up."""
        self.identities.clear()
        self._regions.clear()
        self._facts.clear()
        self.queues.clear()
        self.change_organizations(state.get("organizations", []))
        self.lag_seconds = float(state.get("lagSeconds", 0.0))
        self.tokens.life_seconds = float(state.get("tokenSeconds", 3600.0))
        self.identities.session_seconds = state.get("sessionSeconds")
        for account_id, given in state["accounts"].items():
            roles = {name: Role.of(name, role) for name, role in given.get("roles", {}).items()}
            self.identities.accounts[account_id] = Account(
                account_id, given.get("partition", "aws"), given.get("accessKeys", {}), roles
            )
            self.change_facts(account_id, given.get("facts", {}))
            for name, region in given.get("regions", {}).items():
                self.change_region(account_id, name, {"recorder": {}, "securityHub": {}, **region})
                if file := region.get("itemsFile"):
                    items = (item for item in _items_of(folder / file) if _is_of(item, name))
                    self.region(account_id, name).items.load(items)

    def region(self, account: str, name: str) -> Region:
        """An account's region."""
        key = (account, name)
        if key not in self._regions:
            self._regions[key] = Region(
                name, Items(self.clock, account, name), Rules(self.clock)
            )
        return self._regions[key]

    def facts(self, account: str) -> Facts:
        """What an account tells of itself."""
        return self._facts.setdefault(account, Facts())

    def change_facts(self, account: str, given: dict[str, Any]) -> None:
        """Replaces the facts of an account; a report that was made stays as it was made."""
        made = self.facts(account).report
        self._facts[account] = Facts.of(given)
        self._facts[account].report = made

    def change_organizations(self, given: list[dict[str, Any]]) -> None:
        """Replaces all organizations."""
        self.organizations = [Organization.of(one) for one in given]

    def regions(self) -> dict[tuple[str, str], Region]:
        """The regions that hold anything, by account and name."""
        return self._regions

    def change_region(self, account: str, name: str, change: dict[str, Any]) -> None:
        """Replaces the parts of a region that are given: recorder, hub, rules and so on."""
        region = self.region(account, name)
        if "recorder" in change:
            given = change["recorder"]
            region.recorder = Recorder.of(given) if given is not None else None
        if "serviceRecorders" in change:
            region.service_recorders = [
                ServiceRecorder.of(it) for it in change["serviceRecorders"]
            ]
        if "deliveryChannel" in change:
            given = change["deliveryChannel"]
            region.delivery_channel = DeliveryChannel.of(given) if given is not None else None
        if "securityHub" in change:
            region.hub.configure(change["securityHub"])
        if "rules" in change:
            region.rules.replace([Rule.of(rule) for rule in change["rules"]])
        if "ruleResults" in change:
            region.rules.results = change["ruleResults"]
        region.rules.seconds = float(change.get("ruleSeconds", region.rules.seconds))
        region.rules.deletion_seconds = float(
            change.get("ruleDeletionSeconds", region.rules.deletion_seconds)
        )
        region.rules.quota = int(change.get("ruleQuota", region.rules.quota))
        if "aggregators" in change:
            region.aggregators = [Aggregator.of(given) for given in change["aggregators"]]
        if "ebsEncryption" in change:
            region.ebs_encryption = bool(change["ebsEncryption"])
        if "facts" in change:
            region.facts = RegionFacts.of(change["facts"])
        if "queryUnserved" in change:
            region.unserved = frozenset(change["queryUnserved"])
        for queue, given in change.get("queues", {}).items():
            self.queues.change((account, name, queue), given)
        region.items.load(change.get("items", []))
