"""Where AWS Config delivers to, and requests for snapshots. Nothing is delivered: tests put the files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import ServiceError
from ..operations import Call, Operation

if TYPE_CHECKING:
    from ..world import Region, World


@dataclass(frozen=True)
class DeliveryChannel:
    """The delivery channel of a region, of which there is at most one (`PutDeliveryChannel`)."""

    bucket: str
    prefix: str | None = None
    name: str = "default"

    @classmethod
    def of(cls, given: dict[str, str]) -> DeliveryChannel:
        """Reads a channel of the state file, in the words of `DescribeDeliveryChannels`."""
        names = {"s3BucketName": "bucket", "s3KeyPrefix": "prefix"}
        return cls(**{names.get(key, key): value for key, value in given.items()})

    def described(self) -> dict[str, Any]:
        """As `DescribeDeliveryChannels` gives it."""
        prefix = {"s3KeyPrefix": self.prefix} if self.prefix else {}
        return {"name": self.name, "s3BucketName": self.bucket, **prefix}


class Deliveries:
    """The operations on delivery channels."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> dict[str, Operation]:
        """What can be done with a channel here."""
        return {
            "DescribeDeliveryChannels": self._describe,
            "DeliverConfigSnapshot": self._deliver,
        }

    def _region(self, call: Call) -> Region:
        return self._world.region(call.account, call.region)

    def _describe(self, call: Call) -> dict[str, Any]:
        channel = self._region(call).delivery_channel
        for name in call.parameters.get("DeliveryChannelNames", []):
            _named(channel, name)
        return {"DeliveryChannels": [channel.described()] if channel else []}

    def _deliver(self, call: Call) -> dict[str, Any]:
        """Errors as in config/latest/APIReference/API_DeliverConfigSnapshot."""
        region = self._region(call)
        _named(region.delivery_channel, call.parameters["deliveryChannelName"])
        if region.recorder is None:
            raise ServiceError(
                "NoAvailableConfigurationRecorderException",
                "There are no configuration recorders available to provide the role needed to "
                "describe your resources. Create a configuration recorder.",
            )
        if not region.recorder.recording:
            raise ServiceError(
                "NoRunningConfigurationRecorderException",
                "There is no configuration recorder running.",
            )
        snapshot = str(uuid4())
        call.detail["configSnapshotId"] = snapshot
        return {"configSnapshotId": snapshot}


def _named(channel: DeliveryChannel | None, name: str) -> None:
    if channel is None or channel.name != name:
        raise ServiceError(
            "NoSuchDeliveryChannelException",
            f"Cannot find delivery channel with specified name '{name}'.",
        )
