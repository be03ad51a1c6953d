"""The wire: one line of JSON in, lines of JSON out, refusals as data."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import Any, Callable

from . import PROTOCOL, VERSION

INPUT_LIMIT_BYTES = 1 << 20
INPUT_DEADLINE_S = 30.0

Progress = Callable[[str], None]


class Refusal(Exception):
    """An expected failure, told to the router with a stable code and what an administrator can do about it."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


def read_input(fd: int = 0, deadline_s: float = INPUT_DEADLINE_S) -> dict[str, Any]:
    """The one line of JSON; does not wait for EOF. Raises ValueError if it is not an object, too long or too late."""
    value = json.loads(_read_line(fd, time.monotonic() + deadline_s).decode("utf-8") or "{}")
    if not isinstance(value, dict):
        raise ValueError("the input is not a JSON object")
    return value


def _read_line(fd: int, until: float) -> bytes:
    line = b""
    while b"\n" not in line:
        ready, _, _ = select.select([fd], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise ValueError("no line of JSON arrived on stdin")
        chunk = os.read(fd, 65536)
        if not chunk:
            break
        line += chunk
        if len(line) > INPUT_LIMIT_BYTES:
            raise ValueError("the input is too long")
    return line.split(b"\n", 1)[0].strip()


def emit(message: dict[str, Any]) -> bool:
    """Writes one line; False once nobody listens, so that work under way goes on without its audience."""
    try:
        sys.stdout.write(json.dumps(message, ensure_ascii=True) + "\n")
        sys.stdout.flush()
        return True
    except OSError:
        return False


def emit_progress(text: str) -> None:
    emit({"event": "progress", "text": text})


def emit_result(result: dict[str, Any]) -> None:
    emit({"protocol": PROTOCOL, "agent": VERSION, "ok": True, "result": result})


def emit_refusal(refusal: Refusal) -> None:
    error = {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}
    emit({"protocol": PROTOCOL, "agent": VERSION, "ok": False, "error": error})
