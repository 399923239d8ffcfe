"""Delivery channels, and requests for snapshots."""

from __future__ import annotations

from conftest import Aws, error_of

CHANNEL = {"name": "central", "s3BucketName": "logs", "s3KeyPrefix": "config"}


def test_a_region_has_one_channel_or_none(aws: Aws) -> None:
    assert aws.config.describe_delivery_channels()["DeliveryChannels"] == []
    aws.change(deliveryChannel=CHANNEL)
    assert aws.config.describe_delivery_channels()["DeliveryChannels"] == [CHANNEL]
    named = aws.config.describe_delivery_channels(DeliveryChannelNames=["central"])
    assert named["DeliveryChannels"] == [CHANNEL]
    other = error_of(aws.config.describe_delivery_channels, DeliveryChannelNames=["default"])
    assert other[0] == "NoSuchDeliveryChannelException"


def test_a_snapshot_is_requested_by_the_name_of_the_channel(aws: Aws) -> None:
    call = aws.config.deliver_config_snapshot
    assert error_of(call, deliveryChannelName="central")[0] == "NoSuchDeliveryChannelException"
    aws.change(deliveryChannel=CHANNEL)
    assert error_of(call)[0] == "ValidationException"
    requested = call(deliveryChannelName="central")["configSnapshotId"]
    detail = aws.calls(operation="DeliverConfigSnapshot")[-1]["detail"]
    assert detail == {"configSnapshotId": requested}


def test_a_recorder_has_to_run(aws: Aws) -> None:
    call = aws.config.deliver_config_snapshot
    for recorder, code in [
        (None, "NoAvailableConfigurationRecorderException"),
        ({"recording": False}, "NoRunningConfigurationRecorderException"),
    ]:
        aws.change(deliveryChannel=CHANNEL, recorder=recorder)
        assert error_of(call, deliveryChannelName="central")[0] == code
