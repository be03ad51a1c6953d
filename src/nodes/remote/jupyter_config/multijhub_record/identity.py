"""Which server this is: what stays the same while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class HubServer:
    """A server as the hub that started it knows it."""

    node: str
    user: str
    server: str
    base_url: str


@dataclass(frozen=True)
class Process:
    """The process it runs in. Start and boot tell it from a later one with the same pid."""

    host: str
    pid: int
    start_ticks: int
    boot_id: str
    started_at_ms: int


def hub_server(environment: Mapping[str, str], base_url: str) -> HubServer | None:
    """The server started by a node's hub; None for a Jupyter that somebody starts in its terminal, which inherits the
    environment and answers elsewhere."""
    node, user = environment.get("MULTIJHUB_NODE"), environment.get("JUPYTERHUB_USER")
    if not node or not user or environment.get("JUPYTERHUB_SERVICE_PREFIX") != base_url:
        return None
    return HubServer(node, user, environment.get("JUPYTERHUB_SERVER_NAME", ""), base_url)
