"""AWS Organizations: its accounts and units, as the management account and delegated administrators
see them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from .errors import ServiceError, denied
from .limits import ORGANIZATION_ENTRIES, ORGANIZATION_TAGS
from .operations import Call, Operation
from .paging import InvalidToken, page

if TYPE_CHECKING:
    from .world import World


@dataclass
class Unit:
    """An organizational unit: its name, and the unit or root above it."""

    name: str
    parent: str


@dataclass
class Member:
    """An account of an organization; `parent` is the root where none is named."""

    name: str
    parent: str | None = None
    state: str = "ACTIVE"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Organization:
    """An organization, as a state file gives it."""

    id: str
    managementAccount: str
    root: str = "r-exam"
    delegatedAdministrators: list[str] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)
    accounts: dict[str, Member] = field(default_factory=dict)
    #: Whether a list begins with a page without entries, as AWS's may.
    beginsEmpty: bool = False
    #: Whether accounts are listed with their paths.
    tellsPaths: bool = True

    @classmethod
    def of(cls, given: dict[str, Any]) -> Organization:
        """Reads an organization of the state file; an unknown key is an error."""
        if unknown := set(given) - {one.name for one in fields(cls)}:
            raise ValueError(f"an organization knows no {sorted(unknown)}")
        made = cls(**given)
        made.units = {one: Unit(**unit) for one, unit in given.get("units", {}).items()}
        made.accounts = {one: Member(**it) for one, it in given.get("accounts", {}).items()}
        made.accounts.setdefault(made.managementAccount, Member("management"))
        return made

    def path(self, parent: str | None) -> str:
        """The ids from the organization down to a unit, each with a slash behind it."""
        units: list[str] = []
        while parent in self.units:
            units.insert(0, f"{parent}/")
            parent = self.units[parent].parent
        return f"{self.id}/{self.root}/" + "".join(units)


class Organizations:
    """The operations that read an organization, over the state of the double."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> dict[str, Operation]:
        """What reads organizations."""
        return {
            "ListAccounts": self._accounts,
            "ListOrganizationalUnitsForParent": self._units,
            "ListTagsForResource": self._tags,
        }

    def _organization(self, call: Call) -> Organization:
        for organization in self._world.organizations:
            if call.account not in organization.accounts:
                continue
            administrators = organization.delegatedAdministrators
            if call.account in (organization.managementAccount, *administrators):
                return organization
            raise denied(call.caller.arn, f"organizations:{call.operation}")
        raise ServiceError(
            "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
        )

    def _accounts(self, call: Call) -> dict[str, Any]:
        organization = self._organization(call)
        home = organization.managementAccount
        partition = self._world.identities.accounts[call.account].partition
        prefix = f"arn:{partition}:organizations::{home}:account/{organization.id}"
        accounts = []
        for one, member in organization.accounts.items():
            account = {
                "Id": one,
                "Arn": f"{prefix}/{one}",
                "Email": f"CANARY-{one}@example.com",
                "Name": member.name,
                "State": member.state,
                "JoinedMethod": "CREATED",
                "JoinedTimestamp": 1700000000.0,
            }
            if organization.tellsPaths:
                account["Paths"] = [f"{organization.path(member.parent)}{one}/"]
            accounts.append(account)
        return self._page(call, organization, "Accounts", accounts)

    def _units(self, call: Call) -> dict[str, Any]:
        organization = self._organization(call)
        parent = call.parameters["ParentId"]
        if parent != organization.root and parent not in organization.units:
            text = "You specified parent that doesn't exist."
            raise ServiceError("ParentNotFoundException", text)
        home = organization.managementAccount
        prefix = f"arn:aws:organizations::{home}:ou/{organization.id}"
        units = [
            {"Id": one, "Arn": f"{prefix}/{one}", "Name": unit.name, "Path": organization.path(one)}
            for one, unit in organization.units.items()
            if unit.parent == parent
        ]
        return self._page(call, organization, "OrganizationalUnits", units)

    def _tags(self, call: Call) -> dict[str, Any]:
        organization = self._organization(call)
        member = organization.accounts.get(call.parameters["ResourceId"])
        if member is None:
            text = "You specified a target that doesn't exist."
            raise ServiceError("TargetNotFoundException", text)
        tags = [{"Key": key, "Value": value} for key, value in member.tags.items()]
        return self._page(call, organization, "Tags", tags, ORGANIZATION_TAGS)

    def _page(
        self,
        call: Call,
        organization: Organization,
        name: str,
        entries: list[dict[str, Any]],
        most: int = ORGANIZATION_ENTRIES,
    ) -> dict[str, Any]:
        asked = call.parameters
        size = asked.get("MaxResults", most)
        binding = [call.account, call.operation, asked.get("ParentId"), asked.get("ResourceId")]
        token = asked.get("NextToken")
        try:
            if organization.beginsEmpty and token is None:
                first = self._world.tokens.issue(binding, 0)
                return {name: [], "NextToken": first}
            chosen, more = page(self._world.tokens, binding, entries, size, token)
        except InvalidToken as error:
            text = f"You provided an invalid NextToken. INVALID_NEXT_TOKEN: {error}"
            raise ServiceError("InvalidInputException", text) from error
        return {name: chosen, **({"NextToken": more} if more else {})}
