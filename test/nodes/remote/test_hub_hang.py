from __future__ import annotations

import os
import signal
import unittest

from multijhub_agent import process_table

from .agent_sandbox import Sandbox


class HubHangTest(unittest.TestCase):
    def setUp(self) -> None:
        self.node = Sandbox()
        self.addCleanup(self.node.remove)
        self.assertTrue(self.node.start()["ok"])

    def test_starts_a_hub_that_hangs_anew_only_if_it_is_told_to(self) -> None:
        pid, proxy = self.node.record("hub")["pid"], self.node.record("proxy")
        os.kill(pid, signal.SIGSTOP)
        answer = self.node.start(startTimeoutMs=1_500)
        self.assertEqual(answer["error"]["code"], "HUB_NOT_HEALTHY")
        self.assertIn("runs and does not answer", answer["error"]["message"])
        self.assertIsNotNone(process_table.start_ticks(pid))
        self.assertTrue(self.node.start(restartHung=True, startTimeoutMs=60_000)["ok"])
        self.assertIsNone(process_table.start_ticks(pid))
        self.assertEqual(self.node.record("proxy"), proxy)

    def test_starts_a_proxy_that_hangs_anew(self) -> None:
        pid = self.node.record("proxy")["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.assertTrue(self.node.start(restartHung=True, startTimeoutMs=60_000)["ok"])
        self.assertIsNone(process_table.start_ticks(pid))
        self.assertEqual(self.node.ask("status")["result"]["state"], "ready")
