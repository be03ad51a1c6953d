"""Care for the hub's database: losing it makes every running server an orphan."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Callable

KEEP = 5

IsServer = Callable[[int, str, str], bool]


def back_up(database: Path, keep: int = KEEP) -> Path | None:
    """A consistent copy beside the database, also while a hub writes to it; the oldest beyond `keep` go."""
    if not database.exists():
        return None
    copy = database.with_name(f"{database.name}.backup-{time.time_ns() // 1_000_000}")
    partial = copy.with_name(f".{copy.name}")
    os.close(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(partial)) as target:
        source.backup(target)
    partial.replace(copy)
    for old in backups(database)[keep:]:
        old.unlink(missing_ok=True)
    return copy


def backups(database: Path) -> list[Path]:
    """Newest first."""
    return sorted(database.parent.glob(f"{database.name}.backup-*"), reverse=True)


def restore_if_damaged(database: Path) -> str | None:
    """Puts the newest sound backup in the place of a lost or damaged database; returns its name if it did."""
    if is_sound(database):
        return None
    source = next((copy for copy in backups(database) if is_sound(copy)), None)
    if database.exists():
        database.replace(database.with_name(f"{database.name}.damaged"))
    if source is None:
        return None
    partial = database.with_name(f".{database.name}.restored")
    partial.write_bytes(source.read_bytes())
    partial.chmod(0o600)
    partial.replace(database)
    return source.name


def is_sound(database: Path) -> bool:
    """Whether the file is there and SQLite finds no fault in it."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        return False


def forget_dead_servers(database: Path, is_server: IsServer) -> list[str]:
    """Drops the pids that no longer belong to the server they were noted for, as after a reboot. The hub would take
    whatever process has such a pid now for the user's server, and stop it. Returns "user" or "user/server" of each;
    the hub itself then finds them stopped and cleans up after them."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(database)) as connection, connection:
        stale = [row for row in _noted_pids(connection) if not is_server(*row[1:])]
        for spawner_id, *_ in stale:
            connection.execute("UPDATE spawners SET state = '{}' WHERE id = ?", (spawner_id,))
    return [f"{user}/{name}" if name else user for _, _, user, name in stale]


def _noted_pids(connection: sqlite3.Connection) -> list[tuple[int, int, str, str]]:
    try:
        rows = connection.execute(
            "SELECT spawners.id, spawners.state, users.name, spawners.name FROM spawners"
            " JOIN users ON users.id = spawners.user_id WHERE spawners.state LIKE '%\"pid\"%'"
        ).fetchall()
    except sqlite3.OperationalError:  # no tables yet: the hub never ran
        return []
    found = [(spawner_id, _pid(state), user, name or "") for spawner_id, state, user, name in rows]
    return [(spawner_id, pid, user, name) for spawner_id, pid, user, name in found if pid]


def _pid(state: str) -> int:
    try:
        pid = json.loads(state).get("pid")
    except (ValueError, AttributeError):
        return 0
    return pid if isinstance(pid, int) else 0
