"""Refuses to use a port behind which somebody else sits."""

from __future__ import annotations

import os
from pathlib import Path

from . import service_record
from .listeners import Listener, listening, pids_of, user_name
from .places import Places
from .process_table import socket_inodes
from .protocol import Refusal
from .service_record import Record

UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")  # for IPv6 too
ROLE_OF_PORT = {"proxy": "proxy", "api": "proxy", "hub": "hub"}


def own_listeners(ports: dict[str, int], where: Places) -> dict[str, Record | None]:
    """The running hub and proxy. Refuses with PORT_TAKEN if anything else listens on one of the three ports,
    even on another address. A hub or proxy of ours whose record was lost is recognised and recorded again."""
    own = {name: service_record.running(where, name) for name in ("proxy", "hub")}
    roles = {number: ROLE_OF_PORT[name] for name, number in ports.items()}
    for listener in listening(roles):
        role = roles[listener.port]
        if not _is_of(listener, own[role]):
            own[role] = _adopt(listener, role, where)
    return own


def strangers(ports: dict[str, int], where: Places) -> list[str]:
    """What is wrong with the three ports, in words; empty if only hub and proxy of ours listen there."""
    try:
        own_listeners(ports, where)
        return []
    except Refusal as refusal:
        return [refusal.message]


def warnings(ports: dict[str, int]) -> list[str]:
    """In words, that users of the node may take some of the ports while nothing of ours listens there."""
    first = _first_unprivileged()
    found = sorted(port for port in ports.values() if port >= first)
    if not found:
        return []
    return [
        f"every user of the node may listen on port {', '.join(map(str, found))} while the hub is down:"
        f" net.ipv4.ip_unprivileged_port_start is {first}; set it above {found[-1]}"
    ]


def _first_unprivileged() -> int:
    """The lowest port that needs no privilege."""
    try:
        return int(UNPRIVILEGED.read_text(encoding="ascii"))
    except FileNotFoundError:
        return 1024  # a kernel older than the setting


def _is_of(listener: Listener, record: Record | None) -> bool:
    """The quick look, at one process."""
    return bool(record) and listener.uid == os.geteuid() and listener.inode in socket_inodes(record.pid)


def _adopt(listener: Listener, role: str, where: Places) -> Record:
    """A socket that another account opened is not ours, whoever holds it now."""
    pids = pids_of(listener)
    adopted = (service_record.adopt(pid, role) for pid in pids if listener.uid == os.geteuid())
    record = next((record for record in adopted if record), None)
    if not record:
        raise _taken(listener, pids)
    service_record.save(where, record)
    return record


def _taken(listener: Listener, pids: list[int]) -> Refusal:
    pid = str(pids[0]) if pids else "unknown"
    name = user_name(listener.uid) or "no account"
    return Refusal(
        "PORT_TAKEN",
        f"port {listener.port} is taken on {listener.address} by uid {listener.uid} ({name}), pid {pid}",
        f"stop that process, or give this node other hub ports (see: ss -ltnp 'sport = :{listener.port}')",
    )
