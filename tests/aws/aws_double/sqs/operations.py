"""The operations of SQS on messages; moto has the rest."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ServiceError, denied
from ..operations import Call, Operation
from .queues import Queue, Queues, described

_URL = re.compile(r"https://sqs(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+/(\d{12})/([\w-]{1,80}(?:\.fifo)?)")
_MOST = 10  # SQS/latest/APIReference/API_ReceiveMessage
_LONGEST_WAIT = 20  # SQS/latest/SQSDeveloperGuide/sqs-short-and-long-polling
_LONGEST_HIDDEN = 43_200  # SQS/latest/APIReference/API_ReceiveMessage: 12 hours


class Sqs:
    """SQS over the queues of the double."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def operations(self) -> dict[str, Operation]:
        """What SQS of the double can do itself."""
        return {
            "ReceiveMessage": self._receive,
            "DeleteMessageBatch": self._delete,
            "GetQueueAttributes": self._attributes,
        }

    def _receive(self, call: Call) -> dict[str, Any]:
        queue = self._queue(call)
        asked = call.parameters
        most = _within(asked, "MaxNumberOfMessages", 1, _MOST, 1)
        wait = _within(asked, "WaitTimeSeconds", 0, _LONGEST_WAIT, 0)
        hidden = _within(asked, "VisibilityTimeout", 0, _LONGEST_HIDDEN, None)
        found = self._queues.receive(queue, most or 1, float(wait or 0), hidden)
        call.detail["messages"] = len(found)
        wanted = set(asked.get("MessageSystemAttributeNames", asked.get("AttributeNames", [])))
        messages = [described(message) for message in found]
        for message in messages:
            kept = {k: v for k, v in message["Attributes"].items() if wanted & {k, "All"}}
            message["Attributes"] = kept
        return {"Messages": messages} if messages else {}

    def _delete(self, call: Call) -> dict[str, Any]:
        queue = self._queue(call)
        entries = call.parameters["Entries"]
        if not entries:
            raise ServiceError("EmptyBatchRequest", "There should be at least one entry.")
        if len(entries) > _MOST:
            raise ServiceError(
                "TooManyEntriesInBatchRequest",
                f"Maximum number of entries per request are {_MOST}.",
            )
        ids = [entry["Id"] for entry in entries]
        if len(set(ids)) < len(ids):
            raise ServiceError("BatchEntryIdsNotDistinct", "Two or more batch entries share an Id.")
        if not all(re.fullmatch(r"[\w-]{1,80}", one) for one in ids):
            raise ServiceError("InvalidBatchEntryId", "A batch entry id can only contain \\w and -.")
        done, failed = [], []
        for entry in entries:
            if self._queues.delete(queue, entry["ReceiptHandle"]):
                done.append({"Id": entry["Id"]})
            else:
                message = "The input receipt handle is invalid."
                code = "ReceiptHandleIsInvalid"
                failed.append(
                    {"Id": entry["Id"], "SenderFault": True, "Code": code, "Message": message}
                )
        call.detail["deleted"] = len(done)
        return {"Successful": done, "Failed": failed} if failed else {"Successful": done}

    def _attributes(self, call: Call) -> dict[str, Any]:
        queue = self._queue(call)
        visible, flying = self._queues.counts(queue)
        everything = {
            **queue.attributes,
            "QueueArn": queue.arn,
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(flying),
        }
        wanted = set(call.parameters.get("AttributeNames", []))
        return {"Attributes": {k: v for k, v in everything.items() if wanted & {k, "All"}}}

    def _queue(self, call: Call) -> Queue:
        """The queue of a call, of its region; of another account only for those it lets in."""
        url = call.parameters["QueueUrl"]
        found = _URL.fullmatch(url)
        queue = self._queues.find((found[2], found[1], found[3])) if found else None
        if found is None or queue is None or found[1] != call.region:
            raise ServiceError("QueueDoesNotExist", "The specified queue does not exist.")
        if call.account not in {found[2], *queue.readers}:
            action = f"sqs:{call.operation.removesuffix('Batch')}".lower()
            raise denied(call.caller.arn, action, queue.arn)
        return queue


def _within(
    asked: dict[str, Any], name: str, low: int, high: int, usual: int | None
) -> int | None:
    value = asked.get(name, usual)
    if value is not None and not low <= value <= high:
        raise ServiceError(
            "InvalidParameterValue",
            f"Value {value} for parameter {name} is invalid. Reason: Must be between {low} and "
            f"{high}, if provided.",
        )
    return int(value) if value is not None else None
