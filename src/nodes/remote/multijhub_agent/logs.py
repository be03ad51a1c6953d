"""The logs of hub and proxy: bounded in size, shown without secrets."""

from __future__ import annotations

import os
import re
from pathlib import Path

TAIL_BYTES = 16_384
TAIL_LINES = 25
ROTATE_BYTES = 10 << 20
SECRET_PATTERNS = (
    re.compile(
        r"((?:token|secret|password|authorization|cookie|code|state)\w*\"?'?\s*[=:]\s*(?:token |bearer )?)[^\s&,;\"']+",
        re.I,
    ),
    re.compile(r"()[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),  # a ticket
    re.compile(r"()\b[A-Fa-f0-9]{32,}\b"),
)


def redact(text: str, secrets: list[str]) -> str:
    """The text without these secrets, and without what looks like one."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]")
    for pattern in SECRET_PATTERNS:
        text = pattern.sub(r"\1[secret]", text)
    return text


def tail(log: Path, secrets: list[str], since: int = 0) -> list[str]:
    """The last lines written after byte `since`, redacted."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since if since <= size else 0, size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return redact(text, secrets).splitlines()[-TAIL_LINES:]


def rotate(log: Path) -> int:
    """Moves a log that grew too long aside; returns where the next line will start."""
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        return 0
    if size < ROTATE_BYTES:
        return size
    log.replace(log.with_suffix(".log.1"))
    return 0
