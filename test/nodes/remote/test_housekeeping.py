from __future__ import annotations

import os
import sqlite3
import tempfile
import time
import unittest
from contextlib import closing
from pathlib import Path

from multijhub_hub import database, housekeeping
from multijhub_hub.node_settings import NodePlaces


class HousekeepingTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        base = Path(folder.name)
        self.places = NodePlaces(base, base / "log", base, base)
        self.places.server_logs.mkdir(parents=True)

    def test_backs_the_database_up_while_a_hub_has_it_open(self) -> None:
        with closing(sqlite3.connect(self.places.database)) as connection:
            connection.execute("CREATE TABLE t (x)")
            for number in range(database.KEEP + 2):
                connection.execute("INSERT INTO t VALUES (?)", (number,))
                connection.commit()
                housekeeping.keep_house(self.places)
                time.sleep(0.002)  # backups are told apart by the millisecond
        self.assertEqual(len(database.backups(self.places.database)), database.KEEP)
        with closing(sqlite3.connect(database.backups(self.places.database)[0])) as newest:
            self.assertEqual(newest.execute("SELECT max(x) FROM t").fetchone(), (database.KEEP + 1,))

    def test_shortens_a_log_under_its_writer(self) -> None:
        log = self.places.server_logs / "alice.log"
        writer = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.addCleanup(os.close, writer)
        os.write(writer, b"x" * 100)
        self.assertFalse(housekeeping.shorten(log, limit_bytes=100))
        os.write(writer, b"y")
        self.assertTrue(housekeeping.shorten(log, limit_bytes=100))
        os.write(writer, b"after")
        former = log.with_suffix(".log.1")
        self.assertEqual(
            (log.read_text(), len(former.read_text()), former.stat().st_mode & 0o777), ("after", 101, 0o600)
        )
