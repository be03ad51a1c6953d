"""What the server is doing, as jupyter_server's own objects say."""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from .process_tree import ProcessTable


@dataclass(frozen=True)
class Counts:
    """What is open in the server, and how much of that is busy."""

    kernels_open: int
    kernels_busy: int
    terminals_open: int
    terminals_busy: int
    connections: int


@dataclass(frozen=True)
class Activity:
    counts: Counts
    last_activity_ms: int
    marks: Hashable
    """Differ whenever a kernel or a terminal said or was told something."""


async def observe(app: Any, table: ProcessTable) -> Activity:
    """Looks at memory, and at the shells of terminals in /proc. Raises whatever another version's objects may raise."""
    kernels = app.kernel_manager.list_kernels()
    if inspect.isawaitable(kernels):  # of a gateway
        kernels = await kernels
    terminals = _terminals(app)
    counts = Counts(
        kernels_open=len(kernels),
        kernels_busy=sum(kernel["execution_state"] == "busy" for kernel in kernels),
        terminals_open=len(terminals),
        terminals_busy=sum(bool(table.children(terminal.ptyproc.pid)) for terminal in terminals),
        connections=sum(kernel["connections"] for kernel in kernels)
        + sum(len(terminal.clients) for terminal in terminals),
    )
    marks = (
        *(tuple(map(kernel.get, ("id", "last_activity", "execution_state"))) for kernel in kernels),
        *((terminal.ptyproc.pid, getattr(terminal, "last_activity", None)) for terminal in terminals),
    )
    return Activity(counts, int(app.web_app.last_activity().timestamp() * 1000), marks)


def work_in(counts: Counts) -> str | None:
    """What is computed in it, in words; None if nothing is."""
    if counts.kernels_busy:
        return "a kernel is busy"
    return "a program runs in a terminal" if counts.terminals_busy else None


def _terminals(app: Any) -> list[Any]:
    """An empty list where terminals are switched off or terminado is not installed."""
    manager = app.web_app.settings.get("terminal_manager")
    return list(manager.terminals.values()) if manager is not None else []
