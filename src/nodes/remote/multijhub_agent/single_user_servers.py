"""The users' servers on this node, as the process table shows them: true even while the hub is away."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import process_table
from .listeners import listening

# A process gets its final environment and user with exec; what a younger one says is read again.
SETTLE_TICKS = 10 * os.sysconf("SC_CLK_TCK")
PREFIX_BYTES = 1024
NAME_BYTES = 255
SERVERS_PER_ACCOUNT = 20
LOOKS_PER_ACCOUNT = 200  # processes whose files are looked through for the socket


class Claim(NamedTuple):
    """A process that says it belongs to a server. Kernels and terminals inherit the same environment."""

    pid: int
    uid: int
    start_ticks: int
    user: str
    server_name: str
    prefix: str
    port: int


class ServerTable:
    """Knows the servers now running; remembers what it has read of a process, so that looking again is cheap."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Claim | None] = {}

    def running(self) -> list[Claim]:
        """One process a server: the oldest that carries its environment and itself holds the socket it names. Only so
        many of one account count: whoever makes up servers neither fills the node nor slows this down."""
        claims = sorted(self._claims(), key=lambda claim: (claim.start_ticks, claim.pid))
        sockets: dict[tuple[int, int], set[int]] = defaultdict(set)
        for item in listening({claim.port for claim in claims}):
            sockets[item.port, item.uid].add(item.inode)
        first: dict[tuple[int, str], Claim] = {}
        counted, looks, taken = Counter[int](), Counter[int](), set[int]()
        for claim in claims:
            uid, wanted = claim.uid, sockets.get((claim.port, claim.uid), set()) - taken
            is_full = counted[uid] >= SERVERS_PER_ACCOUNT or looks[uid] >= LOOKS_PER_ACCOUNT
            if is_full or not wanted or (uid, claim.prefix) in first:
                continue
            looks[uid] += 1
            held = wanted & process_table.socket_inodes(claim.pid)
            if held:
                first[uid, claim.prefix] = claim
                counted[uid] += 1
                taken |= held
        return list(first.values())

    def _claims(self) -> list[Claim]:
        seen: dict[tuple[int, int], Claim | None] = {}
        for pid in process_table.pids():
            ticks = process_table.start_ticks(pid)
            if ticks is not None:
                key = (pid, ticks)
                seen[key] = self._known[key] if key in self._known else _claim(pid, ticks)
        settled = process_table.ticks_since_boot() - SETTLE_TICKS
        self._known = {key: claim for key, claim in seen.items() if key[1] < settled}
        return [claim for claim in seen.values() if claim]


def describe(claim: Claim) -> dict[str, Any]:
    return {
        "user": claim.user,
        "uid": claim.uid,
        "serverName": claim.server_name,
        "pid": claim.pid,
        "startTicks": claim.start_ticks,
        "rssBytes": process_table.rss_bytes(claim.pid),
        "baseUrl": claim.prefix,
    }


def is_server_of(pid: int, user: str, server_name: str) -> bool:
    """Whether that process was started as this user's server."""
    environment = process_table.environment(pid) if process_table.start_ticks(pid) else {}
    return (environment.get("JUPYTERHUB_USER"), environment.get("JUPYTERHUB_SERVER_NAME")) == (user, server_name)


def _claim(pid: int, ticks: int) -> Claim | None:
    environment = process_table.environment(pid)
    user, prefix = environment.get("JUPYTERHUB_USER"), environment.get("JUPYTERHUB_SERVICE_PREFIX")
    server_name = environment.get("JUPYTERHUB_SERVER_NAME", "")
    uid = process_table.uid(pid)
    if not user or not prefix or uid is None or uid == os.geteuid() == 0:
        return None  # not a server, or the hub's own child before it has become the user
    if _bytes(prefix) > PREFIX_BYTES or _bytes(user) > NAME_BYTES or _bytes(server_name) > NAME_BYTES:
        return None  # made up: together such texts would exceed what the router reads of an answer
    port = _port(environment.get("JUPYTERHUB_SERVICE_URL", ""))
    return Claim(pid, uid, ticks, user, server_name, prefix, port) if port else None


def _bytes(text: str) -> int:
    return len(os.fsencode(text))


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
