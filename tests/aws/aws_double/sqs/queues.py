"""Queues, their messages, and what is sent to them when a resource changes.

Receipts, visibility and redelivery are as the Amazon SQS Developer Guide has them for standard queues:
a message is received again once its visibility timeout is over, at least once, in any order.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from ..clock import Clock, iso

Address = tuple[str, str, str]

#: SQS/latest/APIReference/API_SetQueueAttributes: what a queue has that nobody set anything of.
DEFAULTS = {"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", "DelaySeconds": "0"}


@dataclass(eq=False)
class Message:
    """A message that is not deleted yet."""

    body: str
    sent: float
    id: str = field(default_factory=lambda: str(uuid4()))
    visible_at: float = 0.0
    receives: int = 0
    receipt: str = ""


@dataclass(eq=False)
class Queue:
    """One queue of the state file (README.md describes it)."""

    arn: str
    attributes: dict[str, str]
    readers: frozenset[str]
    follows: frozenset[str]
    through: str
    copies: int
    shuffled: random.Random | None
    messages: list[Message] = field(default_factory=list)
    deleted: int = 0

    @classmethod
    def of(cls, arn: str, given: dict[str, Any]) -> Queue:
        """Reads a queue of the state file."""
        known = {"attributes", "readers", "follows", "through", "copies", "shuffled"}
        if unknown := set(given) - known:
            raise ValueError(f"a queue has no {sorted(unknown)}")
        attributes = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in given.get("attributes", {}).items()
        }
        seed = given.get("shuffled")
        return cls(
            arn,
            {**DEFAULTS, **attributes},
            frozenset(given.get("readers", [])),
            frozenset(given.get("follows", [])),
            given.get("through", "eventbridge"),
            given.get("copies", 1),
            None if seed is None else random.Random(seed),
        )

    @property
    def visibility_seconds(self) -> float:
        """For how long a message that was received is not received again."""
        return float(self.attributes["VisibilityTimeout"])

    @property
    def redrive(self) -> tuple[str, int] | None:
        """The dead-letter queue, and after how many receives a message goes there."""
        policy = json.loads(self.attributes.get("RedrivePolicy", "null"))
        return (policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])) if policy else None


class Queues:
    """Every queue. It has a lock of its own: who waits for a message keeps nobody from sending one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[Address, Queue] = {}
        self._changed = threading.Condition()
        self._receipts = count()

    def clear(self) -> None:
        """Forgets every queue."""
        with self._changed:
            self._queues.clear()
            self._changed.notify_all()

    def change(self, address: Address, given: dict[str, Any] | None, partition: str = "aws") -> None:
        """Makes a queue, or sets it anew and keeps its messages; `None` deletes it."""
        account, region, name = address
        with self._changed:
            before = self._queues.pop(address, None)
            if given is not None:
                queue = Queue.of(f"arn:{partition}:sqs:{region}:{account}:{name}", given)
                queue.messages = before.messages if before else []
                queue.deleted = before.deleted if before else 0
                self._queues[address] = queue
            self._changed.notify_all()

    def find(self, address: Address) -> Queue | None:
        """The queue, if there is one."""
        with self._changed:
            return self._queues.get(address)

    def send(self, address: Address, bodies: list[str]) -> None:
        """Sends messages."""
        with self._changed:
            queue = self._queues[address]
            queue.messages += [Message(body, self._clock.seconds()) for body in bodies]
            self._changed.notify_all()

    def tell(self, account: str, region: str, item: dict[str, Any]) -> None:
        """Sends word of an item to the queues that follow the account, as EventBridge does."""
        with self._changed:
            for queue in self._queues.values():
                if account in queue.follows:
                    body = event(account, region, item, self._clock)
                    if queue.through == "sns":
                        body = notification(body, account, region)
                    now = self._clock.seconds()
                    queue.messages += [Message(body, now) for _ in range(queue.copies)]
            self._changed.notify_all()

    def receive(self, queue: Queue, most: int, wait: float, hidden: float | None) -> list[Message]:
        """The next messages, waiting for the first one. Each has a new receipt."""
        deadline = time.monotonic() + wait
        with self._changed:
            while True:
                now = self._clock.seconds()
                found = self._visible(queue, now)
                if queue.shuffled:
                    queue.shuffled.shuffle(found)
                left = deadline - time.monotonic()
                if found or left <= 0 or queue not in self._queues.values():
                    break
                self._changed.wait(min(left, 0.05))
            taken = found[:most]
            for message in taken:
                message.receives += 1
                message.receipt = f"{next(self._receipts)}-{message.id}"
                seconds = queue.visibility_seconds if hidden is None else hidden
                message.visible_at = now + seconds
            return taken

    def delete(self, queue: Queue, receipt: str) -> bool:
        """Deletes a message by its receipt. Whether it is one; an older one deletes nothing."""
        number, _, identifier = receipt.partition("-")
        if not (number.isdigit() and identifier):
            return False
        with self._changed:
            kept = [message for message in queue.messages if message.receipt != receipt]
            queue.deleted += len(queue.messages) - len(kept)
            queue.messages = kept
        return True

    def counts(self, queue: Queue) -> tuple[int, int]:
        """How many messages can be received, and how many are in flight."""
        with self._changed:
            now = self._clock.seconds()
            flying = sum(message.visible_at > now for message in queue.messages)
            return len(queue.messages) - flying, flying

    def _visible(self, queue: Queue, now: float) -> list[Message]:
        """What can be received; what was too often goes to the dead-letter queue first."""
        retention = float(queue.attributes["MessageRetentionPeriod"])
        queue.messages = [m for m in queue.messages if m.sent + retention > now]
        visible = [message for message in queue.messages if message.visible_at <= now]
        if not queue.redrive:
            return visible
        target, most = queue.redrive
        dead = [message for message in visible if message.receives >= most]
        for message in dead:
            queue.messages.remove(message)
            for other in self._queues.values():
                if other.arn == target:
                    message.visible_at = 0.0
                    other.messages.append(message)
        return [message for message in visible if message not in dead]


def event(account: str, region: str, item: dict[str, Any], clock: Clock) -> str:
    """config/latest/developerguide/monitor-config-with-cloudwatchevents: an event of a change."""
    item = {name: value for name, value in item.items() if value is not None}
    return json.dumps(
        {
            "version": "0",
            "id": str(uuid4()),
            "detail-type": "Config Configuration Item Change",
            "source": "aws.config",
            "account": account,
            "time": iso(clock.now()),
            "region": region,
            "resources": [item["ARN"]] if "ARN" in item else [],
            "detail": {
                "recordVersion": "1.3",
                "messageType": "ConfigurationItemChangeNotification",
                "configurationItemDiff": {"changedProperties": {}, "changeType": "UPDATE"},
                "notificationCreationTime": iso(clock.now()),
                "configurationItem": item,
            },
        }
    )


def notification(message: str, account: str, region: str) -> str:
    """sns/latest/dg/sns-message-and-json-formats: how SNS passes a message on to a queue."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": str(uuid4()),
            "TopicArn": f"arn:aws:sns:{region}:{account}:changes",
            "Message": message,
            "Timestamp": "2026-11-22T10:00:00.000Z",
            "SignatureVersion": "1",
        }
    )


def described(message: Message) -> dict[str, Any]:
    """A message as `ReceiveMessage` gives it."""
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": hashlib.md5(message.body.encode()).hexdigest(),
        "Body": message.body,
        "Attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent * 1000)),
        },
    }
