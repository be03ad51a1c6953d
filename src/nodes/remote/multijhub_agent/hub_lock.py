"""One change of the hub at a time, however many routers ask."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from .places import Places, unusable
from .protocol import Progress, Refusal

POLL_S = 0.1


@contextlib.contextmanager
def hub_lock(where: Places, timeout_s: float, progress: Progress) -> Iterator[None]:
    """Holds the lock for the block; refuses after `timeout_s`. The kernel releases it if we die."""
    fd = _open(where)
    try:
        _acquire(fd, time.monotonic() + timeout_s, progress)
        yield
    finally:
        os.close(fd)


def is_held(where: Places) -> bool:
    """Whether somebody is changing the hub right now."""
    try:
        fd = os.open(where.run / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def _open(where: Places) -> int:
    try:
        return os.open(where.run / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as failure:
        raise unusable(where.run / "lock", failure) from failure


def _acquire(fd: int, until: float, progress: Progress) -> None:
    if _try_lock(fd, fcntl.LOCK_EX):
        return
    progress("another start of this hub is under way, waiting for it")
    while not _try_lock(fd, fcntl.LOCK_EX):
        if time.monotonic() > until:
            raise Refusal("HUB_NOT_HEALTHY", "another start of this hub does not end", "try again; see status")
        time.sleep(POLL_S)


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
