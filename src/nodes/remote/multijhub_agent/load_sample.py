"""How busy the node is, and what was asked of it, as a stream."""

from __future__ import annotations

import os
import re
import select
import time
from pathlib import Path
from typing import Any

from .gpus import GpuWatch
from .node_order import Order, read_order
from .places import Places
from .protocol import Refusal, emit
from .server_sizes import ServerSizes
from .single_user_servers import ServerProcess


def stream_samples(given: dict[str, Any], where: Places) -> dict[str, Any]:
    """Emits a sample at once and then every `everyMs`, until stdin ends or nobody listens."""
    every_ms = given.get("everyMs", 2_000)
    if not isinstance(every_ms, int) or not 100 <= every_ms <= 3_600_000:
        raise Refusal(
            "BAD_SETTINGS", "everyMs must be a whole number from 100 to 3600000", "correct the router's configuration"
        )
    gpus, sizes, count = GpuWatch(), ServerSizes(), 0
    due = time.monotonic()
    while True:
        more = {**sizes.look(), "gpus": gpus.seen(), "stateDisk": state_disk(where.state)}
        if not emit({"event": "sample", "sample": {**sample(sizes.running, read_order(where)), **more}}):
            break
        count += 1
        due = max(due + every_ms / 1000, time.monotonic())  # a stopped node does not catch up in a burst
        if _input_ends_before(due):
            break
    return {"samples": count}


def sample(running: list[ServerProcess], order: Order | None) -> dict[str, Any]:
    memory = _memory()
    return {
        "clockMs": int(time.time() * 1000),
        "cores": cores(),
        "load1": float(_read("/proc/loadavg").split()[0]),
        "memoryTotalBytes": memory["MemTotal"],
        "memoryAvailableBytes": memory["MemAvailable"],
        "memoryPressure": memory_pressure(_read("/proc/pressure/memory")),
        "servers": len(running),
        "users": len({server.uid for server in running}),
        "order": order,
    }


def cores() -> int:
    return len(os.sched_getaffinity(0))


def memory_total_bytes() -> int:
    return _memory()["MemTotal"]


def memory_available_bytes() -> int:
    return _memory()["MemAvailable"]


def state_disk(state: Path) -> dict[str, int] | None:
    """Where the hub writes, or would: a disk without free inodes has no room either."""
    place = next((path for path in (state, *state.parents) if path.is_dir()), Path("/"))
    try:
        disk = os.statvfs(place)
    except OSError:
        return None
    free = 0 if disk.f_files and not disk.f_favail else disk.f_bavail * disk.f_frsize
    return {"totalBytes": disk.f_blocks * disk.f_frsize, "freeBytes": free}


def memory_pressure(text: str) -> float | None:
    """Share of the last ten seconds in which some task waited for memory, 0..1; None on kernels that do not say."""
    found = re.search(r"^some avg10=([\d.]+)", text, re.MULTILINE)
    return float(found.group(1)) / 100 if found else None


def _memory() -> dict[str, int]:
    rows = re.findall(r"^(MemTotal|MemAvailable):\s+(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return {name: int(number) * 1024 for name, number in rows}


def _input_ends_before(due: float) -> bool:
    """Waits until `due`; True as soon as stdin is closed, which is how a lost connection shows."""
    while (left := due - time.monotonic()) > 0:
        ready, _, _ = select.select([0], [], [], left)
        if ready and not os.read(0, 4096):
            return True
    return False


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""
