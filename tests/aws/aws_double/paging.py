"""Paging tokens: opaque, bound to the request that they continue, and expiring.

A token is refused when anything but the page size changed since it was given, when it was altered,
and when it is older than its life.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from .clock import Clock


class InvalidToken(Exception):
    """The token was not given for this request, was altered, or has expired."""


class Tokens:
    """Gives out tokens and takes them back."""

    def __init__(self, clock: Clock, life_seconds: float = 3600.0) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self.life_seconds = life_seconds

    def issue(self, request: Any, position: Any) -> str:
        """A token that continues `request` (any JSON value) at `position`."""
        body = json.dumps(
            [_digest(request), position, self._clock.seconds() + self.life_seconds]
        ).encode()
        return base64.urlsafe_b64encode(self._seal(body) + body).decode()

    def redeem(self, request: Any, token: str) -> Any:
        """The position that the token holds."""
        try:
            raw = base64.urlsafe_b64decode(token.encode())
        except ValueError as error:
            raise InvalidToken("not a token") from error
        seal, body = raw[:16], raw[16:]
        if not hmac.compare_digest(seal, self._seal(body)):
            raise InvalidToken("altered")
        digest, position, expires = json.loads(body)
        if digest != _digest(request):
            raise InvalidToken("given for another request")
        if expires < self._clock.seconds():
            raise InvalidToken("expired")
        return position

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:16]


def _digest(request: Any) -> str:
    text = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def page(
    tokens: Tokens, request: Any, entries: list[Any], size: int, token: str | None
) -> tuple[list[Any], str | None]:
    """Cuts one page out of a list that stands still, and the token for the next."""
    start = tokens.redeem(request, token) if token else 0
    following = start + size
    more = tokens.issue(request, following) if following < len(entries) else None
    return entries[start:following], more
