"""Stops one user's server without its hub: exactly the process that was named, or none."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from . import process_table
from .protocol import Refusal
from .single_user_servers import ServerTable

POLL_S = 0.05
# What JupyterHub does itself: Jupyter ends its kernels and saves at SIGINT, and needs time for it.
STEPS = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0))

Steps = Sequence[tuple[signal.Signals, float]]
"""Signals with the seconds that each is given to act."""


class NamedServer(NamedTuple):
    """A server by what tells its process from every other, now and in another boot."""

    user: str
    server: str
    pid: int
    start_ticks: int
    boot_id: str

    @property
    def is_running(self) -> bool:
        return process_table.start_ticks(self.pid) == self.start_ticks


def stop_server(given: dict[str, Any], steps: Steps = STEPS) -> dict[str, Any]:
    """Asks it to end, then insists. Refuses with NO_SUCH_SERVER, and SERVER_TIMEOUT if even SIGKILL did not help."""
    named = _parse(given)
    with _hold(named.pid) as process:
        if not _is_here(named):
            shown = f"{named.user}/{named.server}" if named.server else named.user
            message = f"pid {named.pid} is not, or no longer, the server of {shown} that was named"
            raise Refusal("NO_SUCH_SERVER", message, "look again: it may have ended, or run elsewhere")
        for number, seconds in steps:
            if _signal(named, process, number, time.monotonic() + seconds):
                return {"signal": number.name}
    raise Refusal("SERVER_TIMEOUT", f"pid {named.pid} does not end", "its home directory may hang; restart the node")


@contextmanager
def _hold(pid: int) -> Iterator[int | None]:
    """A descriptor of whatever process has this pid now: another one that gets the pid later never gets its signals.
    None before Linux 5.3: there a signal follows a look at pid and start time at once."""
    try:
        process = os.pidfd_open(pid)
    except (OSError, OverflowError, AttributeError):
        yield None
        return
    try:
        yield process
    finally:
        os.close(process)


def _is_here(named: NamedServer) -> bool:
    """Whether a running server of this node is the one named: by its environment and the socket it holds."""
    running = ((found.user, found.server_name, found.pid, found.start_ticks) for found in ServerTable().running())
    return named.boot_id == process_table.boot_id() and named[:4] in running


def _signal(named: NamedServer, process: int | None, number: signal.Signals, until: float) -> bool:
    """Whether it ended in time."""
    if not named.is_running:
        return True
    try:
        if process is None:
            os.kill(named.pid, number)
        else:
            signal.pidfd_send_signal(process, number)
    except ProcessLookupError:
        return True
    while named.is_running and time.monotonic() < until:
        time.sleep(POLL_S)
    return not named.is_running


def _parse(given: dict[str, Any]) -> NamedServer:
    wanted = {"user": str, "server": str, "pid": int, "startTicks": int, "bootId": str}
    for field, kind in wanted.items():
        if not isinstance(given.get(field), kind) or isinstance(given[field], bool):
            raise Refusal("BAD_SETTINGS", f"{field} must be of type {kind.__name__}", "correct the request")
    return NamedServer(*(given[field] for field in wanted))
