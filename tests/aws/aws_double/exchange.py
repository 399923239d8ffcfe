"""One HTTP request and its response, as the double passes them around."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """A request as it came in; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """The header's value, or an empty string."""
        return self.headers.get(name, "")

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter of the query string."""
        values = parse_qs(self.query).get(name)
        return values[0] if values else None


@dataclass
class Response:
    """What is sent back; with `cut_body` the connection breaks half way through the body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_body: bool = False


_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def compact(value: Any) -> bytes:
    """JSON without spaces, in UTF-8, as AWS sends it."""
    return _ENCODE(value).encode()


def json_response(value: Any, status: int = 200) -> Response:
    """A plain JSON answer, for the control paths."""
    return Response(status, {"Content-Type": "application/json"}, compact(value))
