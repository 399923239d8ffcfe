"""The configuration items of one region, loaded in snapshot encoding.

Items are held as JSON text, with only what lists and queries look up beside it: a region of a
hundred thousand items fits into memory. Every change is a new state of the resource, with a
capture time and a state id of its own.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..clock import Clock, epoch, iso, parse
from ..exchange import compact

_VERSIONS = itertools.count()
NOT_RECORDED = "ResourceNotRecorded"
_DELETED = ("ResourceDeleted", "ResourceDeletedNotRecorded")


@dataclass(slots=True)
class Item:
    """One state of one resource. `text` is the snapshot encoding, `deleted` when it went."""

    resource_type: str
    resource_id: str
    resource_name: str | None
    account: str
    region: str
    captured: str
    status: str
    text: str
    deleted: str | None = None

    def snapshot(self) -> dict[str, Any]:
        """The item as a snapshot file holds it."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


class Items:
    """The present state of every resource of a region, and the states before."""

    def __init__(self, clock: Clock, account: str, region: str) -> None:
        self._clock = clock
        self._account = account
        self._region = region
        self._present: dict[str, dict[str, Item]] = {}
        self._before: dict[tuple[str, str], list[Item]] = {}
        #: Another with every change, and never twice, so that readers can keep what they derived.
        self.version = next(_VERSIONS)

    def load(self, snapshots: Iterable[dict[str, Any]]) -> None:
        """Adds items, replacing those of the same type and id."""
        for snapshot in snapshots:
            self._put(self._item(snapshot))

    def patch(self, resource_type: str, resource_id: str, patch: dict[str, Any]) -> None:
        """Applies a JSON merge patch (RFC 7396) to a resource, which is captured anew."""
        snapshot = self.get(resource_type, resource_id).snapshot()
        merged = merge(snapshot, patch)
        if "configurationItemCaptureTime" not in patch:
            merged["configurationItemCaptureTime"] = iso(self._clock.now())
        merged["configurationStateId"] = int(merged.get("configurationStateId", 0)) + 1
        self._put(self._item(merged))

    def delete(self, resource_type: str, resource_id: str) -> None:
        """Marks a resource as deleted: it stays in history and in lists that ask for it."""
        gone = self.get(resource_type, resource_id)
        now = iso(self._clock.now())
        snapshot = gone.snapshot()
        snapshot.update(
            configuration=None,
            supplementaryConfiguration={},
            relationships=[],
            tags={},
            configurationItemStatus="ResourceDeleted",
            configurationItemCaptureTime=now,
        )
        item = self._item(snapshot)
        item.deleted = now
        self._put(item)

    def clear(self) -> None:
        """Forgets every resource and its history."""
        self._present.clear()
        self._before.clear()
        self.version = next(_VERSIONS)

    def get(self, resource_type: str, resource_id: str) -> Item:
        """The present state, or a `KeyError`."""
        return self._present[resource_type][resource_id]

    def find(self, resource_type: str, resource_id: str) -> Item | None:
        """The present state, or nothing."""
        return self._present.get(resource_type, {}).get(resource_id)

    def of_type(self, resource_type: str) -> list[Item]:
        """The resources of a type, deleted ones included, in the order of their discovery."""
        return list(self._present.get(resource_type, {}).values())

    def types(self) -> list[str]:
        """The types of which there are resources."""
        return list(self._present)

    def all(self) -> Iterator[Item]:
        """Every resource."""
        for of_type in self._present.values():
            yield from of_type.values()

    def history(self, resource_type: str, resource_id: str) -> list[Item]:
        """Every state of a resource, the latest first."""
        present = self.find(resource_type, resource_id)
        before = self._before.get((resource_type, resource_id), [])
        return [present, *reversed(before)] if present else []

    def _put(self, item: Item) -> None:
        of_type = self._present.setdefault(item.resource_type, {})
        if previous := of_type.get(item.resource_id):
            key = (item.resource_type, item.resource_id)
            self._before.setdefault(key, []).append(previous)
        of_type[item.resource_id] = item
        self.version = next(_VERSIONS)

    def _item(self, snapshot: dict[str, Any]) -> Item:
        captured = parse(snapshot["configurationItemCaptureTime"])
        filled = {
            "configurationItemVersion": "1.3",
            "configurationStateId": int(captured.timestamp() * 1000),
            "configurationItemStatus": "OK",
            "awsAccountId": self._account,
            "awsRegion": self._region,
            "tags": {},
            "relationships": [],
            "relatedEvents": [],
            "supplementaryConfiguration": {},
            **snapshot,
            "configurationItemCaptureTime": iso(captured),
        }
        status = str(filled["configurationItemStatus"])
        return Item(
            sys.intern(filled["resourceType"]),
            filled["resourceId"],
            filled.get("resourceName"),
            sys.intern(filled["awsAccountId"]),
            sys.intern(filled["awsRegion"]),
            filled["configurationItemCaptureTime"],
            sys.intern(status),
            compact(filled).decode(),
            filled["configurationItemCaptureTime"] if status in _DELETED else None,
        )


def merge(target: Any, patch: Any) -> Any:
    """A JSON merge patch: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def deletion_time(item: Item) -> float:
    """When a deleted resource went, as JSON 1.1 writes times."""
    return epoch(item.deleted or item.captured)
