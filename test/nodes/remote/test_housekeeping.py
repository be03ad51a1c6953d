from __future__ import annotations

import copy
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

    def test_keeps_no_more_of_a_log_than_its_end_however_long_its_owner_makes_it(self) -> None:
        log = self.places.server_logs / "alice.log"
        with log.open("wb") as writer:
            writer.truncate(1 << 32)  # takes no room on the disk, nor of its owner's quota
            writer.seek(0, os.SEEK_END)
            writer.write(b"the end")
        self.assertTrue(housekeeping.shorten(log, limit_bytes=100))
        former = log.with_suffix(".log.1").read_bytes()
        self.assertEqual((len(former), former[-7:], log.stat().st_size), (100, b"the end", 0))

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

    def test_backs_up_soon_after_a_change_and_once_for_several(self) -> None:
        with closing(sqlite3.connect(self.places.database)) as connection:
            connection.execute("CREATE TABLE t (x)")
        changed = housekeeping.keep_house_regularly(self.places, every_s=3600, settle_s=0.2)
        self.assertIs(copy.deepcopy(changed), changed)
        for _ in range(10):
            changed()
        self.assertEqual(self.eventually(1), 1)
        changed()
        self.assertEqual(self.eventually(2), 2)

    def eventually(self, wanted: int) -> int:
        """The number of backups, once it is the wanted one or ten seconds have passed."""
        until = time.monotonic() + 10
        while len(database.backups(self.places.database)) < wanted and time.monotonic() < until:
            time.sleep(0.01)
        return len(database.backups(self.places.database))

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
            (log.read_text(), len(former.read_text()), former.stat().st_mode & 0o777), ("after", 100, 0o600)
        )
