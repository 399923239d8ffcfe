"""How the history and batch APIs write a configuration item that a snapshot holds.

`configuration` and every value of `supplementaryConfiguration` become JSON strings, so that what
already was a string of JSON is encoded twice; key names differ; ids of states are strings; times
are seconds. A deleted resource has the string `null` for its configuration.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ..clock import epoch
from ..exchange import compact
from .items import Item

#: What `BatchGetResourceConfig` filters out (its API reference: it returns no tags).
_TAG_PARTS = ("Tags", "BucketTaggingConfiguration")


def history_item(item: Item, frequency: str, recorded: bool) -> dict[str, Any]:
    """As `GetResourceConfigHistory` gives an item."""
    snapshot = item.snapshot()
    encoded = _common(item, snapshot, frequency, recorded)
    encoded["configurationItemMD5Hash"] = hashlib.md5(item.text.encode()).hexdigest()
    encoded["tags"] = snapshot["tags"] if recorded else {}
    encoded["relatedEvents"] = snapshot["relatedEvents"]
    encoded["relationships"] = [_relationship(r) for r in snapshot["relationships"]]
    return encoded


def base_item(item: Item, frequency: str, recorded: bool) -> dict[str, Any]:
    """As `BatchGetResourceConfig` gives an item: without tags, relationships and events."""
    encoded = _common(item, item.snapshot(), frequency, recorded)
    for part in _TAG_PARTS:
        encoded["supplementaryConfiguration"].pop(part, None)
    return encoded


def _common(item: Item, snapshot: dict[str, Any], frequency: str, recorded: bool) -> dict[str, Any]:
    configuration = snapshot.get("configuration") if recorded else None
    supplementary = snapshot["supplementaryConfiguration"] if recorded else {}
    encoded = {
        "version": snapshot["configurationItemVersion"],
        "accountId": snapshot["awsAccountId"],
        "configurationItemCaptureTime": epoch(item.captured),
        "configurationItemStatus": item.status if recorded else "ResourceNotRecorded",
        "configurationStateId": str(snapshot["configurationStateId"]),
        "arn": snapshot.get("ARN"),
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
        "resourceName": item.resource_name,
        "awsRegion": snapshot["awsRegion"],
        "availabilityZone": snapshot.get("availabilityZone"),
        "configuration": compact(configuration).decode(),
        "supplementaryConfiguration": {
            key: compact(value).decode() for key, value in supplementary.items()
        },
        "recordingFrequency": frequency,
        "configurationItemDeliveryTime": epoch(item.captured) + 60.0,
    }
    if created := snapshot.get("resourceCreationTime"):
        encoded["resourceCreationTime"] = epoch(created)
    return {key: value for key, value in encoded.items() if value is not None}


def _relationship(given: dict[str, Any]) -> dict[str, Any]:
    """The API calls `relationshipName` what snapshots call `name`."""
    renamed = {"relationshipName" if k == "name" else k: v for k, v in given.items()}
    return {key: value for key, value in renamed.items() if value is not None}
