"""The sign that a hub is about to be stopped because nobody uses it: it starts no server any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIFETIME_S = 60.0  # whoever put it up and died meanwhile keeps nobody from their server for longer


@contextmanager
def closing(sign: Path) -> Iterator[None]:
    """Up for the block: whatever is not in the hub's list by then does not begin."""
    sign.touch(mode=0o600)
    try:
        yield
    finally:
        sign.unlink(missing_ok=True)


def is_closing(sign: Path) -> bool:
    try:
        age = time.time() - sign.stat().st_mtime
    except OSError:
        return False
    return 0 <= age < LIFETIME_S
