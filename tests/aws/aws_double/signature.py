"""Signature Version 4: who signed a request, for which service and region, and whether truly so.

The signature is computed again from the secret and compared, as AWS does. Only the services that
the double answers itself are compared; those passed on to moto are identified but not verified,
because S3 signs in ways of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from .errors import Reason, Refusal
from .exchange import Request
from .limits import CLOCK_SKEW_SECONDS

ALGORITHM = "AWS4-HMAC-SHA256"
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})"
)
_DATE = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Credential:
    """What the Authorization header says, taken apart."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def credential_of(request: Request) -> Credential:
    """Reads the Authorization header, or refuses the request."""
    header = request.header("authorization")
    if not header:
        raise Refusal(Reason.MISSING_TOKEN, "Missing Authentication Token")
    match = _HEADER.fullmatch(header)
    parts = match[1].split("/") if match else []
    if not match or len(parts) != 5 or parts[4] != "aws4_request":
        raise Refusal(
            Reason.INCOMPLETE_SIGNATURE,
            "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' "
            "parameters, and a credential scope of date/region/service/aws4_request.",
        )
    key, date, region, service, _ = parts
    return Credential(key, date, region, service, tuple(match[2].split(";")), match[3])


def check_date(request: Request, credential: Credential, now: datetime) -> None:
    """Refuses a request whose date is missing, ill-formed, or more than five minutes off."""
    text = request.header("x-amz-date")
    try:
        signed = datetime.strptime(text, _DATE).replace(tzinfo=UTC)
    except ValueError as error:
        raise Refusal(
            Reason.INCOMPLETE_SIGNATURE,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ) from error
    if not text.startswith(credential.date):
        raise Refusal(
            Reason.WRONG_SIGNATURE,
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            f"from HTTP: '{credential.date}' != '{text[:8]}'",
        )
    tolerance = timedelta(seconds=CLOCK_SKEW_SECONDS)
    here = now.strftime(_DATE)
    if signed < now - tolerance:
        edge = (now - tolerance).strftime(_DATE)
        raise Refusal(
            Reason.SKEWED,
            f"Signature expired: {text} is now earlier than {edge} ({here} - 5 min.)",
        )
    if signed > now + tolerance:
        edge = (now + tolerance).strftime(_DATE)
        raise Refusal(
            Reason.SKEWED,
            f"Signature not yet current: {text} is still later than {edge} ({here} + 5 min.)",
        )


def check_signature(request: Request, credential: Credential, secret: str) -> None:
    """Refuses a request whose signature is not the one that the secret gives."""
    if "host" not in credential.signed_headers:
        raise Refusal(
            Reason.WRONG_SIGNATURE, "'Host' must be a 'SignedHeader' in the AWS Authorization."
        )
    scope = f"{credential.date}/{credential.region}/{credential.service}/aws4_request"
    canonical = _canonical_request(request, credential.signed_headers)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([ALGORITHM, request.header("x-amz-date"), scope, digest])
    key = _signing_key(secret, credential.date, credential.region, credential.service)
    computed = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(computed, credential.signature):
        raise Refusal(
            Reason.WRONG_SIGNATURE,
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service "
            "documentation for details.",
        )


def _canonical_request(request: Request, signed_headers: tuple[str, ...]) -> str:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    encoded = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in pairs)
    headers = [f"{name}:{' '.join(request.header(name).split())}" for name in signed_headers]
    return "\n".join(
        [
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{k}={v}" for k, v in encoded),
            *headers,
            "",
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
