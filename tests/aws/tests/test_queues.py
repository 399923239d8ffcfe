"""Queues of SQS: receipts, visibility, redelivery, dead letters, and word of changed resources."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from conftest import FIRST, REGION, SECOND, Aws, error_of

URL = f"https://sqs.{REGION}.amazonaws.com/{FIRST}/changes"
PLACE = {"account": FIRST, "region": REGION, "name": "changes"}


@pytest.fixture
def queue(aws: Aws) -> Any:
    """Makes the queue, and gives a client."""

    def made(**given: Any) -> Any:
        aws.control("PATCH", "queue", {**PLACE, "change": given})
        return aws.client("sqs")

    return made


def send(aws: Aws, *messages: Any) -> None:
    aws.control("POST", "messages", {**PLACE, "messages": messages})


def receive(sqs: Any, **given: Any) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=URL, MaxNumberOfMessages=10, **given)
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def test_a_message_is_hidden_once_received_and_comes_again(aws: Aws, queue: Any) -> None:
    sqs = queue(attributes={"VisibilityTimeout": "30"})
    send(aws, "one")
    [first] = receive(sqs, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert (first["Body"], first["Attributes"]) == ("one", {"ApproximateReceiveCount": "1"})
    assert receive(sqs) == []
    aws.control("POST", "clock", {"advanceSeconds": 31})
    [again] = receive(sqs, MessageSystemAttributeNames=["All"])
    assert again["MessageId"] == first["MessageId"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    # Only the last receipt deletes.
    for message, left in ((first, 1), (again, 0)):
        entries = [{"Id": "a", "ReceiptHandle": message["ReceiptHandle"]}]
        answer = sqs.delete_message_batch(QueueUrl=URL, Entries=entries)
        assert answer["Successful"] == [{"Id": "a"}]
        got = aws.control("GET", f"queue?account={FIRST}&region={REGION}&name=changes")
        assert len(got["messages"]) == left


def test_who_waits_has_the_first_message_at_once(aws: Aws, queue: Any) -> None:
    sqs = queue()
    threading.Timer(0.2, send, (aws, "late")).start()
    started = time.monotonic()
    [message] = receive(sqs, WaitTimeSeconds=10)
    assert message["Body"] == "late" and time.monotonic() - started < 2
    assert receive(sqs, WaitTimeSeconds=0) == []


def test_a_message_that_is_received_too_often_goes_to_the_dead_letters(aws: Aws, queue: Any) -> None:
    dead = {**PLACE, "name": "dead"}
    aws.control("PATCH", "queue", {**dead, "change": {}})
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{FIRST}:dead", "maxReceiveCount": 2}
    sqs = queue(attributes={"RedrivePolicy": redrive})
    send(aws, "poison")
    for _ in range(2):
        assert len(receive(sqs, VisibilityTimeout=0)) == 1
    assert receive(sqs) == []
    got = aws.control("GET", f"queue?account={FIRST}&region={REGION}&name=dead")
    assert [message["body"] for message in got["messages"]] == ["poison"]


def test_word_of_a_changed_resource_comes_as_often_as_asked(aws: Aws, queue: Any) -> None:
    sqs = queue(follows=[FIRST], through="sns", copies=2, shuffled=7)
    aws.patch("AWS::S3::Bucket", "scratch", tags={"a": "b"})
    bodies = [json.loads(message["Body"]) for message in receive(sqs)]
    assert len(bodies) == 2 and all(body["Type"] == "Notification" for body in bodies)
    event = json.loads(bodies[0]["Message"])
    assert (event["source"], event["account"], event["region"]) == ("aws.config", FIRST, REGION)
    item = event["detail"]["configurationItem"]
    assert (item["resourceId"], item["tags"]) == ("scratch", {"a": "b"})


def test_what_a_queue_is_set_to_is_shown_as_asked(aws: Aws, queue: Any) -> None:
    sqs = queue(attributes={"MessageRetentionPeriod": "1209600", "Policy": {"Statement": []}})
    answer = sqs.get_queue_attributes(QueueUrl=URL, AttributeNames=["All"])["Attributes"]
    assert answer["QueueArn"] == f"arn:aws:sqs:{REGION}:{FIRST}:changes"
    assert (answer["VisibilityTimeout"], answer["MessageRetentionPeriod"]) == ("30", "1209600")
    assert json.loads(answer["Policy"]) == {"Statement": []}
    one = sqs.get_queue_attributes(QueueUrl=URL, AttributeNames=["QueueArn"])["Attributes"]
    assert list(one) == ["QueueArn"]


def test_mistakes_are_refused(aws: Aws, queue: Any) -> None:
    sqs = queue(readers=[SECOND])
    receive_ = sqs.receive_message
    assert error_of(receive_, QueueUrl=URL, MaxNumberOfMessages=11)[0] == "InvalidParameterValue"
    assert error_of(receive_, QueueUrl=URL, WaitTimeSeconds=21)[0] == "InvalidParameterValue"
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    assert error_of(receive_, QueueUrl=URL + "x")[0] in ("QueueDoesNotExist", missing)
    delete = sqs.delete_message_batch
    twice = [{"Id": "a", "ReceiptHandle": "1-x"}] * 2
    assert error_of(delete, QueueUrl=URL, Entries=twice)[0] == "BatchEntryIdsNotDistinct"
    assert error_of(delete, QueueUrl=URL, Entries=[])[0] == "EmptyBatchRequest"
    answer = delete(QueueUrl=URL, Entries=[{"Id": "a", "ReceiptHandle": "none"}])
    assert answer["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    # Others only where the queue lets them in.
    assert receive(aws.client("sqs", account=SECOND)) == []
    queue()
    assert error_of(aws.client("sqs", account=SECOND).receive_message, QueueUrl=URL)[0] == (
        "AccessDeniedException"
    )
