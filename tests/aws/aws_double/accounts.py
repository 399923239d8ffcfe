"""Who may call: accounts, their access keys, roles, and the sessions that STS gave out."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .clock import Clock
from .errors import Reason, Refusal
from .signature import Credential

_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Caller:
    """The identity behind a request; `actions` of `None` allow everything."""

    account: str
    arn: str
    user_id: str
    actions: tuple[str, ...] | None = None

    def may(self, action: str) -> bool:
        """Whether the caller's policies allow an action such as `config:SelectResourceConfig`."""
        return self.actions is None or any(fnmatchcase(action, a) for a in self.actions)


@dataclass
class Role:
    """A role: whom it trusts, on which condition, and what it may do."""

    name: str
    external_id: str | None = None
    trusted: list[str] | None = None
    actions: tuple[str, ...] | None = None
    max_session_seconds: int = 3600
    may_tag_session: bool = True

    @classmethod
    def of(cls, name: str, given: dict[str, Any]) -> Role:
        """Reads a role of the state file."""
        actions = given.get("actions")
        return cls(
            name,
            given.get("externalId"),
            given.get("trusted"),
            tuple(actions) if actions is not None else None,
            given.get("maxSessionSeconds", 3600),
            given.get("maySessionTag", True),
        )


@dataclass
class Account:
    """One account's identities."""

    id: str
    partition: str = "aws"
    access_keys: dict[str, str] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """Temporary credentials; `known_until` is what the holder was told."""

    access_key: str
    secret: str
    token: str
    caller: Caller
    expires: float
    known_until: float


class Identities:
    """Every account, and the sessions that are out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.accounts: dict[str, Account] = {}
        self._sessions: dict[str, Session] = {}
        #: Sessions end this soon whatever was asked for, though their holders are not told.
        self.session_seconds: float | None = None

    def clear(self) -> None:
        """Forgets every account and session."""
        self.accounts.clear()
        self._sessions.clear()
        self.session_seconds = None

    def open_session(self, caller: Caller, seconds: float) -> Session:
        """Gives out new temporary credentials for the caller."""
        now = self._clock.seconds()
        life = min(seconds, self.session_seconds or seconds)
        session = Session(
            "ASIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(240),
            caller,
            now + life,
            now + seconds,
        )
        self._sessions[session.access_key] = session
        return session

    def expire_sessions(self) -> int:
        """Ends all sessions now, against what their holders were told; says how many."""
        ended = len(self._sessions)
        for key, session in self._sessions.items():
            self._sessions[key] = Session(
                key, session.secret, session.token, session.caller, 0.0, session.known_until
            )
        return ended

    def identify(self, credential: Credential, token: str) -> tuple[Caller, str]:
        """The caller and the secret behind an access key, or a refusal."""
        session = self._sessions.get(credential.access_key)
        if session and session.token == token:
            if session.expires <= self._clock.seconds():
                raise Refusal(
                    Reason.EXPIRED, "The security token included in the request is expired"
                )
            return session.caller, session.secret
        for account in self.accounts.values():
            secret = account.access_keys.get(credential.access_key)
            if secret is not None and not token:
                return user_of(account), secret
        raise Refusal(Reason.UNKNOWN_KEY, "The security token included in the request is invalid.")


def user_of(account: Account) -> Caller:
    """The IAM user to whom an account's access keys belong."""
    arn = f"arn:{account.partition}:iam::{account.id}:user/operator"
    return Caller(account.id, arn, f"AIDA{account.id}OPER")


def role_session(account: Account, role: Role, session_name: str) -> Caller:
    """The caller that holds a session of the role."""
    prefix = f"arn:{account.partition}:sts::{account.id}:assumed-role"
    role_id = "AROA" + "".join(c for c in role.name.upper() if c.isalnum())[:12].ljust(12, "X")
    return Caller(
        account.id,
        f"{prefix}/{role.name}/{session_name}",
        f"{role_id}:{session_name}",
        role.actions,
    )
