"""Jupyters that a user has started themselves, beside the servers of the hub: looked at, never touched."""

from __future__ import annotations

from typing import Any

from . import process_table
from .accounts import account
from .protocol import Refusal
from .single_user_servers import ServerTable

MOST_PIDS = 200


def own_jupyters(given: dict[str, Any]) -> dict[str, Any]:
    """Those of the pids that run here as the user, are a Jupyter by their command, and are no server of the hub."""
    user, pids = given.get("user"), given.get("pids")
    if not isinstance(user, str) or not isinstance(pids, list) or not all(type(pid) is int for pid in pids):
        raise Refusal("BAD_SETTINGS", "user must be a name, and pids a list of numbers", "correct the request")
    known = account(user)
    servers = {server.pid for server in ServerTable().running()}
    asked = [pid for pid in pids[:MOST_PIDS] if pid > 1 and pid not in servers]
    return {"jupyters": [{"pid": pid} for pid in asked if known and _is_jupyter_of(pid, known["uid"])]}


def _is_jupyter_of(pid: int, uid: int) -> bool:
    is_running = process_table.start_ticks(pid) is not None
    return is_running and process_table.uid(pid) == uid and b"jupyter" in process_table.command_line(pid)
