"""The key by which a user's server knows the router's orders to it, and the router its answers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Callable

from .node_settings import NodeSettings

PURPOSE = "multijhub/order-key/v1"


def order_key(service_token: str, node: str, user: str, server: str, start: str) -> str:
    """64 hexadecimal digits, from which neither the token nor the key of another server or start follows."""
    words = "\0".join((PURPOSE, node, user, server, start))
    return hmac.new(service_token.encode(), words.encode(), hashlib.sha256).hexdigest()


def key_for_start(settings: NodeSettings) -> Callable[[Any], str]:
    """For the environment of servers: what names this start, which may be known, and its key. While keys are rotated
    by the one that comes: the server may well outlive the other."""
    token = settings.next_service_token or settings.service_token

    def of_spawner(spawner: Any) -> str:
        start = secrets.token_hex(16)
        return f"{start}.{order_key(token, settings.node, spawner.user.name, spawner.name, start)}"

    return of_spawner
