"""The operations of AWS Config on resources: lists, counts, batches, histories, queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clock import epoch
from ..errors import ServiceError
from ..limits import COUNTS, HISTORY_ITEMS
from ..operations import Call, Operation
from ..paging import InvalidToken, page
from ..world import Region, World
from .delivery import Deliveries
from .describe import Describe
from .encodings import base_item, history_item
from .items import NOT_RECORDED, Item, deletion_time
from .query import Queries, Source

_LIST_PAGE = 100


class Config:
    """AWS Config over the state of the double."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queries = Queries(world.tokens)
        self._describe = Describe(world)
        self._deliveries = Deliveries(world)

    def operations(self) -> dict[str, Operation]:
        """What AWS Config of the double can do."""
        own: dict[str, Operation] = {
            "BatchGetResourceConfig": self._batch_get,
            "GetDiscoveredResourceCounts": self._counts,
            "GetResourceConfigHistory": self._history,
            "ListDiscoveredResources": self._list,
            "SelectAggregateResourceConfig": self._select_aggregate,
            "SelectResourceConfig": self._select,
        }
        everything = {**own, **self._describe.operations(), **self._deliveries.operations()}
        return {name: _paged(operation) for name, operation in everything.items()}

    def _region(self, call: Call) -> Region:
        return self._world.region(call.account, call.region)

    def _list(self, call: Call) -> dict[str, Any]:
        region = _recorded(self._region(call))
        asked = call.parameters
        ids, name = asked.get("resourceIds"), asked.get("resourceName")
        if ids and name:
            raise ServiceError(
                "ValidationException", "You cannot specify both resource IDs and a resource name."
            )
        found = [
            _identifier(item)
            for item in region.items.of_type(asked["resourceType"])
            if (not item.deleted or asked.get("includeDeletedResources"))
            and (not ids or item.resource_id in ids)
            and (not name or item.resource_name == name)
        ]
        call.detail["resources"] = len(found)
        return self._page(call, "resourceIdentifiers", found, _LIST_PAGE)

    def _batch_get(self, call: Call) -> dict[str, Any]:
        region = _recorded(self._region(call))
        keys = call.parameters["resourceKeys"]
        found, unprocessed = [], []
        for key in keys:
            if call.fault and call.fault.hits(key["resourceId"]):
                unprocessed.append(key)
                continue
            item = region.items.find(key["resourceType"], key["resourceId"])
            if item and not item.deleted:
                found.append(base_item(item, *_recording(region, item)))
        call.detail.update(keys=len(keys), items=len(found), unprocessed=len(unprocessed))
        return {"baseConfigurationItems": found, "unprocessedResourceKeys": unprocessed}

    def _history(self, call: Call) -> dict[str, Any]:
        region = _recorded(self._region(call))
        asked = call.parameters
        states = region.items.history(asked["resourceType"], asked["resourceId"])
        if not states:
            raise ServiceError(
                "ResourceNotDiscoveredException",
                f"Resource {asked['resourceId']} of resourceType:{asked['resourceType']} is "
                "unknown or has not been discovered",
            )
        later, earlier = asked.get("laterTime"), asked.get("earlierTime")
        if later is not None and earlier is not None and later < earlier:
            raise ServiceError(
                "InvalidTimeRangeException", "The earlier time must be before the later time."
            )
        states = [
            state
            for state in states
            if (later is None or epoch(state.captured) <= later)
            and (earlier is None or epoch(state.captured) >= earlier)
        ]
        if asked.get("chronologicalOrder") == "Forward":
            states.reverse()
        found = [history_item(state, *_recording(region, state)) for state in states]
        return self._page(call, "configurationItems", found, HISTORY_ITEMS)

    def _counts(self, call: Call) -> dict[str, Any]:
        region = self._region(call)
        wanted = call.parameters.get("resourceTypes") or region.items.types()
        counts = []
        for resource_type in wanted:
            if region.recorder and region.recorder.records(resource_type):
                count = sum(
                    not item.deleted and item.status != NOT_RECORDED
                    for item in region.items.of_type(resource_type)
                )
                if count:
                    counts.append({"resourceType": resource_type, "count": count})
        counts.sort(key=lambda c: (-int(str(c["count"])), str(c["resourceType"])))
        total = sum(int(str(c["count"])) for c in counts)
        paged = self._page(call, "resourceCounts", counts, COUNTS)
        return {"totalDiscoveredResources": total, **paged}

    def _select(self, call: Call) -> dict[str, Any]:
        region = self._region(call)
        source = Source(region.items, region.recorder, region.unserved)
        return self._run(call, f"{call.account}/{call.region}", [source])

    def _select_aggregate(self, call: Call) -> dict[str, Any]:
        aggregator = self._describe.aggregator(call, call.parameters["ConfigurationAggregatorName"])
        sources = [
            Source(region.items, region.recorder, region.unserved)
            for (account, name), region in sorted(self._world.regions().items())
            if aggregator.sees(account, name)
        ]
        return self._run(call, f"{call.account}/{call.region}/{aggregator.name}", sources)

    def _run(self, call: Call, scope: str, sources: list[Source]) -> dict[str, Any]:
        asked = call.parameters
        size = asked.get("Limit") or asked.get("MaxResults") or 0
        expression = asked["Expression"]
        found = self._queries.run(expression, scope, sources, size, asked.get("NextToken"))
        call.detail.update(expression=expression, rows=len(found.rows))
        rows = [call.fault.garbled(row) for row in found.rows] if call.fault else found.rows
        result: dict[str, Any] = {
            "Results": rows,
            "QueryInfo": {"SelectFields": [{"Name": name} for name in found.fields]},
        }
        if found.next_token:
            result["NextToken"] = found.next_token
        return result

    def _page(self, call: Call, name: str, found: list[Any], size: int) -> dict[str, Any]:
        asked = call.parameters
        rest = {k: v for k, v in asked.items() if k not in ("limit", "nextToken")}
        binding = [call.operation, call.account, call.region, rest]
        chosen, more = page(
            self._world.tokens, binding, found, asked.get("limit") or size, asked.get("nextToken")
        )
        return {name: chosen, "nextToken": more} if more else {name: chosen}


def _paged(operation: Operation) -> Callable[[Call], dict[str, Any]]:
    """Says of a bad token what AWS Config says."""

    def run(call: Call) -> dict[str, Any]:
        try:
            return operation(call)
        except InvalidToken as error:
            raise ServiceError(
                "InvalidNextTokenException", f"The nextToken provided is invalid: {error}"
            ) from error

    return run


def _recorded(region: Region) -> Region:
    """Refuses what needs a recorder where there is none."""
    if region.recorder is None:
        raise ServiceError(
            "NoAvailableConfigurationRecorderException",
            "There are no customer managed configuration recorders available to record your "
            "resources.",
        )
    return region


def _recording(region: Region, item: Item) -> tuple[str, bool]:
    """How often the item's type is recorded, and whether it is."""
    recorder = region.recorder
    if recorder is None:
        return "CONTINUOUS", False
    recorded = recorder.records(item.resource_type) and item.status != NOT_RECORDED
    return recorder.frequency(item.resource_type), recorded


def _identifier(item: Item) -> dict[str, Any]:
    identifier: dict[str, Any] = {
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
    }
    if item.resource_name:
        identifier["resourceName"] = item.resource_name
    if item.deleted:
        identifier["resourceDeletionTime"] = deletion_time(item)
    return identifier
