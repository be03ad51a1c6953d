"""All that tells whether the server is used, looked at together."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from .activity import Activity, observe, work_in
from .cpu_meter import CpuMeter
from .idleness import Idle, Idleness, Sight
from .process_tree import ProcessTable
from .traffic import Traffic

OWN_PATH = "multijhub/"
OPEN_PATHS = (OWN_PATH, "static/", "lab/extensions/")


@dataclass(frozen=True)
class Seen:
    activity: Activity
    idle: Idle


class Watch:
    """Looks on from the first request on."""

    def __init__(self, app: Any, table: ProcessTable, pid: int) -> None:
        self._app, self._table = app, table
        self._traffic = Traffic(app.web_app, tuple(app.base_url + path for path in OPEN_PATHS))
        self._meter = CpuMeter(table, pid, _mark())
        self._idleness = Idleness(time.monotonic())

    async def look(self, is_thorough: bool = False) -> Seen:
        """Raises whatever another version's objects may raise. Thorough: what the processes do is not taken from a look
        some seconds ago, and who asks for something just now is known first. Nothing is waited for after the kernels
        have been listed."""
        if is_thorough:
            await self._traffic.settle()
        activity = await observe(self._app, self._table)
        now_s, meter, traffic = time.monotonic(), self._meter, self._traffic
        is_computing = meter.look(now_s) if is_thorough else meter.is_computing(now_s)
        work = work_in(activity.counts) or ("its processes compute" if is_computing else None)
        connections = max(traffic.connections(), activity.counts.connections)
        sight = Sight(work, connections, activity.marks, traffic.requests, traffic.edits)
        return Seen(activity, self._idleness.saw(sight, now_s))


def _mark() -> bytes:
    """The token of this very start, which all processes begun in the server inherit."""
    return os.fsencode(f"JUPYTERHUB_API_TOKEN={os.environ.get('JUPYTERHUB_API_TOKEN', '')}")
