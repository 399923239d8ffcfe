"""An organization as its management account and delegated administrators read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import FIRST, SECOND, Aws, error_of

UNITS = {
    "ou-exam-workload": {"name": "Workloads", "parent": "r-exam"},
    "ou-exam-prodprod": {"name": "Production", "parent": "ou-exam-workload"},
}


@pytest.fixture(autouse=True)
def organization(aws: Aws) -> Iterator[None]:
    declare(aws)
    yield


def declare(aws: Aws, **more: Any) -> None:
    accounts = {
        f"{number:012}": {"name": f"account-{number}", "parent": "ou-exam-prodprod"}
        for number in range(40)
    }
    accounts[FIRST] = {"name": "first", "tags": {"env": "prod"}, "state": "SUSPENDED"}
    given = {
        "id": "o-exampleorgid", "managementAccount": FIRST, "units": UNITS, "accounts": accounts,
    }
    aws.control("PATCH", "organizations", {"organizations": [{**given, **more}]})


def test_accounts_come_in_pages_of_twenty_with_state_and_path(aws: Aws) -> None:
    """organizations/latest/APIReference/API_ListAccounts."""
    organizations = aws.client("organizations")
    first = organizations.list_accounts(MaxResults=20)
    assert len(first["Accounts"]) == 20
    assert error_of(organizations.list_accounts, MaxResults=21)[2] == 400
    pages = list(organizations.get_paginator("list_accounts").paginate())
    accounts = [account for page in pages for account in page["Accounts"]]
    assert (len(pages), len(accounts)) == (3, 41)
    path = "o-exampleorgid/r-exam/ou-exam-workload/ou-exam-prodprod/000000000000/"
    assert accounts[0]["Paths"] == [path]
    assert accounts[-1]["State"] == "SUSPENDED"
    assert error_of(organizations.list_accounts, NextToken="x")[0] == "InvalidInputException"
    declare(aws, beginsEmpty=True)
    empty = organizations.list_accounts()
    assert empty["Accounts"] == [] and empty["NextToken"]


def test_units_below_another_are_listed(aws: Aws) -> None:
    """organizations/latest/APIReference/API_ListOrganizationalUnitsForParent."""
    organizations = aws.client("organizations")
    units = organizations.list_organizational_units_for_parent
    assert [one["Name"] for one in units(ParentId="r-exam")["OrganizationalUnits"]] == ["Workloads"]
    below = units(ParentId="ou-exam-workload")["OrganizationalUnits"]
    assert [one["Id"] for one in below] == ["ou-exam-prodprod"]
    code, _, _ = error_of(units, ParentId="ou-exam-elsewher")
    assert code == "ParentNotFoundException"


def test_tags_of_an_account_are_told(aws: Aws) -> None:
    """organizations/latest/APIReference/API_ListTagsForResource."""
    organizations = aws.client("organizations")
    tags = organizations.list_tags_for_resource(ResourceId=FIRST)["Tags"]
    assert tags == [{"Key": "env", "Value": "prod"}]
    code, _, _ = error_of(organizations.list_tags_for_resource, ResourceId="999999999999")
    assert code == "TargetNotFoundException"


def test_only_the_management_account_and_delegated_administrators_read_it(aws: Aws) -> None:
    """organizations/latest/APIReference/API_ListAccounts."""
    member = aws.client("organizations", account=SECOND)
    assert error_of(member.list_accounts)[0] == "AWSOrganizationsNotInUseException"
    accounts = {SECOND: {"name": "second"}}
    declare(aws, accounts=accounts)
    assert error_of(member.list_accounts)[0] == "AccessDeniedException"
    declare(aws, accounts=accounts, delegatedAdministrators=[SECOND])
    assert len(member.list_accounts()["Accounts"]) == 2


def test_an_account_tells_which_regions_it_has_enabled(aws: Aws) -> None:
    """accounts/latest/reference/API_ListRegions."""
    account = aws.client("account")
    facts = {"regionStatus": {"af-south-1": "ENABLED", "eu-west-3": "DISABLED"}}
    aws.control("PATCH", "facts", {"account": FIRST, "facts": facts})
    pages = account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 10})
    status = {one["RegionName"]: one["RegionOptStatus"] for page in pages for one in page["Regions"]}
    assert (status["af-south-1"], status["eu-west-1"]) == ("ENABLED", "ENABLED_BY_DEFAULT")
    assert (status["eu-west-3"], status["me-south-1"]) == ("DISABLED", "DISABLED")
    assert error_of(account.list_regions, AccountId=SECOND)[0] == "AccessDeniedException"
