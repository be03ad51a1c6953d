"""What a running hub does for itself from time to time: backups of its database, logs that stay short."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Callable

from . import database
from .node_settings import NodePlaces

EVERY_S = 600.0
SETTLE_S = 2.0  # a start and a stop write to the database a few times
LOG_LIMIT_BYTES = 20 << 20


def keep_house_regularly(
    places: NodePlaces, every_s: float = EVERY_S, settle_s: float = SETTLE_S
) -> Callable[[], None]:
    """For as long as the process lives, in a thread of its own: the hub's loop never waits for the disk. Returns what to
    call when the database changed in a way that must not be lost."""
    changed = threading.Event()
    thread = threading.Thread(target=_loop, args=(places, changed, every_s, settle_s), name="housekeeping", daemon=True)
    thread.start()

    def database_changed() -> None:  # a plain function: traitlets copies deeply what it is given
        changed.set()

    return database_changed


def keep_house(places: NodePlaces) -> None:
    """One round. Raises OSError or sqlite3.Error."""
    for log in [*places.logs.glob("*.log"), *places.server_logs.glob("*.log")]:
        shorten(log)
    database.back_up(places.database)


def shorten(log: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> bool:
    """Moves the end of a log that grew too long aside, or drops it where there is no room for that. Its writers go on,
    for they only append. No more than the end: a server's log is its user's, who can make it longer than the disk."""
    if log.stat().st_size <= limit_bytes:
        return False
    former = log.with_suffix(".log.1")
    try:
        with log.open("rb") as full, open(former, "wb") as kept:
            former.chmod(0o600)
            full.seek(-limit_bytes, os.SEEK_END)
            kept.write(full.read(limit_bytes))
    except OSError:
        former.unlink(missing_ok=True)
    os.truncate(log, 0)
    return True


def _loop(places: NodePlaces, changed: threading.Event, every_s: float, settle_s: float) -> None:
    due = time.monotonic() + every_s
    while True:
        if changed.wait(max(0.0, due - time.monotonic())) and time.monotonic() < due:
            time.sleep(settle_s)
            changed.clear()
            _quietly(lambda: database.back_up(places.database))
        else:
            due = time.monotonic() + every_s
            _quietly(lambda: keep_house(places))


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except (OSError, sqlite3.Error):
        logging.getLogger("multijhub").exception("housekeeping failed")
