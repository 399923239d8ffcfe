"""STS: sessions of roles, with the checks that a role's trust policy makes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from .accounts import Account, Caller, Identities, Role, Session, role_session
from .clock import iso
from .errors import ServiceError, denied
from .operations import Call, Operation

_ROLE_ARN = re.compile(r"arn:([\w-]+):iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]+)")


class Sts:
    """`AssumeRole`, `AssumeRoleWithWebIdentity` and `GetCallerIdentity`."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def operations(self) -> dict[str, Operation]:
        """What STS of the double can do."""
        return {
            "AssumeRole": self._assume_role,
            "AssumeRoleWithWebIdentity": self._assume_role_with_web_identity,
            "GetCallerIdentity": self._get_caller_identity,
        }

    def _get_caller_identity(self, call: Call) -> dict[str, Any]:
        caller = call.caller
        return {"Account": caller.account, "Arn": caller.arn, "UserId": caller.user_id}

    def _assume_role(self, call: Call) -> dict[str, Any]:
        parameters = call.parameters
        account, role = self._trusting_role(call)
        if role.external_id is not None and parameters.get("ExternalId") != role.external_id:
            raise denied(call.caller.arn, "sts:AssumeRole", parameters["RoleArn"])
        if parameters.get("Tags") and not role.may_tag_session:
            raise denied(call.caller.arn, "sts:TagSession", parameters["RoleArn"])
        session = self._open(call, account, role)
        call.detail["tags"] = {t["Key"]: t["Value"] for t in parameters.get("Tags", [])}
        return {**_credentials(session), "PackedPolicySize": 1}

    def _assume_role_with_web_identity(self, call: Call) -> dict[str, Any]:
        account, role = self._trusting_role(call)
        if call.parameters["WebIdentityToken"].count(".") != 2:
            raise ServiceError(
                "InvalidIdentityToken",
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an "
                "Access Token)",
            )
        session = self._open(call, account, role)
        return {**_credentials(session), "SubjectFromWebIdentityToken": "web-identity-subject"}

    def _trusting_role(self, call: Call) -> tuple[Account, Role]:
        """The role that is asked for, if it is there and trusts the caller."""
        arn = call.parameters["RoleArn"]
        match = _ROLE_ARN.fullmatch(arn)
        if not match:
            raise ServiceError("ValidationError", f"{arn} is invalid")
        account = self._identities.accounts.get(match[2])
        role = account.roles.get(match[3]) if account else None
        if not account or not role or not _trusts(role, call.caller):
            raise denied(call.caller.arn, f"sts:{call.operation}", arn)
        return account, role

    def _open(self, call: Call, account: Account, role: Role) -> Session:
        parameters = call.parameters
        seconds = parameters.get("DurationSeconds", 3600)
        longest = 3600 if ":assumed-role/" in call.caller.arn else role.max_session_seconds
        if seconds > longest:
            raise ServiceError(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            )
        name = parameters["RoleSessionName"]
        call.detail.update(role=parameters["RoleArn"], sessionName=name, seconds=seconds)
        return self._identities.open_session(role_session(account, role, name), seconds)


def _trusts(role: Role, caller: Caller) -> bool:
    return role.trusted is None or caller.account in role.trusted or caller.arn in role.trusted


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "Credentials": {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.known_until,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.caller.user_id, "Arn": session.caller.arn},
    }


def container_credentials(
    identities: Identities, account_id: str, role_name: str
) -> dict[str, Any]:
    """What the credential endpoint of ECS and EKS Pod Identity answers to a container."""
    account = identities.accounts[account_id]
    caller = role_session(account, account.roles[role_name], "container")
    session = identities.open_session(caller, 3600)
    return {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": session.secret,
        "Token": session.token,
        "AccountId": account_id,
        "Expiration": iso(datetime.fromtimestamp(session.known_until, UTC)),
    }
