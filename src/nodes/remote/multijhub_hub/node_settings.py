"""What the agent left for the hub to read: settings and places."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class NodeSettings:
    """The router's order for this hub. The service tokens are secrets."""

    node: str
    base_url: str
    ports: dict[str, int]
    service_token: str
    ticket_keys: list[str]
    lobby: bool
    admin_users: list[str]
    next_service_token: str | None = None
    home_group: str | None = None

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['proxy']}{self.base_url}"


@dataclass(frozen=True)
class NodePlaces:
    """Directories of the node, all on its local disk."""

    hub: Path
    logs: Path
    run: Path
    fragments: Path

    @property
    def database(self) -> Path:
        return self.hub / "jupyterhub.sqlite"

    @property
    def closing(self) -> Path:
        return self.run / "closing"

    @property
    def server_logs(self) -> Path:
        return self.logs / "servers"


def server_log(folder: Path, user: str, server_name: str) -> Path:
    """The file for the output of a user's server, no other server's: quoting leaves no `+` in a name."""
    joined = "+".join(quote(name, safe="") for name in (user, server_name) if name)
    return folder / f"{joined}.log"


def load_settings(places: NodePlaces) -> NodeSettings:
    known = {item.name for item in fields(NodeSettings)}
    stored = json.loads((places.hub / "settings.json").read_text(encoding="utf-8"))
    return NodeSettings(**{name: value for name, value in stored.items() if name in known})


def places_from_environment() -> NodePlaces:
    """The installed directories, unless the agent that starts the hub says otherwise."""
    state = Path(os.environ.get("MULTIJHUB_STATE", "/var/lib/multijhub"))
    run = Path(os.environ.get("MULTIJHUB_RUN", "/run/multijhub"))
    etc = Path(os.environ.get("MULTIJHUB_ETC", "/etc/multijhub"))
    return NodePlaces(state / "hub", state / "log", run, etc / "hub.d")


def is_started_by_agent() -> bool:
    """False for `jupyterhub token`, `jupyterhub upgrade-db` and the like, which read the same configuration."""
    return os.environ.get("MULTIJHUB_ROLE") == "hub"
