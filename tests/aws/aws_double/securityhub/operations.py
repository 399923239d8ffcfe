"""The operations of Security Hub that a finding provider needs."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError, denied
from ..exchange import compact
from ..limits import FINDING_BYTES, IMPORT_BYTES, UPDATE_FINDINGS, exceeded
from ..operations import Call, Operation
from ..paging import InvalidToken, page
from ..wire.restjson import schema_message
from ..world import World
from .asff import is_default_product, product_of, violations
from .filters import compile_filters, invalid, keys_of, sort
from .hub import Finding, Hub
from .upsert import update_by_customer, upsert

_PAGE = 100
_UPDATABLE = (
    "Confidence",
    "Criticality",
    "Note",
    "RelatedFindings",
    "Severity",
    "Types",
    "UserDefinedFields",
    "VerificationState",
    "Workflow",
)


def _sent(finding: Finding, outcome: str) -> dict[str, Any]:
    """What the log says of a finding that was taken."""
    return {
        "Id": finding["Id"],
        "UpdatedAt": finding["UpdatedAt"],
        "Compliance": finding.get("Compliance", {}).get("Status"),
        "RecordState": finding.get("RecordState"),
        "outcome": outcome,
    }


class SecurityHub:
    """Security Hub over the state of the double."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._recent: tuple[list[Any], int, list[Finding]] = ([], -1, [])

    def operations(self) -> dict[str, Operation]:
        """What Security Hub of the double can do."""
        return {
            "BatchImportFindings": self._import,
            "BatchUpdateFindings": self._update,
            "DescribeHub": self._describe_hub,
            "DisableSecurityHub": self._disable,
            "EnableSecurityHub": self._enable,
            "GetEnabledStandards": self._standards,
            "GetFindings": self._get,
            "ListEnabledProductsForImport": self._products,
        }

    def _hub(self, call: Call) -> Hub:
        """The region's hub, if it is enabled."""
        hub = self._world.region(call.account, call.region).hub
        if not hub.enabled:
            raise ServiceError(
                "InvalidAccessException",
                f"Account {call.account} is not subscribed to AWS Security Hub",
                401,
            )
        return hub

    def _import(self, call: Call) -> dict[str, Any]:
        hub = self._hub(call)
        findings = call.parameters["Findings"]
        if len(compact(call.parameters)) > IMPORT_BYTES:
            raise ServiceError("RequestEntityTooLargeException", "Request Too Long", 413)
        for finding in findings:
            self._check_owner(call, finding)
        hub.expire(self._world.clock)
        outcomes: dict[str, int] = {}
        failed: list[dict[str, str]] = []
        sent: list[dict[str, Any]] = []
        for finding in findings:
            if error := self._refusal(call, hub, finding):
                failed.append({"Id": str(finding.get("Id")), **error})
            else:
                outcome = upsert(hub, self._world.clock, call.region, finding)
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
                sent.append(_sent(finding, outcome))
        call.detail["sent"] = sent
        call.detail.update(findings=len(findings), failed=len(failed), **outcomes)
        return {
            "FailedCount": len(failed),
            "SuccessCount": len(findings) - len(failed),
            "FailedFindings": failed,
        }

    def _check_owner(self, call: Call, finding: Finding) -> None:
        """Another account, region or partition refuses the whole request.

        github.com/prowler-cloud/prowler/issues/867 and 618: the answer is always that of missing
        permissions.
        """
        arn = str(finding.get("ProductArn"))
        product = product_of(arn)
        if product is None:
            raise ServiceError("InvalidInputException", f'productArn: "{arn}"')
        partition = self._world.identities.accounts[call.account].partition
        here = product[0] == partition and product[1] == call.region
        own = product[2] in (None, call.account) and finding.get("AwsAccountId") == call.account
        if not here or not own:
            raise denied(call.caller.arn, "securityhub:BatchImportFindings", arn)

    def _refusal(self, call: Call, hub: Hub, finding: Finding) -> dict[str, str] | None:
        """Why one finding of a batch fails, if it does."""
        if call.fault and call.fault.hits(finding["Id"]):
            code = call.fault.code or "InternalFailure"
            return {"ErrorCode": code, "ErrorMessage": call.fault.message or "ordered failure"}
        if problem := violations(finding):
            return {"ErrorCode": "InvalidInput", "ErrorMessage": problem}
        if finding.get("Region", call.region) != call.region:
            problem = f"Region {finding['Region']} is not {call.region}"
            return {"ErrorCode": "InvalidInput", "ErrorMessage": problem}
        arn = finding["ProductArn"]
        if not is_default_product(arn) and arn not in hub.products:
            problem = f"Account {call.account} is not subscribed to the product {arn}"
            return {"ErrorCode": "InvalidAccess", "ErrorMessage": problem}
        return None

    def _update(self, call: Call) -> dict[str, Any]:
        hub = self._hub(call)
        identifiers = call.parameters["FindingIdentifiers"]
        if not 1 <= len(identifiers) <= UPDATE_FINDINGS:
            raise invalid(f"FindingIdentifiers takes 1 to {UPDATE_FINDINGS} entries.")
        changes = {n: v for n, v in call.parameters.items() if n in _UPDATABLE}
        if broken := [*exceeded(changes)]:
            raise invalid(schema_message(broken, "request"))
        hub.expire(self._world.clock)
        processed: list[dict[str, str]] = []
        unprocessed: list[dict[str, Any]] = []
        for identifier in identifiers:
            error = self._update_one(call, hub, identifier, changes)
            if error:
                code, message = error
                unprocessed.append(
                    {"FindingIdentifier": identifier, "ErrorCode": code, "ErrorMessage": message}
                )
            else:
                processed.append(identifier)
        call.detail.update(findings=len(identifiers), failed=len(unprocessed))
        return {"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}

    def _update_one(
        self, call: Call, hub: Hub, identifier: dict[str, str], changes: dict[str, Any]
    ) -> tuple[str, str] | None:
        """Updates one finding, or says why not, in the words of the service model."""
        key = (identifier["ProductArn"], identifier["Id"])
        if call.fault and call.fault.hits(identifier["Id"]):
            code = call.fault.code or "ConcurrentUpdateError"
            return code, call.fault.message or "Concurrent finding updates detected"
        if call.parameters["FindingIdentifiers"].count(identifier) > 1:
            return "DuplicatedFindingIdentifier", "Finding Identifier is duplicated"
        if key not in hub.findings:
            return "FindingNotFound", "Finding Not Found"
        finding = update_by_customer(hub, self._world.clock, key, changes)
        if len(compact(finding)) > FINDING_BYTES:
            return "FindingSizeExceeded", "Finding size exceeded 240 KB"
        hub.write(self._world.clock, key, finding)
        return None

    def _get(self, call: Call) -> dict[str, Any]:
        hub = self._hub(call)
        asked = call.parameters
        binding = [call.account, call.region, asked.get("Filters"), asked.get("SortCriteria")]
        found = self._found(hub, asked, binding)
        try:
            chosen, more = page(
                self._world.tokens,
                binding,
                found,
                asked.get("MaxResults", _PAGE),
                asked.get("NextToken"),
            )
        except InvalidToken as error:
            raise invalid(f"Invalid parameter 'NextToken'. {error}") from error
        call.detail["findings"] = len(chosen)
        return {"Findings": chosen, "NextToken": more} if more else {"Findings": chosen}

    def _found(self, hub: Hub, asked: dict[str, Any], binding: list[Any]) -> list[Finding]:
        """All findings that are asked for, in order; kept for the next page while they stand."""
        clock, lag = self._world.clock, self._world.lag_seconds
        meets = compile_filters(asked.get("Filters", {}), clock.now())
        hub.expire(clock)
        if not lag and self._recent[:2] == (binding, hub.version):
            return self._recent[2]
        named = None if lag else keys_of(asked.get("Filters", {}))
        seen = hub.seen(clock, lag) if named is None else hub.of(named)
        found = [finding for finding in seen if meets(finding)]
        found = sort(found, asked.get("SortCriteria", []))
        self._recent = (binding, hub.version, found)
        return found

    def _describe_hub(self, call: Call) -> dict[str, Any]:
        hub = self._hub(call)
        arn = self._hub_arn(call)
        if call.parameters.get("HubArn", arn) != arn:
            raise ServiceError("ResourceNotFoundException", "Hub not found", 404)
        return {
            "HubArn": arn,
            "SubscribedAt": hub.subscribed_at,
            "AutoEnableControls": True,
            "ControlFindingGenerator": "SECURITY_CONTROL",
        }

    def _enable(self, call: Call) -> dict[str, Any]:
        hub = self._world.region(call.account, call.region).hub
        if hub.enabled:
            raise ServiceError(
                "ResourceConflictException", "Account is already subscribed to Security Hub", 409
            )
        hub.configure({"enabled": True})
        return {}

    def _disable(self, call: Call) -> dict[str, Any]:
        self._hub(call).enabled = False
        return {}

    def _standards(self, call: Call) -> dict[str, Any]:
        self._hub(call)
        return {"StandardsSubscriptions": []}

    def _products(self, call: Call) -> dict[str, Any]:
        return {"ProductSubscriptions": self._hub(call).products}

    def _hub_arn(self, call: Call) -> str:
        partition = self._world.identities.accounts[call.account].partition
        return f"arn:{partition}:securityhub:{call.region}:{call.account}:hub/default"
