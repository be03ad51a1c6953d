"""Refuses to use a port behind which somebody else sits."""

from __future__ import annotations

import os

from . import service_record
from .listeners import Listener, listening, pids_of, user_name
from .places import Places
from .protocol import Refusal
from .service_record import Record

ROLE_OF_PORT = {"proxy": "proxy", "api": "proxy", "hub": "hub"}


def own_listeners(ports: dict[str, int], where: Places) -> dict[str, Record | None]:
    """The running hub and proxy. Refuses with PORT_TAKEN if anything else listens on one of the three ports,
    even on another address. A hub or proxy of ours whose record was lost is recognised and recorded again."""
    own = {name: service_record.running(where, name) for name in ("proxy", "hub")}
    roles = {number: ROLE_OF_PORT[name] for name, number in ports.items()}
    for listener in listening(roles):
        role, pids = roles[listener.port], pids_of(listener)
        record = own[role]
        if record and record.pid in pids and listener.uid == os.geteuid():
            continue
        adopted = _adopt(pids, role)
        if not adopted:
            raise _taken(listener, pids)
        service_record.save(where, adopted)
        own[role] = adopted
    return own


def strangers(ports: dict[str, int], where: Places) -> list[str]:
    """What is wrong with the three ports, in words; empty if only hub and proxy of ours listen there."""
    try:
        own_listeners(ports, where)
        return []
    except Refusal as refusal:
        return [refusal.message]


def _adopt(pids: list[int], role: str) -> Record | None:
    adopted = (service_record.adopt(pid, role) for pid in pids)
    return next((record for record in adopted if record), None)


def _taken(listener: Listener, pids: list[int]) -> Refusal:
    pid = str(pids[0]) if pids else "unknown"
    name = user_name(listener.uid) or "no account"
    return Refusal(
        "PORT_TAKEN",
        f"port {listener.port} is taken on {listener.address} by uid {listener.uid} ({name}), pid {pid}",
        f"stop that process, or give this node other hub ports (see: ss -ltnp 'sport = :{listener.port}')",
    )
