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
GPUS_VARIABLE = "MULTIJHUB_GPUS"  # written by multijhub_hub.gpus
GPUS_PER_SERVER = 16
GPU_NAME_BYTES = 64


class ServerProcess(NamedTuple):
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
        self._known: dict[tuple[int, int], ServerProcess | None] = {}
        self._members: dict[tuple[int, str], list[int]] = {}

    def running(self) -> list[ServerProcess]:
        """One process a server: the oldest that carries its environment and itself holds the socket it names. Only so
        many of one account count: whoever makes up servers neither fills the node nor slows this down."""
        processes = sorted(self._processes(), key=lambda process: (process.start_ticks, process.pid))
        sockets: dict[tuple[int, int], set[int]] = defaultdict(set)
        for item in listening({process.port for process in processes}):
            sockets[item.port, item.uid].add(item.inode)
        first: dict[tuple[int, str], ServerProcess] = {}
        counted, looks, taken = Counter[int](), Counter[int](), set[int]()
        for process in processes:
            uid, wanted = process.uid, sockets.get((process.port, process.uid), set()) - taken
            is_full = counted[uid] >= SERVERS_PER_ACCOUNT or looks[uid] >= LOOKS_PER_ACCOUNT
            if is_full or not wanted or (uid, process.prefix) in first:
                continue
            looks[uid] += 1
            held = wanted & process_table.socket_inodes(process.pid)
            if held:
                first[uid, process.prefix] = process
                counted[uid] += 1
                taken |= held
        self._members = _by_server(processes)
        return list(first.values())

    def size_bytes(self, server: ServerProcess) -> int:
        """Memory of the server with its kernels and terminals, which have its environment, too; pages that several
        of them share count several times."""
        return sum(process_table.rss_bytes(pid) for pid in self._members.get((server.uid, server.prefix), []))

    def _processes(self) -> list[ServerProcess]:
        seen: dict[tuple[int, int], ServerProcess | None] = {}
        for pid in process_table.pids():
            ticks = process_table.start_ticks(pid)
            if ticks is not None:
                key = (pid, ticks)
                seen[key] = self._known[key] if key in self._known else _server_process(pid, ticks)
        settled = process_table.ticks_since_boot() - SETTLE_TICKS
        self._known = {key: process for key, process in seen.items() if key[1] < settled}
        return [process for process in seen.values() if process]


def _by_server(processes: list[ServerProcess]) -> dict[tuple[int, str], list[int]]:
    members: dict[tuple[int, str], list[int]] = defaultdict(list)
    for process in processes:
        members[process.uid, process.prefix].append(process.pid)
    return members


def gpus_of(server: ServerProcess) -> list[str]:
    """The devices its hub gave it."""
    given = process_table.environment(server.pid).get(GPUS_VARIABLE, "")
    return [name for name in given.split(",")[:GPUS_PER_SERVER] if 0 < _bytes(name) <= GPU_NAME_BYTES]


def describe(process: ServerProcess) -> dict[str, Any]:
    return {
        "user": process.user,
        "uid": process.uid,
        "serverName": process.server_name,
        "pid": process.pid,
        "startTicks": process.start_ticks,
        "rssBytes": process_table.rss_bytes(process.pid),
        "baseUrl": process.prefix,
    }


def is_server_of(pid: int, user: str, server_name: str) -> bool:
    """Whether that process was started as this user's server."""
    environment = process_table.environment(pid) if process_table.start_ticks(pid) else {}
    return (environment.get("JUPYTERHUB_USER"), environment.get("JUPYTERHUB_SERVER_NAME")) == (user, server_name)


def _server_process(pid: int, ticks: int) -> ServerProcess | None:
    environment = process_table.environment(pid)
    user, prefix = environment.get("JUPYTERHUB_USER"), environment.get("JUPYTERHUB_SERVICE_PREFIX")
    server_name = environment.get("JUPYTERHUB_SERVER_NAME", "")
    uid = process_table.uid(pid)
    if not user or not prefix or uid is None or uid == os.geteuid() == 0:
        return None  # not a server, or the hub's own child before it has become the user
    if _bytes(prefix) > PREFIX_BYTES or _bytes(user) > NAME_BYTES or _bytes(server_name) > NAME_BYTES:
        return None  # made up: together such texts would exceed what the router reads of an answer
    port = _port(environment.get("JUPYTERHUB_SERVICE_URL", ""))
    return ServerProcess(pid, uid, ticks, user, server_name, prefix, port) if port else None


def _bytes(text: str) -> int:
    return len(os.fsencode(text))


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
