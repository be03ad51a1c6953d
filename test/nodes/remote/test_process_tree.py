from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from multijhub_record.process_tree import PAGE_BYTES, TICKS_PER_S, ProcessTable

# A shell's child with a child of its own, started by a thread other than the first; says the grandchild's pid when all run.
FAMILY = """
import subprocess, sys, threading
def start():
    child = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"])
    child.wait()
threading.Thread(target=start).start()
"""


def stat(pid: int, parent: int, ticks: int, pages: int) -> str:
    numbers = [parent, *[0] * 9, ticks, 0, 0, 0, 20, 0, 1, 0, 4711, 0, pages]
    return f"{pid} (a (b) c) S {' '.join(map(str, numbers))}"


class ProcessTreeTest(unittest.TestCase):
    def test_finds_the_children_of_every_thread_and_theirs(self) -> None:
        family = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, text=True)
        self.addCleanup(family.wait)
        self.addCleanup(family.stdout.close)
        self.addCleanup(family.kill)
        grandchild = int(family.stdout.readline())
        self.addCleanup(os.kill, grandchild, 15)
        table = ProcessTable()
        tree = table.tree(family.pid)
        self.assertEqual((len(tree), tree[0], tree[2]), (3, family.pid, grandchild))
        self.assertEqual(table.children(grandchild), [])
        self.assertGreater(table.use(family.pid).rss_bytes, table.use(grandchild).rss_bytes)

    def test_counts_what_ended_children_have_used(self) -> None:
        before = ProcessTable().use(os.getpid()).cpu_seconds
        subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.1: pass"], check=True)
        self.assertGreaterEqual(ProcessTable().use(os.getpid()).cpu_seconds, before + 0.08)

    def test_knows_when_a_process_started_and_that_another_is_gone(self) -> None:
        table = ProcessTable()
        self.assertGreater(table.start_ticks(os.getpid()), 0)
        self.assertEqual(table.start_ticks(1 << 23), 0)
        self.assertEqual(table.children(1 << 23), [])
        self.assertEqual(table.use(1 << 23).rss_bytes, 0)
        self.assertRegex(table.boot_id(), r"^[0-9a-f-]{36}$")

    def test_asks_all_for_their_parents_where_the_kernel_has_no_lists(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            for pid, parent in ((10, 1), (11, 10), (12, 11), (13, 1)):
                (Path(root) / str(pid)).mkdir()
                (Path(root) / str(pid) / "stat").write_text(stat(pid, parent, TICKS_PER_S, 3))
            (Path(root) / "14").mkdir()
            table = ProcessTable(root)
            self.assertEqual(table.children(10), [11])
            self.assertEqual((table.use(10).rss_bytes, table.use(10).cpu_seconds), (9 * PAGE_BYTES, 3.0))
            self.assertEqual(table.start_ticks(10), 4711)

    def test_is_empty_where_there_is_no_proc(self) -> None:
        table = ProcessTable("/nowhere")
        self.assertEqual((table.children(1), table.use(1).rss_bytes, table.boot_id()), ([], 0, ""))
