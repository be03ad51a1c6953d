"""Removes the records of this user's servers which ended on this machine without removing them: a crash, a power cut."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from typing import Any

from .identity import Process
from .process_tree import ProcessTable

MAX_BYTES = 16 * 1024


def remove_left_over(directory: str, node: str, this: Process, table: ProcessTable) -> None:
    """Only what was surely written here, by a process that is surely gone. Never raises."""
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if re.fullmatch(rf"jhub-{re.escape(node)}-\d+\.json", name) and is_left_over(_read(path), this, table):
                with contextlib.suppress(OSError):
                    os.unlink(path)


def is_left_over(record: Any, this: Process, table: ProcessTable) -> bool:
    """Whether its process ran on this machine and does so no longer."""
    if not isinstance(record, dict) or record.get("host") != this.host or not this.boot_id:
        return False
    pid, ticks = record.get("pid"), record.get("startTicks")
    if not isinstance(pid, int) or not isinstance(ticks, int):
        return False
    return record.get("bootId") != this.boot_id or table.start_ticks(pid) != ticks


def _read(path: str) -> Any:
    """What is in the file; None if it is no file or no JSON. A pipe at that name does not hold this up."""
    with contextlib.suppress(OSError, ValueError):
        if stat.S_ISREG(os.lstat(path).st_mode):
            with open(path, "rb") as file:
                return json.loads(file.read(MAX_BYTES))
    return None
