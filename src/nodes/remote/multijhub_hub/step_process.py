"""Runs one step in a user's home in a process that is left behind when it hangs: the hub's loop never waits for a home."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("home_steps.py")
COMMAND = (sys.executable, "-E", "-s", "-S", "-B", str(PROGRAM))
REAP_S = 1.0
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class StepHung(Exception):
    """No answer within the deadline."""


class StepFailed(Exception):
    """It ended without an answer, for instance because there is no such account."""


async def run_step(order: dict[str, Any], deadline_s: float) -> dict[str, Any]:
    """The step's answer. Raises StepHung, StepFailed."""
    child = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        output, complaint = await asyncio.wait_for(child.communicate(json.dumps(order).encode()), deadline_s)
    except asyncio.TimeoutError:
        _kill(child.pid)
        with contextlib.suppress(asyncio.TimeoutError):  # stuck in the kernel: it ends when the home answers again
            await asyncio.wait_for(child.wait(), REAP_S)
        raise StepHung(f"the home directory did not answer within {deadline_s:g} s") from None
    return _answer(output, complaint)


def _answer(output: bytes, complaint: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(output)
    except ValueError:
        lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["it ended without a word"]
        raise StepFailed(lines[-1][:300]) from None
    return dict(answer)


def _kill(group: int) -> None:
    """The step and its children, which are a process group of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
