from __future__ import annotations

import json
import os
import tempfile
import unittest
from pathlib import Path

from multijhub_record.identity import Process
from multijhub_record.left_over import remove_left_over
from multijhub_record.process_tree import ProcessTable

PID = os.getpid()


class LeftOverTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.table = ProcessTable()
        self.alive = {
            "host": "node1",
            "pid": PID,
            "startTicks": self.table.start_ticks(PID),
            "bootId": self.table.boot_id(),
        }

    def remaining(self, name: str = f"jhub-node1-{PID}.json", boot_id: str | None = None, **changes: object) -> bool:
        path = self.folder / name
        path.write_text(json.dumps({**self.alive, **changes}))
        this = Process("node1", 1, 1, self.table.boot_id() if boot_id is None else boot_id, 0)
        remove_left_over(str(self.folder), "node1", this, self.table)
        return path.exists()

    def test_keeps_the_record_of_a_process_that_runs(self) -> None:
        self.assertTrue(self.remaining())

    def test_removes_that_of_a_process_or_a_boot_that_has_ended(self) -> None:
        self.assertFalse(self.remaining(pid=1 << 23))
        self.assertFalse(self.remaining(startTicks=1))
        self.assertFalse(self.remaining(bootId="earlier"))

    def test_keeps_what_this_machine_cannot_judge(self) -> None:
        gone: dict[str, object] = {"pid": 1 << 23}
        self.assertTrue(self.remaining(**gone, host="node2"))
        self.assertTrue(self.remaining(**gone, name="jhub-node2-1.json"))
        self.assertTrue(self.remaining(**gone, name="jhub-claim-.json"))
        self.assertTrue(self.remaining(**gone, name="jpserver-1.json"))
        self.assertTrue(self.remaining(**gone, boot_id=""))
        self.assertTrue(self.remaining(pid="1"))

    def test_is_not_held_up_by_what_is_no_record(self) -> None:
        os.mkfifo(self.folder / "jhub-node1-7.json")
        (self.folder / "jhub-node1-8.json").symlink_to("/dev/zero")
        (self.folder / "jhub-node1-9.json").mkdir()
        (self.folder / "jhub-node1-10.json").write_text("{")
        self.assertFalse(self.remaining(pid=1 << 23))
        self.assertEqual(len(list(self.folder.iterdir())), 4)

    def test_says_nothing_of_a_directory_that_is_not_there(self) -> None:
        this = Process("node1", 1, 1, self.table.boot_id(), 0)
        remove_left_over(str(self.folder / "none"), "node1", this, self.table)
