"""Care for the hub's database: losing it makes every running server an orphan."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Callable

KEEP = 5
KEEP_APART = 3

IsServer = Callable[[int, str, str], bool]


def back_up(database: Path, keep: int = KEEP) -> Path | None:
    """A consistent copy beside the database, also while a hub writes to it; the oldest beyond `keep` go."""
    if not database.exists():
        return None
    copy = _copy(database, f"backup-{time.time_ns() // 1_000_000}")
    for old in backups(database)[keep:]:
        old.unlink(missing_ok=True)
    return copy


def keep_apart(database: Path, version: str, keep: int = KEEP_APART) -> Path | None:
    """A copy of what that JupyterHub left, which no backup pushes out; of the newest few versions."""
    if not is_sound(database):
        return None
    copy = _copy(database, f"of-{version}")
    apart = sorted(database.parent.glob(f"{database.name}.of-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in apart[keep:]:
        old.unlink(missing_ok=True)
    return copy


def put_back(database: Path, copy: Path) -> None:
    """The copy in the place of the database of a hub that does not run; what it had not finished writing goes."""
    partial = database.with_name(f".{database.name}.restored")
    partial.write_bytes(copy.read_bytes())
    partial.chmod(0o600)
    partial.replace(database)
    for kind in ("-journal", "-wal", "-shm"):
        database.with_name(database.name + kind).unlink(missing_ok=True)


def _copy(database: Path, kind: str) -> Path:
    copy = database.with_name(f"{database.name}.{kind}")
    partial = copy.with_name(f".{copy.name}")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        partial.replace(copy)
    finally:
        partial.unlink(missing_ok=True)  # half a copy, on a full disk
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
    put_back(database, source)
    return source.name


def is_sound(database: Path) -> bool:
    """Whether the file is there and SQLite finds no fault in it. Raises sqlite3.OperationalError if it cannot look:
    no room, no access, or in use says nothing of damage."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False


def forget_dead_servers(database: Path, is_server: IsServer) -> list[str]:
    """Drops the pids that no longer belong to the server they were noted for, as after a reboot. The hub would take
    whatever process has such a pid now for the user's server, and stop it. Returns "user" or "user/server" of each;
    the hub itself then finds them stopped and cleans up after them, for which it needs to know their claims."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(database)) as connection, connection:
        stale = [row for row in _noted_pids(connection) if not is_server(*row[2:])]
        for spawner_id, state, *_ in stale:
            left = {name: value for name, value in state.items() if name == "claim_id"}
            connection.execute("UPDATE spawners SET state = ? WHERE id = ?", (json.dumps(left), spawner_id))
    return [f"{user}/{name}" if name else user for *_, user, name in stale]


def forget_tokens(database: Path, service: str) -> int:
    """Drops what a service could call the hub with: it gets what its settings say, and nothing it had before. The hub
    itself only ever adds tokens."""
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as connection, connection:
        try:
            return connection.execute(
                "DELETE FROM api_tokens WHERE service_id IN (SELECT id FROM services WHERE name = ?)", (service,)
            ).rowcount
        except sqlite3.OperationalError:  # no tables yet: the hub never ran
            return 0


def _noted_pids(connection: sqlite3.Connection) -> list[tuple[int, dict[str, Any], int, str, str]]:
    try:
        rows = connection.execute(
            "SELECT spawners.id, spawners.state, users.name, spawners.name FROM spawners"
            " JOIN users ON users.id = spawners.user_id WHERE spawners.state LIKE '%\"pid\"%'"
        ).fetchall()
    except sqlite3.OperationalError:  # no tables yet: the hub never ran
        return []
    found = [(spawner_id, _state(text), user, name or "") for spawner_id, text, user, name in rows]
    pids = ((spawner_id, state, state.get("pid"), user, name) for spawner_id, state, user, name in found)
    return [(spawner_id, state, pid, user, name) for spawner_id, state, pid, user, name in pids if _is_pid(pid)]


def _state(text: str) -> dict[str, Any]:
    try:
        state = json.loads(text)
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def _is_pid(value: Any) -> bool:
    return isinstance(value, int) and value > 0
