"""The runtime record, from plain values: its name, its words, and when it is due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .activity import Activity, Counts
from .identity import HubServer, Process
from .idleness import Idle
from .process_tree import Use

VERSION = 1
PERIOD_S = 60.0
RETRY_S = 10.0


@dataclass(frozen=True)
class State:
    """What readers of the record wait for; a change of it is published at once."""

    counts: Counts
    is_idle: bool
    is_idle_but_tabs: bool


@dataclass(frozen=True)
class Attempt:
    """The last time the record was written, or could not be."""

    at_s: float
    state: State
    is_written: bool


def file_name(node: str, pid: int) -> str:
    return f"jhub-{node}-{pid}.json"


def is_due(state: State, last: Attempt | None, now_s: float) -> bool:
    """On every change, and once a period without one; after a failure only from time to time."""
    if last is None:
        return True
    if not last.is_written:
        return now_s - last.at_s >= RETRY_S
    return state != last.state or now_s - last.at_s >= PERIOD_S


def document(
    server: HubServer, process: Process, port: int, activity: Activity, use: Use, idle: dict[str, int], now_ms: int
) -> dict[str, Any]:
    """Nothing in it is secret: whoever may read the record may know all of this."""
    counts = activity.counts
    return {
        "version": VERSION,
        "node": server.node,
        "host": process.host,
        "user": server.user,
        "server": server.server,
        "baseUrl": server.base_url,
        "port": port,
        "pid": process.pid,
        "startTicks": process.start_ticks,
        "bootId": process.boot_id,
        "startedAtMs": process.started_at_ms,
        "writtenAtMs": now_ms,
        "lastActivityMs": activity.last_activity_ms,
        "kernels": {"open": counts.kernels_open, "busy": counts.kernels_busy},
        "terminals": {"open": counts.terminals_open, "busy": counts.terminals_busy},
        "connections": counts.connections,
        **idle,
        "rssBytes": use.rss_bytes,
        "cpuSeconds": round(use.cpu_seconds, 2),
    }


def idle_times(idle: Idle, now_s: float, now_ms: int) -> dict[str, int]:
    """As the record says them; none while the server is busy."""
    since = {"idleSinceMs": idle.since_s, "idleButTabsSinceMs": idle.but_tabs_since_s}
    return {name: now_ms - int((now_s - since_s) * 1000) for name, since_s in since.items() if since_s is not None}


def encode(words: dict[str, Any]) -> bytes:
    return json.dumps(words, ensure_ascii=False).encode("utf-8", "replace")
