from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import unittest
from contextlib import closing
from functools import partial
from pathlib import Path
from unittest import mock

from multijhub_hub import database


class DatabaseTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "jupyterhub.sqlite"

    def make(self, *spawners: tuple[str, str, object]) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
            connection.execute("CREATE TABLE spawners (id INTEGER PRIMARY KEY, user_id INTEGER, name TEXT, state TEXT)")
            for user, name, state in spawners:
                user_id = connection.execute("INSERT INTO users (name) VALUES (?)", (user,)).lastrowid
                connection.execute(
                    "INSERT INTO spawners (user_id, name, state) VALUES (?, ?, ?)", (user_id, name, json.dumps(state))
                )

    def states(self) -> list[object]:
        with closing(sqlite3.connect(self.path)) as connection:
            return [json.loads(state) for (state,) in connection.execute("SELECT state FROM spawners ORDER BY id")]

    def test_forgets_pids_that_are_not_the_server_they_were_noted_for(self) -> None:
        self.make(
            ("alice", "", {"pid": 11}),
            ("bob", "gpu", {"pid": 12, "x": 1, "claim_id": "c"}),
            ("carol", "", {}),
            ("dora", "", {"unit": "pid"}),
        )
        gone = database.forget_dead_servers(self.path, lambda pid, user, name: (pid, user, name) == (11, "alice", ""))
        self.assertEqual(gone, ["bob/gpu"])
        self.assertEqual(self.states(), [{"pid": 11}, {"claim_id": "c"}, {}, {"unit": "pid"}])

    def test_has_nothing_to_forget_before_the_first_start(self) -> None:
        self.assertEqual(database.forget_dead_servers(self.path, lambda *_: False), [])
        self.path.touch()
        self.assertEqual(database.forget_dead_servers(self.path, lambda *_: False), [])

    def test_forgets_every_token_of_one_service(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("CREATE TABLE services (id INTEGER PRIMARY KEY, name TEXT)")
            connection.execute("CREATE TABLE api_tokens (id INTEGER PRIMARY KEY, service_id INTEGER, user_id INTEGER)")
            connection.execute("INSERT INTO services VALUES (1, 'multijhub'), (2, 'announcer')")
            connection.execute("INSERT INTO api_tokens VALUES (1, 1, NULL), (2, 1, NULL), (3, 2, NULL), (4, NULL, 1)")
        self.assertEqual(database.forget_tokens(self.path, "multijhub"), 2)
        with closing(sqlite3.connect(self.path)) as connection:
            self.assertEqual(connection.execute("SELECT id FROM api_tokens ORDER BY id").fetchall(), [(3,), (4,)])

    def test_has_no_tokens_to_forget_before_the_first_start(self) -> None:
        self.assertEqual(database.forget_tokens(self.path, "multijhub"), 0)
        self.path.touch()
        self.assertEqual(database.forget_tokens(self.path, "multijhub"), 0)

    def test_keeps_the_newest_backups_private(self) -> None:
        self.assertIsNone(database.back_up(self.path))
        self.make(("alice", "", {"pid": 1}))
        made = [database.back_up(self.path, keep=3) for _ in range(6)]
        self.assertEqual(
            [copy.name for copy in database.backups(self.path)][:1], [max(copy.name for copy in made if copy)]
        )
        self.assertLessEqual(len(database.backups(self.path)), 3)
        self.assertEqual({copy.stat().st_mode & 0o777 for copy in database.backups(self.path)}, {0o600})

    def test_restores_a_damaged_or_lost_database_from_the_newest_sound_backup(self) -> None:
        self.make(("alice", "", {"pid": 1}))
        good = database.back_up(self.path)
        self.path.with_name("jupyterhub.sqlite.backup-9999999999999").write_bytes(b"junk" * 1000)
        self.path.write_bytes(b"not a database, and longer than a header " * 10)
        self.assertEqual(database.restore_if_damaged(self.path), good and good.name)
        self.assertEqual(self.states(), [{"pid": 1}])
        self.path.unlink()
        self.assertEqual(database.restore_if_damaged(self.path), good and good.name)
        self.assertIsNone(database.restore_if_damaged(self.path))

    def test_takes_no_failure_to_look_for_damage(self) -> None:
        self.make()
        database.back_up(self.path)
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with mock.patch.object(database.sqlite3, "connect", partial(sqlite3.connect, timeout=0.01)):
                with self.assertRaises(sqlite3.OperationalError):
                    database.restore_if_damaged(self.path)
        self.assertTrue(database.is_sound(self.path))

    def test_leaves_no_half_a_backup(self) -> None:
        self.make()
        before = sorted(os.listdir(self.path.parent))
        failure = sqlite3.OperationalError("database or disk is full")
        with mock.patch.object(database.sqlite3, "connect", side_effect=failure):
            with self.assertRaises(sqlite3.OperationalError):
                database.back_up(self.path)
        self.assertEqual(sorted(os.listdir(self.path.parent)), before)

    def test_starts_anew_without_a_backup(self) -> None:
        self.path.write_bytes(b"not a database, and longer than a header " * 10)
        self.assertIsNone(database.restore_if_damaged(self.path))
        self.assertFalse(self.path.exists())
