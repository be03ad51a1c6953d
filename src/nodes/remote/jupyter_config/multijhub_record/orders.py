"""The router's orders to this server: signed with a key that only its hub, its owner and the router know."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from .identity import HubServer, Process
from .idleness import Idle

KEY = "MULTIJHUB_ORDER_KEY"
MAX_BYTES = 8 * 1024
LIFETIME_MS = 30_000
LONGEST_MS = 10 * 366 * 86_400_000
LEAST_IDLE_S = 2.0  # what a tab that was closed just now has begun may not show yet


class NoOrder(Exception):
    """Not signed by the router: nothing more is said about it to whoever sent it."""


@dataclass(frozen=True)
class Order:
    """Stop, if nothing has happened for so long."""

    challenge: str
    idle_for_s: float
    ignores_tabs: bool
    objection: str | None
    """Why it is not to be carried out, whatever goes on in the server."""


class Orders:
    """Reads orders and seals answers. Each order answers a challenge of this very process, once and within 30 seconds:
    so no clocks are compared, and nothing is to be kept for those who only ask."""

    def __init__(self, start: str, key: str, server: HubServer, process: Process) -> None:
        self._start, self._key, self._used = start, key.encode(), dict[str, int]()
        self._target = {
            **{"node": server.node, "user": server.user, "server": server.server},
            **{"pid": process.pid, "startTicks": process.start_ticks, "bootId": process.boot_id},
        }

    def challenge(self, now_ms: int) -> bytes:
        """`now_ms`, here and below: of a clock that nobody sets."""
        return self._sealed("challenge", {"challenge": f"{now_ms}.{secrets.token_hex(16)}"}, {"start": self._start})

    def read(self, body: bytes, now_ms: int) -> Order:
        """Raises NoOrder. A challenge is used up by any order that the router has signed."""
        words = self._opened(body)
        try:
            challenge, idle_for_ms, ignores_tabs = words["challenge"], words["idleForMs"], words["ignoresTabs"]
            issued_ms = int(challenge.partition(".")[0])
            is_sound = type(idle_for_ms) is int and 0 <= idle_for_ms <= LONGEST_MS and type(ignores_tabs) is bool
        except (AttributeError, KeyError, TypeError, ValueError) as odd:
            raise NoOrder from odd
        if not is_sound:
            raise NoOrder
        objection = self._objection(words, challenge, issued_ms, now_ms)
        self._used[challenge] = issued_ms
        return Order(challenge, idle_for_ms / 1000, ignores_tabs, objection)

    def answer(self, order: Order, kept_by: str | None) -> bytes:
        """What the server does, and why it stays if it does."""
        decision = {"answer": "stopping"} if kept_by is None else {"answer": "kept", "why": kept_by}
        return self._sealed("answer", {"challenge": order.challenge, **decision}, {})

    def _objection(self, words: dict[str, Any], challenge: str, issued_ms: int, now_ms: int) -> str | None:
        self._used = {used: at_ms for used, at_ms in self._used.items() if now_ms - at_ms <= LIFETIME_MS}
        if any(words.get(name) != value or type(words[name]) is not type(value) for name, value in self._target.items()):
            return "it is another server, or another process of it"
        if not 0 <= now_ms - issued_ms <= LIFETIME_MS:
            return "the order is too old"
        return "the order was given before" if challenge in self._used else None

    def _sealed(self, purpose: str, words: dict[str, Any], open_words: dict[str, Any]) -> bytes:
        signed = json.dumps(words)
        return json.dumps({**open_words, "signed": signed, "mac": self._mac(purpose, signed)}).encode()

    def _opened(self, body: bytes) -> dict[str, Any]:
        try:
            envelope = json.loads(body) if len(body) <= MAX_BYTES else {}
            signed, mac = envelope["signed"], envelope["mac"]
            is_ours = hmac.compare_digest(self._mac("order", signed).encode(), mac.encode())
            words = json.loads(signed) if is_ours else None
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as odd:
            raise NoOrder from odd
        if not isinstance(words, dict):
            raise NoOrder
        return words

    def _mac(self, purpose: str, signed: str) -> str:
        return hmac.new(self._key, f"{purpose}\0{signed}".encode(), hashlib.sha256).hexdigest()


def kept_because(idle: Idle, order: Order, now_s: float) -> str | None:
    """Why it may not stop; None if it may."""
    since_s = idle.but_tabs_since_s if order.ignores_tabs else idle.since_s
    if since_s is None:
        return idle.busy_with or "it is busy"
    idle_s = now_s - since_s
    return None if idle_s >= max(order.idle_for_s, LEAST_IDLE_S) else f"it was used {int(idle_s)} s ago"


def take_key(environment: MutableMapping[str, str]) -> tuple[str, str] | None:
    """What names this start, and its key; None if its hub has given none. Nothing the server starts inherits it."""
    start, _, key = environment.pop(KEY, "").partition(".")
    return (start, key) if start and key else None
