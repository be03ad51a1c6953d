"""Ends the hub and its proxy; never a server."""

from __future__ import annotations

from typing import Any

from multijhub_hub.closing import closing

from . import service_process, service_record
from .hub_lock import hub_lock
from .hub_status import last_started
from .hub_use import hub_use
from .places import Places, prepare, require_root
from .protocol import Progress, Refusal
from .single_user_servers import ServerTable

LOCK_S = 60.0


def stop_hub(given: dict[str, Any], where: Places, progress: Progress) -> dict[str, Any]:
    """The hub, with {"proxy": true} its proxy too. With {"onlyIfEmpty": true} refuses with HUB_IN_USE while anybody has
    a server, or is about to: from the moment of looking on, the hub starts none."""
    require_root(where)
    prepare(where)
    names = ["hub", "proxy"] if given.get("proxy") is True else ["hub"]
    with hub_lock(where, LOCK_S, progress):
        if given.get("onlyIfEmpty") is not True:
            return _stop_all(where, names)
        with closing(where.closing):
            _require_empty(where)
            return _stop_all(where, names)


def _stop_all(where: Places, names: list[str]) -> dict[str, Any]:
    return {"changed": any([_stop(where, name) for name in names])}


def _stop(where: Places, name: str) -> bool:
    record = last_started(where) if name == "hub" else service_record.load(where, name)
    stopped = service_process.stop(record) if record else False
    service_record.forget(where, name)
    return stopped


def _require_empty(where: Places) -> None:
    running = [f"{process.user}/{process.server_name}".rstrip("/") for process in ServerTable().running()]
    if running:
        raise _in_use(f"the server of {running[0]} runs", len(running))
    hub = last_started(where)
    if hub is None or not hub.is_running:
        return
    use = hub_use(where, hub)
    if use is None:
        raise Refusal("HUB_IN_USE", "the hub does not say who uses it", "see multijhub-agent status")
    if use.servers:
        raise _in_use(f"{use.servers[0]} is in the hub's list", len(use.servers))


def _in_use(what: str, count: int) -> Refusal:
    others = f", and {count - 1} more" if count > 1 else ""
    return Refusal("HUB_IN_USE", f"the hub is used: {what}{others}", "nothing: it is stopped once nobody uses it")
