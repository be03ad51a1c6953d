"""How busy the node is, as a stream."""

from __future__ import annotations

import os
import re
import select
import time
from pathlib import Path
from typing import Any, Callable

from .protocol import Refusal, emit
from .single_user_servers import Claim, ServerTable

RECOUNT_S = 5.0


def stream_samples(given: dict[str, Any]) -> dict[str, Any]:
    """Emits a sample at once and then every `everyMs`, until stdin ends or nobody listens."""
    every_ms = given.get("everyMs", 2_000)
    if not isinstance(every_ms, int) or not 100 <= every_ms <= 3_600_000:
        raise Refusal(
            "BAD_SETTINGS", "everyMs must be a whole number from 100 to 3600000", "correct the router's configuration"
        )
    count_servers, count = _recounted(ServerTable()), 0
    due = time.monotonic()
    while emit({"event": "sample", "sample": sample(count_servers())}):
        count += 1
        due = max(due + every_ms / 1000, time.monotonic())  # a stopped node does not catch up in a burst
        if _input_ends_before(due):
            break
    return {"samples": count}


def _recounted(table: ServerTable) -> Callable[[], list[Claim]]:
    """The servers, looked for at most every RECOUNT_S: on a node with thousands of processes that takes a while."""
    servers: list[Claim] = []
    looked_at = -RECOUNT_S

    def count() -> list[Claim]:
        nonlocal servers, looked_at
        if time.monotonic() - looked_at >= RECOUNT_S:
            servers, looked_at = table.running(), time.monotonic()
        return servers

    return count


def sample(running: list[Claim]) -> dict[str, Any]:
    memory = _memory()
    return {
        "clockMs": int(time.time() * 1000),
        "cores": cores(),
        "load1": float(_read("/proc/loadavg").split()[0]),
        "memoryTotalBytes": memory["MemTotal"],
        "memoryAvailableBytes": memory["MemAvailable"],
        "memoryPressure": memory_pressure(_read("/proc/pressure/memory")),
        "servers": len(running),
        "users": len({claim.uid for claim in running}),
    }


def cores() -> int:
    return len(os.sched_getaffinity(0))


def memory_total_bytes() -> int:
    return _memory()["MemTotal"]


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
