"""The way of one call: who asks, is it well-formed, does a fault strike, may they, the answer.

Config, Security Hub, STS and what tells of an account are answered here, in this order of checks;
every other service is passed on to moto once its caller is known.
"""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from . import model
from .accounts import Caller
from .config.operations import Config
from .config.query import types_named
from .errors import ConnectionCut, Reason, Refusal, ServiceError, denied, not_in_the_double
from .exchange import Request, Response
from .facts.operations import AccountFacts
from .faults import Faults, strike
from .log import CallLog
from .operations import Call, Operation
from .organizations import Organizations
from .passing import Passing
from .securityhub.operations import SecurityHub
from .signature import Credential, check_date, check_signature, credential_of
from .sqs.operations import Sqs
from .sts import Sts
from .throttle import Throttle
from .wire import Wire
from .wire.ec2query import Ec2Query
from .wire.json11 import Json11
from .wire.query import Query
from .wire.restjson import RestJson
from .wire.restxml import RestXml
from .world import World

_UNSIGNED = "AssumeRoleWithWebIdentity"
_ANYONE = Caller("", "anonymous", "")


@dataclass(frozen=True)
class Service:
    """A service that the double answers itself."""

    name: str
    wire: Wire
    operations: dict[str, Operation]
    #: Shapes that the operation itself checks, as it refuses them one by one.
    opaque: frozenset[str] = frozenset()
    #: Whether moto answers the operations that the double does not.
    passes_on: bool = False
    #: Whether its operations keep others from working meanwhile; else they have a lock of their own.
    locks: bool = True
    #: The actions of policies that allow operations, where they have other names.
    actions: dict[str, str] = field(default_factory=dict)

    def answers(self, request: Request) -> bool:
        """Whether the double itself answers a call."""
        if not self.passes_on:
            return True
        try:
            return self.wire.operation_of(request) in self.operations
        except ServiceError:
            return False

    def action(self, operation: str) -> str:
        """What a policy has to allow for an operation."""
        return self.actions.get(operation, f"{self.name}:{operation}")


class Pipeline:
    """Answers AWS calls over the state of the double."""

    def __init__(
        self, world: World, throttle: Throttle, faults: Faults, log: CallLog, lock: threading.RLock
    ) -> None:
        self._world = world
        self._throttle = throttle
        self._faults = faults
        self._log = log
        self._lock = lock
        self._passing = Passing(world.identities, faults)
        self._services = {
            "config": Service("config", Json11("config"), Config(world).operations()),
            "securityhub": Service(
                "securityhub",
                RestJson("securityhub"),
                SecurityHub(world).operations(),
                frozenset({"AwsSecurityFinding"}),
            ),
            "sts": Service("sts", Query("sts"), Sts(world.identities).operations()),
            "sqs": Service(
                "sqs",
                Json11("sqs"),
                Sqs(world.queues).operations(),
                passes_on=True,
                locks=False,
                actions={"DeleteMessageBatch": "sqs:DeleteMessage"},
            ),
            **_facts(world),
        }

    def answer(self, request: Request) -> Response:
        """The response to any AWS call."""
        started = time.monotonic()
        name = _service_of(request)
        entry: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **dict.fromkeys(("operation", "account", "region"), ""),
            "service": name,
            "requestBytes": len(request.body),
        }
        service = self._services.get(name)
        try:
            if service is None or not service.answers(request):
                response, outcome = self._passing.answer(request, entry)
            else:
                response, outcome = self._answered(service, request, entry)
                response.headers["x-amzn-RequestId"] = str(uuid4())
        except ConnectionCut:
            self._finish(entry, started, "ConnectionCut", None)
            raise
        self._finish(entry, started, outcome, response)
        return response

    def reset_moto(self) -> None:
        """Forgets what moto's services hold."""
        self._passing.reset()

    def _answered(
        self, service: Service, request: Request, entry: dict[str, Any]
    ) -> tuple[Response, str]:
        try:
            return self._performed(service, request, entry), "ok"
        except Refusal as refusal:
            code, status = service.wire.codes[refusal.reason]
            return service.wire.render_error(code, refusal.message, status), code
        except ServiceError as error:
            response = service.wire.render_error(error.code, error.message, error.status)
            return response, error.code

    def _performed(self, service: Service, request: Request, entry: dict[str, Any]) -> Response:
        operation = entry["operation"] = service.wire.operation_of(request)
        unsigned = operation == _UNSIGNED
        credential = None if unsigned else credential_of(request)
        entry["region"] = credential.region if credential else "us-east-1"
        caller = self._identify(request, credential) if credential else _ANYONE
        entry.update(account=caller.account, caller=caller.arn)
        parameters = self._checked(service, operation, request)
        call = Call(service.name, operation, caller, entry["region"], parameters)
        entry["detail"] = call.detail
        self._strike(call)
        self._admit(call, service.action(operation))
        perform = service.operations.get(operation)
        if perform is None:
            raise not_in_the_double(f"{service.name}:{operation}")
        with self._lock if service.locks else nullcontext():
            result = perform(call)
        response = service.wire.render(operation, result)
        return _broken(call, response)

    def _identify(self, request: Request, credential: Credential) -> Caller:
        caller, secret = self._world.identities.identify(
            credential, request.header("x-amz-security-token")
        )
        check_date(request, credential, datetime.now(UTC))
        check_signature(request, credential, secret)
        return caller

    def _checked(self, service: Service, operation: str, request: Request) -> dict[str, Any]:
        parameters = service.wire.parameters_of(operation, request)
        found = model.operation(service.name, operation)
        shape = found.input_shape if found else None
        violations = [*model.check(shape, parameters, (), service.opaque)]
        if violations:
            raise service.wire.refuse(operation, violations)
        return {name: value for name, value in parameters.items() if value is not None}

    def _strike(self, call: Call) -> None:
        """Lets an ordered fault strike, or leaves it with the call for later."""
        matched = {
            "service": call.service,
            "operation": call.operation,
            "account": call.account,
            "region": call.region,
        }
        call.fault = self._faults.draw(matched, _resource_types(call))
        if call.fault:
            call.detail["fault"] = call.fault.kind
            strike(call.fault, call.account)

    def _admit(self, call: Call, action: str) -> None:
        if call.service != "sts" and not call.caller.may(action):
            raise denied(call.caller.arn, action)
        if not self._throttle.admits(call.service, call.operation, call.account, call.region):
            raise Refusal(Reason.THROTTLED, "Rate exceeded")

    def _finish(
        self, entry: dict[str, Any], started: float, outcome: str, response: Response | None
    ) -> None:
        entry["outcome"] = outcome
        entry["status"] = response.status if response else 0
        entry["responseBytes"] = len(response.body) if response else 0
        entry["milliseconds"] = round((time.monotonic() - started) * 1000, 1)
        self._log.record(entry)


def _facts(world: World) -> dict[str, Service]:
    """The services that tell of an account; moto has the rest of IAM and EC2."""
    facts = AccountFacts(world)
    block = {"GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock"}
    services = [
        Service("iam", Query("iam"), facts.iam(), passes_on=True),
        Service("ec2", Ec2Query("ec2"), facts.ec2(), passes_on=True),
        Service("s3control", RestXml("s3control"), facts.s3control(), actions=block),
        Service("account", RestJson("account"), facts.account()),
        Service(
            "organizations",
            Json11("organizations"),
            {**facts.organizations(), **Organizations(world).operations()},
        ),
        Service("macie2", RestJson("macie2"), facts.macie2()),
        Service("inspector2", RestJson("inspector2"), facts.inspector2()),
        Service("logs", Json11("logs"), facts.logs()),
        Service("shield", Json11("shield"), facts.shield()),
    ]
    return {service.name: service for service in services}


def _service_of(request: Request) -> str:
    """The service by the credential's scope; unsigned calls by what only one service says."""
    header = request.header("authorization")
    scope = header.partition("Credential=")[2].split(",")[0].split("/")
    if len(scope) >= 5:
        is_control = scope[-2] == "s3" and request.path.startswith("/v20180820/")
        return "s3control" if is_control else scope[-2]
    if request.header("x-amz-target").startswith("StarlingDoveService."):
        return "config"
    if request.path.startswith("/findings") or request.path == "/accounts":
        return "securityhub"
    is_form = request.header("content-type").startswith("application/x-www-form-urlencoded")
    return "sts" if is_form and request.path == "/" else "s3"


def _resource_types(call: Call) -> set[str]:
    """The resource types that a call of AWS Config is about."""
    asked = call.parameters
    if "Expression" in asked:
        return types_named(asked["Expression"])
    if "resourceKeys" in asked:
        return {key["resourceType"] for key in asked["resourceKeys"]}
    return {asked["resourceType"]} if "resourceType" in asked else set()


def _broken(call: Call, response: Response) -> Response:
    """A response that an ordered cut loses after the call was done, whole or half."""
    if call.fault and call.fault.kind == "cut":
        if call.fault.when == "after":
            raise ConnectionCut
        response.cut_body = True
    return response
