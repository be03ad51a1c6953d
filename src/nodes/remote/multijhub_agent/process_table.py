"""The kernel's process table. A process is a pid *and* its start time: a pid alone is reused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def start_ticks(pid: int) -> int | None:
    """Clock ticks after boot at which the process started; None if it is gone or only a zombie."""
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def ticks_since_boot() -> int:
    """Now, in the unit of start_ticks."""
    return int(float(_read("/proc/uptime").split()[0]) * os.sysconf("SC_CLK_TCK"))


def rss_bytes(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[21]) * PAGE_BYTES if fields else 0


def uid(pid: int) -> int | None:
    """Real uid of the process; /proc/PID itself belongs to root for some processes, so status is read."""
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith(b"Uid:"):
            return int(line.split()[1])
    return None


def environment(pid: int) -> dict[str, str]:
    """What the process was started with; empty if it is gone or not ours to read."""
    pairs = (entry.partition(b"=") for entry in _read(f"/proc/{pid}/environ").split(b"\0") if entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def command_line(pid: int) -> bytes:
    """Its words, each ended by a zero byte; empty if it is gone."""
    return _read(f"/proc/{pid}/cmdline")


def socket_inodes(pid: int) -> set[int]:
    found = set()
    try:
        for fd in os.scandir(f"/proc/{pid}/fd"):
            target = _link(fd.path)
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    except OSError:
        pass  # gone, or another user's and we are not root
    return found


def _stat(pid: int) -> list[str]:
    """Fields from the state on: the name before it may hold blanks and brackets."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].decode("ascii").split()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
