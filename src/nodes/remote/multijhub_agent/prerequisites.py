"""What `multijhub check` wants to know of a node beside the facts: looked at, never changed, and judged by the router."""

from __future__ import annotations

import grp
import os
import resource
import shutil
from pathlib import Path
from typing import Any

from . import VERSION, port_guard, process_table
from .accounts import account
from .home_probe import probe
from .hub_settings import USUAL_PORTS, parse_ports
from .listeners import Listener, listening, pids_of, user_name
from .listeners import describe as describe_listener
from .load_sample import memory_available_bytes
from .pam_limits import user_limits
from .places import Places
from .protocol import Refusal

CONTENT_HASH = Path(__file__).resolve().parent.parent / ".content-sha256"
HUB_PROGRAMS = {"jupyterhub", "jupyterhub-idle-culler"}
HUB_MODULES = {"jupyterhub": "jupyterhub", "jupyterhub_idle_culler": "jupyterhub-idle-culler"}
MOST_ACCOUNTS = 20
HOME_SECONDS = 2.0


def prerequisites(given: dict[str, Any], where: Places) -> dict[str, Any]:
    ports = parse_ports(given.get("ports", USUAL_PORTS), allow_high_ports=where.is_sandbox)
    return {
        "uid": os.geteuid(),
        "agent": {"version": VERSION, "contentHash": _content_hash()},
        "memoryAvailableBytes": memory_available_bytes(),
        "listeners": [_describe(listener) for listener in listening(ports.values())],
        "portWarnings": port_guard.warnings(ports),
        "disks": [_disk(path) for path in (where.state, where.logs)],
        "limits": {"openFiles": _limit(resource.RLIMIT_NOFILE), "processes": _limit(resource.RLIMIT_NPROC)},
        "userLimits": user_limits(),
        "otherHubs": other_hubs(),
        "aclTools": [tool for tool in ("setfacl", "nfs4_setfacl") if shutil.which(tool)],
        "group": _group(given.get("group")),
        "accounts": [_account(name) for name in _names(given.get("accounts", []))],
    }


def other_hubs() -> list[dict[str, Any]]:
    """JupyterHubs and cullers of this node that no router has started."""
    found = []
    for pid in process_table.pids():
        program = hub_program(process_table.command_line(pid))
        if program and not _is_ours(pid):
            uid = process_table.uid(pid)
            found.append({"pid": pid, "program": program, "user": None if uid is None else user_name(uid)})
    return found


def hub_program(command_line: bytes) -> str | None:
    """jupyterhub or jupyterhub-idle-culler, called directly, by its interpreter, or with -m."""
    words = [os.fsdecode(word) for word in command_line.split(b"\0")[:4]]
    for word, following in zip(words[:2], [*words[1:], ""]):
        if os.path.basename(word) in HUB_PROGRAMS:
            return os.path.basename(word)
        if following and word == "-m" and following in HUB_MODULES:
            return HUB_MODULES[following]
    return None


def _is_ours(pid: int) -> bool:
    """The mark is believed of our own account only: anybody can put it into their environment."""
    return process_table.uid(pid) == os.geteuid() and "MULTIJHUB_ROLE" in process_table.environment(pid)


def _describe(listener: Listener) -> dict[str, Any]:
    return {**describe_listener(listener), "isOurs": any(_is_ours(pid) for pid in pids_of(listener))}


def _disk(path: Path) -> dict[str, Any]:
    """Room where that directory is, or will be."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    disk = os.statvfs(there)
    return {
        "path": str(path),
        "freeBytes": disk.f_bavail * disk.f_frsize,
        "freeInodes": disk.f_favail if disk.f_files else None,
    }


def _limit(which: int) -> int | None:
    soft, _ = resource.getrlimit(which)
    return None if soft == resource.RLIM_INFINITY else soft


def _group(name: Any) -> dict[str, Any] | None:
    try:
        return {"name": name, "gid": grp.getgrnam(name).gr_gid} if isinstance(name, str) else None
    except (KeyError, ValueError):
        return None


def _account(name: str) -> dict[str, Any]:
    known = account(name)
    if known is None:
        return {"name": name, "account": None, "folder": None}
    return {"name": name, "account": known, "folder": probe(known["home"], HOME_SECONDS)}


def _names(given: Any) -> list[str]:
    if isinstance(given, list) and len(given) <= MOST_ACCOUNTS and all(isinstance(name, str) for name in given):
        return given
    raise Refusal("BAD_SETTINGS", f"accounts must be a list of at most {MOST_ACCOUNTS} names", "correct the request")


def _content_hash() -> str | None:
    """By which `provision` knows what it has installed; a package writes none."""
    try:
        return CONTENT_HASH.read_text(encoding="ascii").strip()
    except OSError:
        return None
