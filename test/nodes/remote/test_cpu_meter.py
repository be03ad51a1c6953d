from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from multijhub_record.cpu_meter import EVERY_S, CpuMeter
from multijhub_record.process_tree import TICKS_PER_S, ProcessTable

MARK = b"JUPYTERHUB_API_TOKEN=canary"


class CpuMeterTest(unittest.TestCase):
    """On a /proc made up: process 10 is the server."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.process(10, 1, cpu_s=3.0)
        self.meter = CpuMeter(ProcessTable(folder.name), 10, MARK)
        self.meter.look(0.0)

    def process(self, pid: int, parent: int, cpu_s: float, mark: bytes = b"") -> None:
        folder = self.root / str(pid)
        folder.mkdir(exist_ok=True)
        numbers = [parent, *[0] * 9, round(cpu_s * TICKS_PER_S), 0, 0, 0, 20, 0, 1, 0, 4711 + pid, 0, 1]
        (folder / "stat").write_text(f"{pid} (a (b) c) S {' '.join(map(str, numbers))}")
        (folder / "environ").write_bytes(b"HOME=/home/alice\0" + mark + b"\0")

    def test_takes_a_start_for_computing(self) -> None:
        self.assertTrue(self.meter.is_computing(1.0))

    def test_sees_a_twentieth_of_a_core_and_not_less(self) -> None:
        self.process(10, 1, cpu_s=3.7)
        self.assertFalse(self.meter.is_computing(EVERY_S))
        self.process(10, 1, cpu_s=4.5)
        self.assertTrue(self.meter.is_computing(2 * EVERY_S))
        self.assertTrue(self.meter.is_computing(2 * EVERY_S + 1), "until the next sample")
        self.assertFalse(self.meter.is_computing(3 * EVERY_S))

    def test_counts_descendants_from_their_beginning_and_misses_nothing_when_others_end(self) -> None:
        self.process(11, 10, cpu_s=100.0)
        self.assertTrue(self.meter.look(EVERY_S))
        self.process(11, 1, cpu_s=100.0)  # it has left the tree
        self.process(12, 10, cpu_s=1.0)
        self.assertTrue(self.meter.look(2 * EVERY_S))

    def test_counts_what_has_left_the_tree_and_was_begun_in_the_server(self) -> None:
        self.process(20, 1, cpu_s=1.0, mark=MARK)
        self.process(21, 1, cpu_s=1.0, mark=b"JUPYTERHUB_API_TOKEN=another")
        self.assertTrue(self.meter.look(EVERY_S))
        self.process(21, 1, cpu_s=9.0, mark=b"JUPYTERHUB_API_TOKEN=another")
        self.assertFalse(self.meter.look(2 * EVERY_S))
        self.process(20, 1, cpu_s=9.0, mark=MARK)
        self.assertTrue(self.meter.look(3 * EVERY_S))

    def test_goes_on_counting_a_child_that_leaves_the_tree(self) -> None:
        self.process(11, 10, cpu_s=1.0, mark=MARK)
        self.meter.look(EVERY_S)
        self.process(11, 1, cpu_s=3.0, mark=MARK)
        self.assertTrue(self.meter.look(2 * EVERY_S))

    def test_looks_closely_over_a_short_time_but_not_at_single_ticks(self) -> None:
        self.meter.look(EVERY_S)
        self.process(10, 1, cpu_s=3.2)
        self.assertFalse(self.meter.look(EVERY_S + 0.5))
        self.process(10, 1, cpu_s=3.7)
        self.assertTrue(self.meter.look(EVERY_S + 1))

    def test_finds_a_real_job_whose_parent_has_ended(self) -> None:
        program = "import time\nwhile time.process_time() < 20: pass"
        shell = f"setsid {sys.executable} -c '{program}' >/dev/null 2>&1 & echo $!"
        environment = {**os.environ, "JUPYTERHUB_API_TOKEN": "canary"}
        pid = int(subprocess.run(["sh", "-c", shell], env=environment, stdout=subprocess.PIPE, check=True).stdout)
        self.addCleanup(os.kill, pid, 9)
        found, others = ProcessTable().marked(MARK, frozenset())
        self.assertEqual(found, [pid])
        self.assertNotIn(pid, others)
        self.assertIn(os.getpid(), others)
