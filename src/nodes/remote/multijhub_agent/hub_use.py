"""Who uses a hub, by its own list: servers that run elsewhere than on this node, and those that start, are in it, too."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple

from .places import Places
from .port_guard import own_listeners
from .protocol import Refusal
from .service_record import Record

PAGE = 200
MOST_PAGES = 50
PATIENCE_S = 5.0


class HubUse(NamedTuple):
    """Servers as "alice", or "alice/name" if they have one; `pending` are being started or stopped."""

    servers: list[str]
    pending: list[str]


def hub_use(where: Places, hub: Record) -> HubUse | None:
    """None if the hub does not tell, or somebody else listens in its place: the token is for it alone."""
    try:
        token = json.loads(where.settings.read_text(encoding="utf-8"))["service_token"]
        ports, base_url = hub.facts["ports"], hub.facts["baseUrl"]
        own_listeners(ports, where)
        return _use(_users(ports["hub"], f"{base_url}hub/api/users?state=active&limit={PAGE}", token))
    except (Refusal, OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None


def _users(port: int, path: str, token: str) -> list[dict[str, Any]]:
    users: list[dict[str, Any]] = []
    for page in range(MOST_PAGES):
        found = _get(port, f"{path}&offset={page * PAGE}", token)
        users += found
        if len(found) < PAGE:
            return users
    raise ValueError("the list does not end")


def _get(port: int, path: str, token: str) -> list[dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers={"Authorization": f"token {token}", "Connection": "close"})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    users = json.loads(text) if answer.status == 200 else None
    if not isinstance(users, list):
        raise ValueError("no list")
    return users


def _use(users: list[dict[str, Any]]) -> HubUse:
    servers, pending = [], []
    for user in users:
        for name, server in user["servers"].items():
            shown = f"{user['name']}/{name}" if name else user["name"]
            servers.append(shown)
            if server.get("pending"):
                pending.append(shown)
    return HubUse(servers, pending)
