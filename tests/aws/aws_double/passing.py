"""Calls of services that the double does not answer itself: checked for their caller, then moto's.

Faults strike here too. The operation of such a call is what `X-Amz-Target` names, else its method.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .accounts import Identities
from .errors import Refusal, ServiceError
from .exchange import Request, Response
from .faults import Fault, Faults, strike
from .moto_backend import MotoBackend
from .signature import check_date, credential_of


class Passing:
    """The way of a call to moto."""

    def __init__(self, identities: Identities, faults: Faults) -> None:
        self._identities = identities
        self._faults = faults
        self._moto = MotoBackend()

    def answer(self, request: Request, entry: dict[str, Any]) -> tuple[Response, str]:
        """moto's answer, or that of the service to a caller who is not known; and the outcome."""
        target = request.header("x-amz-target").rpartition(".")[2]
        entry["operation"] = target or request.method
        try:
            account = self._account(request, entry)
            if request.parameter("list-type"):  # `ListObjectsV2`, which is told from other reads by it
                entry["detail"] = {"prefix": request.parameter("prefix") or ""}
            fault = self._strike(entry)
            response = self._moto.elsewhere(request, entry["region"])
            response = response or self._moto.answer(request, account)
            response.cut_body = fault is not None and fault.kind == "cut"
            return response, "ok" if response.status < 300 else str(response.status)
        except Refusal as refusal:
            return self._moto.refuse(request, refusal)
        except ServiceError as error:
            return self._moto.fail(request, error), error.code

    def reset(self) -> None:
        """Forgets what moto's services hold."""
        self._moto.reset()

    def _account(self, request: Request, entry: dict[str, Any]) -> str | None:
        """The account of a signed call; what is not signed (a public object, say) has none."""
        if not request.header("authorization"):
            return None
        credential = credential_of(request)
        token = request.header("x-amz-security-token")
        caller, _ = self._identities.identify(credential, token)
        entry.update(region=credential.region, account=caller.account, caller=caller.arn)
        check_date(request, credential, datetime.now(UTC))
        return caller.account

    def _strike(self, entry: dict[str, Any]) -> Fault | None:
        matched = {n: str(entry[n]) for n in ("service", "operation", "account", "region")}
        fault = self._faults.draw(matched, set())
        if fault:
            entry["detail"] = {**entry.get("detail", {}), "fault": fault.kind}
            strike(fault, str(entry["account"]))
        return fault
