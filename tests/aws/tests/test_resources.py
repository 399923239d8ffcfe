"""Lists, batches, histories and counts of AWS Config, and how they write items."""

from __future__ import annotations

import json
from typing import Any

from conftest import FIRST, Aws, error_of

BUCKET, VOLUME = "AWS::S3::Bucket", "AWS::EC2::Volume"


def _batch(aws: Aws, *keys: tuple[str, str], region: str = "eu-west-1") -> dict[str, Any]:
    named = [{"resourceType": kind, "resourceId": name} for kind, name in keys]
    answer = aws.client("config", region).batch_get_resource_config(resourceKeys=named)
    result: dict[str, Any] = answer
    return result


def _one(aws: Aws, kind: str, name: str) -> dict[str, Any]:
    [item] = _batch(aws, (kind, name))["baseConfigurationItems"]
    result: dict[str, Any] = item
    return result


def _ids(aws: Aws, kind: str = BUCKET, region: str = "eu-west-1", **given: Any) -> list[str]:
    client = aws.client("config", region)
    answer = client.list_discovered_resources(resourceType=kind, **given)
    return [found["resourceId"] for found in answer["resourceIdentifiers"]]


def test_resources_of_a_type_are_listed(aws: Aws) -> None:
    assert _ids(aws) == ["ledger", "scratch"]


def test_a_list_narrows_to_a_name(aws: Aws) -> None:
    assert _ids(aws, resourceName="scratch") == ["scratch"]


def test_a_list_takes_ids_or_a_name_but_not_both(aws: Aws) -> None:
    given = {"resourceType": BUCKET, "resourceIds": ["a"], "resourceName": "b"}
    assert error_of(aws.config.list_discovered_resources, **given)[0] == "ValidationException"


def test_a_list_comes_in_pages(aws: Aws) -> None:
    call = aws.config.list_discovered_resources
    first = call(resourceType=BUCKET, limit=1)
    second = call(resourceType=BUCKET, limit=1, nextToken=first["nextToken"])
    assert [p["resourceIdentifiers"][0]["resourceId"] for p in (first, second)] == [
        "ledger",
        "scratch",
    ]
    assert "nextToken" not in second


def test_the_token_of_another_list_is_refused(aws: Aws) -> None:
    token = aws.config.list_discovered_resources(resourceType=BUCKET, limit=1)["nextToken"]
    given = {"resourceType": VOLUME, "nextToken": token}
    code, _, _ = error_of(aws.config.list_discovered_resources, **given)
    assert code == "InvalidNextTokenException"


def test_a_list_knows_types_that_are_not_recorded(aws: Aws) -> None:
    assert _ids(aws, VOLUME, "us-east-1") == ["vol-unrecorded"]


def test_deleted_resources_are_listed_only_on_request(aws: Aws) -> None:
    aws.delete(BUCKET, "scratch")
    assert _ids(aws) == ["ledger"]
    assert _ids(aws, includeDeletedResources=True) == ["ledger", "scratch"]


def test_a_list_needs_a_recorder(aws: Aws) -> None:
    client = aws.client("config", "ap-south-1")
    code, _, _ = error_of(client.list_discovered_resources, resourceType=BUCKET)
    assert code == "NoAvailableConfigurationRecorderException"


def test_a_batch_writes_the_configuration_as_a_string(aws: Aws) -> None:
    item = _one(aws, VOLUME, "vol-1")
    assert isinstance(item["configuration"], str)
    assert json.loads(item["configuration"])["size"] == 100


def test_what_was_a_string_of_json_is_encoded_twice(aws: Aws) -> None:
    value = _one(aws, BUCKET, "ledger")["supplementaryConfiguration"]["AccessControlList"]
    assert json.loads(json.loads(value))["owner"] == {"id": "canonical-owner"}


def test_a_flag_in_the_supplementary_configuration_is_a_string(aws: Aws) -> None:
    supplementary = _one(aws, BUCKET, "ledger")["supplementaryConfiguration"]
    assert supplementary["IsRequesterPaysEnabled"] == "false"


def test_a_batch_has_no_tags(aws: Aws) -> None:
    item = _one(aws, BUCKET, "ledger")
    assert "tags" not in item
    assert "BucketTaggingConfiguration" not in item["supplementaryConfiguration"]


def test_a_batch_uses_the_names_of_the_api(aws: Aws) -> None:
    item = _one(aws, VOLUME, "vol-1")
    assert item["arn"] == f"arn:aws:ec2:eu-west-1:{FIRST}:volume/vol-1"
    assert item["accountId"] == FIRST
    assert item["configurationStateId"] == "1763636400000"
    assert item["version"] == "1.3"


def test_a_batch_leaves_out_what_is_not_there(aws: Aws) -> None:
    aws.delete(BUCKET, "scratch")
    answer = _batch(aws, (BUCKET, "scratch"), (BUCKET, "never"), (BUCKET, "ledger"))
    assert [i["resourceId"] for i in answer["baseConfigurationItems"]] == ["ledger"]
    assert answer["unprocessedResourceKeys"] == []


def test_a_batch_takes_a_hundred_keys_at_most(aws: Aws) -> None:
    keys = [{"resourceType": BUCKET, "resourceId": f"b{n}"} for n in range(101)]
    code, message, _ = error_of(aws.config.batch_get_resource_config, resourceKeys=keys)
    assert code == "ValidationException"
    assert "less than or equal to 100" in message


def test_a_batch_says_what_is_not_recorded(aws: Aws) -> None:
    answer = _batch(aws, (VOLUME, "vol-unrecorded"), region="us-east-1")
    [item] = answer["baseConfigurationItems"]
    assert (item["configurationItemStatus"], item["configuration"]) == (
        "ResourceNotRecorded",
        "null",
    )


def test_a_batch_says_how_often_a_type_is_recorded(aws: Aws) -> None:
    answer = _batch(aws, ("AWS::KMS::Key", "key-1"), region="us-east-1")
    assert answer["baseConfigurationItems"][0]["recordingFrequency"] == "DAILY"


def _history(aws: Aws, kind: str, name: str, **given: Any) -> list[dict[str, Any]]:
    call = aws.config.get_resource_config_history
    items: list[dict[str, Any]] = call(resourceType=kind, resourceId=name, **given)[
        "configurationItems"
    ]
    return items


def test_a_history_has_tags_and_relationships(aws: Aws) -> None:
    assert _history(aws, BUCKET, "ledger")[0]["tags"] == {"data": "confidential"}
    [related] = _history(aws, VOLUME, "vol-1")[0]["relationships"]
    assert related["relationshipName"] == "Is attached to Instance"


def test_a_history_begins_with_the_latest(aws: Aws) -> None:
    aws.patch(VOLUME, "vol-1", configuration={"size": 200})
    sizes = [json.loads(i["configuration"])["size"] for i in _history(aws, VOLUME, "vol-1")]
    assert sizes == [200, 100]


def test_a_history_runs_forward_on_request(aws: Aws) -> None:
    aws.patch(VOLUME, "vol-1", configuration={"size": 200})
    items = _history(aws, VOLUME, "vol-1", chronologicalOrder="Forward")
    assert json.loads(items[0]["configuration"])["size"] == 100


def test_a_deleted_resource_has_the_string_null(aws: Aws) -> None:
    aws.delete(BUCKET, "scratch")
    latest = _history(aws, BUCKET, "scratch")[0]
    assert (latest["configurationItemStatus"], latest["configuration"]) == (
        "ResourceDeleted",
        "null",
    )


def test_the_history_of_an_unknown_resource_is_an_error(aws: Aws) -> None:
    given = {"resourceType": BUCKET, "resourceId": "never"}
    code, _, _ = error_of(aws.config.get_resource_config_history, **given)
    assert code == "ResourceNotDiscoveredException"


def test_a_change_is_captured_anew(aws: Aws) -> None:
    before = _one(aws, VOLUME, "vol-1")
    aws.patch(VOLUME, "vol-1", configuration={"size": 200})
    after = _one(aws, VOLUME, "vol-1")
    assert after["configurationItemCaptureTime"] > before["configurationItemCaptureTime"]
    assert int(after["configurationStateId"]) == int(before["configurationStateId"]) + 1


def test_counts_leave_out_what_is_not_recorded(aws: Aws) -> None:
    answer = aws.client("config", "us-east-1").get_discovered_resource_counts()
    assert answer["resourceCounts"] == [{"resourceType": "AWS::KMS::Key", "count": 1}]
    assert answer["totalDiscoveredResources"] == 1


def test_counts_leave_out_what_was_deleted(aws: Aws) -> None:
    aws.delete(BUCKET, "scratch")
    answer = aws.config.get_discovered_resource_counts(resourceTypes=[BUCKET])
    assert answer["resourceCounts"] == [{"resourceType": BUCKET, "count": 1}]


def test_items_are_loaded_from_a_snapshot(aws: Aws) -> None:
    item = {
        "resourceType": BUCKET,
        "resourceId": "new",
        "awsAccountId": FIRST,
        "awsRegion": "eu-west-1",
        "configurationItemCaptureTime": "2026-11-22T10:00:00Z",
        "configuration": {"name": "new"},
    }
    assert aws.control("POST", "items", {"configurationItems": [item]}) == {"loaded": 1}
    assert "new" in _ids(aws)
