"""The control paths under `/_double/`: state, faults, time and the log, for tests and for trying.

README.md lists them. A mistake in what is ordered is a 400 that says so; nothing is ignored.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .clock import iso, parse
from .config.items import merge
from .exchange import Request, Response, json_response
from .faults import Faults
from .log import CallLog, counts
from .sts import container_credentials
from .throttle import Throttle, factor_of
from .world import World

Answer = Callable[[Request, dict[str, Any]], Any]


class Control:
    """What tests do to the double from outside."""

    def __init__(
        self,
        world: World,
        throttle: Throttle,
        faults: Faults,
        log: CallLog,
        lock: threading.RLock,
        state: tuple[dict[str, Any], Path],
        reset_moto: Callable[[], None],
    ) -> None:
        self._world = world
        self._throttle = throttle
        self._faults = faults
        self._log = log
        self._lock = lock
        self._initial = state
        self._initial_factor = throttle.factor
        self._reset_moto = reset_moto
        self._routes: dict[tuple[str, str], Answer] = {
            ("GET", "health"): lambda request, body: {"status": "ok"},
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): lambda request, body: self._log.clear(),
            ("GET", "items"): self._items,
            ("POST", "items"): self._load_items,
            ("PATCH", "items"): self._patch_items,
            ("DELETE", "items"): self._delete_items,
            ("GET", "findings"): self._findings,
            ("GET", "findings/counts"): self._count_findings,
            ("PATCH", "findings"): self._patch_finding,
            ("DELETE", "findings"): self._delete_finding,
            ("GET", "faults"): lambda request, body: {"struck": self._faults.done()},
            ("POST", "faults"): self._order_faults,
            ("DELETE", "faults"): lambda request, body: self._faults.order([]),
            ("GET", "queue"): self._queue,
            ("PATCH", "queue"): self._change_queue,
            ("POST", "messages"): self._send_messages,
            ("PATCH", "region"): self._change_region,
            ("PATCH", "facts"): self._change_facts,
            ("PATCH", "organizations"): self._change_organizations,
            ("PATCH", "settings"): self._change_settings,
            ("POST", "clock"): self._move_clock,
            ("POST", "sessions/expire"): self._expire_sessions,
            ("POST", "reset"): self._reset,
        }

    def answer(self, request: Request) -> Response:
        """The response to a control request."""
        path = request.path.removeprefix("/_double/")
        if request.method == "GET" and path.startswith("container-credentials/"):
            _, account, role = path.split("/")
            return json_response(container_credentials(self._world.identities, account, role))
        route = self._routes.get((request.method, path))
        if route is None:
            return json_response({"error": f"no {request.method} {request.path}"}, 404)
        try:
            body = json.loads(request.body or b"{}")
            with self._lock:
                return json_response(route(request, body) or {})
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, 400)

    def reset(self) -> None:
        """Back to the state that the double was started with."""
        self._world.clock.reset()
        self._world.load(*self._initial)
        self._throttle.factor = self._initial_factor
        self._throttle.reset()
        self._faults.order([])
        self._log.clear()
        self._reset_moto()

    def _reset(self, request: Request, body: dict[str, Any]) -> None:
        if body:
            self._initial = (body, self._initial[1])
        self.reset()

    def _calls(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        names = ("service", "operation", "account", "region", "outcome")
        found = self._log.calls(**{name: request.parameter(name) for name in names})
        return {"calls": found, "counts": counts(found)}

    def _items(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        found = [
            item.snapshot()
            for (account, region), held in self._world.regions().items()
            if request.parameter("account") in (None, account)
            and request.parameter("region") in (None, region)
            for item in held.items.all()
        ]
        return {"configurationItems": found}

    def _load_items(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Items go to their own account and region, those of `global` to the region asked for."""
        loaded = 0
        for snapshot in body["configurationItems"]:
            account = request.parameter("account") or snapshot["awsAccountId"]
            region = snapshot.get("awsRegion") or ""
            if region in ("", "global") or request.parameter("region"):
                region = request.parameter("region") or "us-east-1"
            self._world.region(account, region).items.load([snapshot])
            self._tell({"account": account, "region": region, **snapshot})
            loaded += 1
        return {"loaded": loaded}

    def _patch_items(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        for one in body["items"]:
            region = self._world.region(one["account"], one["region"])
            region.items.patch(one["resourceType"], one["resourceId"], one["patch"])
            self._tell(one)
        return {"patched": len(body["items"])}

    def _delete_items(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        for one in body["items"]:
            region = self._world.region(one["account"], one["region"])
            region.items.delete(one["resourceType"], one["resourceId"])
            self._tell(one)
        return {"deleted": len(body["items"])}

    def _tell(self, one: dict[str, Any]) -> None:
        """Lets the queues that follow an account have word of a resource of it."""
        account, region = one["account"], one["region"]
        item = self._world.region(account, region).items.get(one["resourceType"], one["resourceId"])
        self._world.queues.tell(account, region, item.snapshot())

    def _queue(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        account, region, name = (
            request.parameter(field) or "" for field in ("account", "region", "name")
        )
        queue = self._world.queues.find((account, region, name))
        if queue is None:
            raise ValueError(f"no queue {name!r} of {account} in {region}")
        visible, flying = self._world.queues.counts(queue)
        messages = [{"body": m.body, "receives": m.receives} for m in queue.messages]
        counts = {"visible": visible, "inFlight": flying, "deleted": queue.deleted}
        return {"messages": messages, **counts}

    def _change_queue(self, request: Request, body: dict[str, Any]) -> None:
        address = (body["account"], body["region"], body["name"])
        self._world.queues.change(address, body["change"])

    def _send_messages(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        address = (body["account"], body["region"], body["name"])
        texts = [it if isinstance(it, str) else json.dumps(it) for it in body["messages"]]
        self._world.queues.send(address, texts)
        return {"sent": len(texts)}

    def _findings(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for (account, name), region in self._world.regions().items():
            if request.parameter("account") in (None, account) and request.parameter("region") in (
                None,
                name,
            ):
                region.hub.expire(self._world.clock)
                found.extend(stored.finding for stored in region.hub.findings.values())
        return {"findings": found}

    def _count_findings(self, request: Request, body: dict[str, Any]) -> dict[str, int]:
        """How many findings there are, by record state, whose id contains a text."""
        part = request.parameter("contains") or ""
        counts = {"ACTIVE": 0, "ARCHIVED": 0}
        for finding in self._findings(request, body)["findings"]:
            if part in finding["Id"]:
                counts[finding["RecordState"]] += 1
        return counts

    def _patch_finding(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Changes a finding as somebody else would, past all rules."""
        hub = self._world.region(body["account"], body["region"]).hub
        changed = 0
        for key, stored in list(hub.findings.items()):
            if key[1] == body["id"]:
                hub.write(self._world.clock, key, merge(stored.finding, body["patch"]))
                changed += 1
        return {"changed": changed}

    def _delete_finding(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        hub = self._world.region(body["account"], body["region"]).hub
        gone = [key for key in hub.findings if key[1] == body["id"]]
        hub.remove(gone)
        return {"deleted": len(gone)}

    def _order_faults(self, request: Request, body: dict[str, Any]) -> None:
        self._faults.order(body["faults"], body.get("seed", 0))

    def _change_region(self, request: Request, body: dict[str, Any]) -> None:
        self._world.change_region(body["account"], body["region"], body["change"])

    def _change_facts(self, request: Request, body: dict[str, Any]) -> None:
        self._world.change_facts(body["account"], body["facts"])

    def _change_organizations(self, request: Request, body: dict[str, Any]) -> None:
        self._world.change_organizations(body["organizations"])

    def _change_settings(self, request: Request, body: dict[str, Any]) -> None:
        unknown = set(body) - {"rates", "lagSeconds", "tokenSeconds", "sessionSeconds"}
        if unknown:
            raise ValueError(f"no settings {sorted(unknown)}")
        if "rates" in body:
            self._throttle.factor = factor_of(str(body["rates"]))
            self._throttle.reset()
        if "lagSeconds" in body:
            self._world.lag_seconds = float(body["lagSeconds"])
        if "tokenSeconds" in body:
            self._world.tokens.life_seconds = float(body["tokenSeconds"])
        if "sessionSeconds" in body:
            self._world.identities.session_seconds = body["sessionSeconds"]

    def _move_clock(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        if "now" in body:
            self._world.clock.set(parse(body["now"]))
        self._world.clock.advance(float(body.get("advanceSeconds", 0)))
        return {"now": iso(self._world.clock.now())}

    def _expire_sessions(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        return {"expired": self._world.identities.expire_sessions()}
