"""What a running hub does for itself from time to time: backups of its database, logs that stay short."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
import time
from pathlib import Path

from . import database
from .node_settings import NodePlaces

EVERY_S = 600.0
LOG_LIMIT_BYTES = 20 << 20


def keep_house_regularly(places: NodePlaces, every_s: float = EVERY_S) -> threading.Thread:
    """For as long as the process lives, in a thread of its own: the hub's loop never waits for the disk."""
    thread = threading.Thread(target=_loop, args=(places, every_s), name="housekeeping", daemon=True)
    thread.start()
    return thread


def keep_house(places: NodePlaces) -> None:
    """One round. Raises OSError or sqlite3.Error."""
    database.back_up(places.database)
    for log in [*places.logs.glob("*.log"), *places.server_logs.glob("*.log")]:
        shorten(log)


def shorten(log: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> bool:
    """Moves the content of a log that grew too long aside. Its writers go on, for they only append."""
    if log.stat().st_size <= limit_bytes:
        return False
    former = log.with_suffix(".log.1")
    shutil.copyfile(log, former)
    former.chmod(0o600)
    os.truncate(log, 0)
    return True


def _loop(places: NodePlaces, every_s: float) -> None:
    while True:
        time.sleep(every_s)
        try:
            keep_house(places)
        except (OSError, sqlite3.Error):
            logging.getLogger("multijhub").exception("housekeeping failed")
