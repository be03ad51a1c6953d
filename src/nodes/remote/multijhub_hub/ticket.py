"""The router's one-time pass for one user, one node, one browser. Pure: keys, clock and verifier are given."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import threading
from dataclasses import dataclass
from typing import Any, Callable

from .gpu_grant import parse_grant
from .permits import Permit

HEADER = {"alg": "EdDSA", "typ": "multijhub-ticket"}
LIFETIME_S = 30
LEEWAY_S = 5  # how far the router's idea of this node's clock may be ahead
LONGEST = 4096

Verify = Callable[[str, bytes, bytes], bool]
"""(public key as PEM, signature, message) -> whether the signature is good."""


class TicketRefused(Exception):
    """Why a ticket was not accepted, in words fit for the user's page."""


@dataclass(frozen=True)
class Ticket:
    user: str
    use: str
    nonce_hash: str | None
    session: str | None
    groups: list[str] | None
    start: Permit | None = None


class TicketGate:
    """Accepts each good ticket of one node once. It forgets with its process, so it refuses older tickets than that.
    `age` says for how many seconds the process has run, by a clock that nobody sets: a node whose time is put right
    by minutes goes on accepting tickets."""

    def __init__(self, node: str, keys: list[str], verify: Verify, age: Callable[[], float]) -> None:
        self._node, self._keys, self._verify, self._age = node, keys, verify, age
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def accept(self, token: str, use: str, now: float, nonce: str | None = None) -> Ticket:
        """The ticket, which is thereby used up. A "login" ticket needs the nonce of its browser. Raises TicketRefused."""
        claims = self._claims(token)
        self._check_claims(claims, use, now)
        ticket = _ticket(claims)
        if use == "login":
            _check_nonce(ticket, nonce)
        self._use_up(claims, now)
        return ticket

    def _claims(self, token: str) -> dict[str, Any]:
        if not token:
            raise TicketRefused("there is no ticket")
        parts = token.split(".")
        if len(token) > LONGEST or len(parts) != 3:
            raise TicketRefused("it is malformed")
        header, payload, signature = parts
        if _decode_json(header) != HEADER:
            raise TicketRefused("it is malformed")
        message = f"{header}.{payload}".encode()
        raw = _decode(signature)
        if not any(self._verify(key, raw, message) for key in self._keys):
            raise TicketRefused("its signature is not the router's")
        claims = _decode_json(payload)
        if not isinstance(claims, dict):
            raise TicketRefused("it is malformed")
        return claims

    def _check_claims(self, claims: dict[str, Any], use: str, now: float) -> None:
        if claims.get("aud") != self._node:
            raise TicketRefused("it is for another node")
        if claims.get("use") != use:
            raise TicketRefused("it is for another use")
        issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
        if issued > now + LEEWAY_S:
            raise TicketRefused(
                f"it was issued {issued - now:.0f} s in the future: the clocks of router and node differ"
            )
        if expires < now:
            raise TicketRefused(
                f"it expired {now - expires:.0f} s ago: an old link, or the clocks of router and node differ"
            )
        if expires - issued > LIFETIME_S:
            raise TicketRefused("it lives too long")
        if issued < math.floor(now - self._age()):  # tickets count whole seconds
            raise TicketRefused("it is older than this hub")

    def _use_up(self, claims: dict[str, Any], now: float) -> None:
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti:
            raise TicketRefused("it is malformed")
        with self._lock:
            self._seen = {known: expires for known, expires in self._seen.items() if expires >= now}
            if jti in self._seen:
                raise TicketRefused("it was used before")
            self._seen[jti] = float(claims["exp"])


def session_id(session: str, node: str) -> str:
    """The hub's id for a router session: stable, so that sign-out finds it, and of no use on another node."""
    return hashlib.sha256(f"{session}\0{node}".encode()).hexdigest()


def nonce_hash(nonce: str) -> str:
    """base64url(sha256(nonce)) without padding, as the ticket's `bnd` holds it."""
    return base64.urlsafe_b64encode(hashlib.sha256(nonce.encode()).digest()).rstrip(b"=").decode()


def _check_nonce(ticket: Ticket, nonce: str | None) -> None:
    if not nonce:
        raise TicketRefused("this browser did not ask for it, or keeps no cookies")
    if not ticket.nonce_hash or not hmac.compare_digest(ticket.nonce_hash.encode(), nonce_hash(nonce).encode()):
        raise TicketRefused("it belongs to another browser")


def _ticket(claims: dict[str, Any]) -> Ticket:
    groups = claims.get("groups")
    if groups is not None and not (isinstance(groups, list) and all(isinstance(name, str) for name in groups)):
        raise TicketRefused("it is malformed")
    user = _optional_text(claims, "sub")
    if not user or len(user) > 255:
        raise TicketRefused("it names no user")
    nonce, session = _optional_text(claims, "bnd"), _optional_text(claims, "sid")
    return Ticket(user, claims["use"], nonce, session, groups, _permit(claims.get("start")))


def _permit(start: Any) -> Permit | None:
    if start is None:
        return None
    if not isinstance(start, dict) or not isinstance(start.get("server"), str):
        raise TicketRefused("it is malformed")
    try:
        return Permit(start["server"], _optional_text(start, "supersedes"), parse_grant(start.get("gpus")))
    except ValueError as failure:
        raise TicketRefused("it is malformed") from failure


def _optional_text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise TicketRefused("it is malformed")
    return value


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TicketRefused("it is malformed")
    return float(value)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as failure:
        raise TicketRefused("it is malformed") from failure


def _decode_json(text: str) -> Any:
    try:
        return json.loads(_decode(text))
    except (ValueError, RecursionError) as failure:
        raise TicketRefused("it is malformed") from failure
