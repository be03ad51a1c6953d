"""Who listens on a TCP port of this node."""

from __future__ import annotations

import pwd
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from . import process_table

LISTEN = "0A"


class Listener(NamedTuple):
    port: int
    address: str
    uid: int
    inode: int


def listening(ports: Iterable[int]) -> list[Listener]:
    """All listeners on these ports, IPv4 and IPv6, of any user."""
    wanted = set(ports)
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        found += [listener for listener in parse(_read(table)) if listener.port in wanted]
    return found


def parse(table: str) -> list[Listener]:
    """The listening sockets of a /proc/net/tcp or tcp6 table."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [_listener(row) for row in rows if len(row) > 9 and row[3] == LISTEN]


def pids_of(listener: Listener) -> list[int]:
    """The processes that hold the socket, lowest pid first; empty if they cannot be seen."""
    return [pid for pid in sorted(process_table.pids()) if listener.inode in process_table.socket_inodes(pid)]


def user_name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def describe(listener: Listener) -> dict[str, Any]:
    pids = pids_of(listener)
    return {
        "port": listener.port,
        "address": listener.address,
        "uid": listener.uid,
        "user": user_name(listener.uid),
        "pid": pids[0] if pids else None,
    }


def _listener(row: list[str]) -> Listener:
    address, port = row[1].split(":")
    return Listener(int(port, 16), _address(address), int(row[7]), int(row[9]))


def _address(text: str) -> str:
    """The kernel prints 32-bit words in host byte order (little endian on what JupyterHub runs on)."""
    raw = b"".join(bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _read(table: str) -> str:
    try:
        return Path(table).read_text(encoding="ascii")
    except FileNotFoundError:  # no IPv6
        return ""
