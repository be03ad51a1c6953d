from __future__ import annotations

import logging
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from multijhub_record.activity import Counts
from multijhub_record.publisher import Publisher
from multijhub_record.record import State
from multijhub_record.record_file import RecordFile

IDLE = State(Counts(1, 0, 0, 0, 1), is_idle=False, is_idle_but_tabs=True)
BUSY = State(Counts(1, 1, 0, 0, 1), is_idle=False, is_idle_but_tabs=False)


class PublisherTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "runtime"
        self.folder.mkdir()
        self.path = self.folder / "jhub-node1-1.json"
        self.log = mock.create_autospec(logging.Logger, instance=True)
        self.now_s = 0.0
        file = RecordFile(str(self.folder), self.path.name)
        self.publisher = Publisher(file, self.log, lambda: self.now_s)

    def offer(self, state: State, content: bytes, after_s: float = 1) -> None:
        self.now_s += after_s
        self.publisher.offer(state, lambda: content)
        self.publisher.wait()

    def test_writes_changes_at_once_and_the_rest_every_minute(self) -> None:
        seen = []
        for state, content, after_s in ((IDLE, b"1", 1), (IDLE, b"2", 59), (BUSY, b"3", 0), (BUSY, b"4", 60)):
            self.offer(state, content, after_s)
            seen.append(self.path.read_bytes())
        self.assertEqual(seen, [b"1", b"1", b"3", b"4"])

    def test_warns_once_and_says_once_that_it_is_well_again(self) -> None:
        self.folder.rmdir()
        self.offer(IDLE, b"1")
        self.offer(BUSY, b"2", after_s=10)
        self.assertEqual(self.log.warning.call_count, 1)
        self.folder.mkdir()
        self.offer(IDLE, b"3", after_s=9)
        self.assertFalse(self.path.exists())
        self.offer(IDLE, b"4", after_s=1)
        self.offer(BUSY, b"5")
        self.assertEqual(self.path.read_bytes(), b"5")
        self.assertEqual((self.log.warning.call_count, self.log.info.call_count), (1, 1))

    def test_survives_what_nobody_expected(self) -> None:
        self.publisher.offer(IDLE, lambda: {}["missing"])  # type: ignore[arg-type]
        self.publisher.wait()
        self.offer(IDLE, b"1", after_s=10)
        self.assertEqual(self.path.read_bytes(), b"1")

    def test_never_waits_for_a_home_that_hangs(self) -> None:
        answers = threading.Event()

        def slow() -> bytes:
            answers.wait(30)
            return b"slow"

        self.publisher.offer(IDLE, slow)
        self.publisher.offer(BUSY, lambda: b"not while the first is under way")
        answers.set()
        self.publisher.wait()
        self.assertEqual(self.path.read_bytes(), b"slow")
