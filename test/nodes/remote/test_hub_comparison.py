from __future__ import annotations

import json
import unittest

from .agent_sandbox import Sandbox


class HubComparisonTest(unittest.TestCase):
    def setUp(self) -> None:
        self.node = Sandbox()
        self.addCleanup(self.node.remove)
        self.assertTrue(self.node.start()["ok"])

    def compared(self, **changes: object) -> dict[str, object]:
        return dict(self.node.ask("compare-hub", {**self.node.settings, **changes})["result"])

    def add_fragment(self) -> None:
        folder = self.node.root / "etc/multijhub/hub.d"
        folder.mkdir(parents=True)
        (folder / "10-site.py").write_text("c.JupyterHub.x = 1")

    def test_names_what_a_hub_would_be_started_with_now(self) -> None:
        self.assertEqual(
            self.compared(), {"isRunning": True, "version": "5.9.9", "wouldStart": "5.9.9", "changes": []}
        )
        self.add_fragment()
        newer = self.node.other_jupyterhub("6.0.0")
        answer = self.compared(jupyterhub=newer, adminUsers=["carol"])
        self.assertEqual((answer["version"], answer["wouldStart"]), ("5.9.9", "6.0.0"))
        self.assertEqual(
            [change["words"] for change in answer["changes"]],  # type: ignore[attr-defined]
            [
                "JupyterHub 5.9.9 -> 6.0.0",
                "settings of the router: admin_users",
                "/etc/multijhub/hub.d has changed",
            ],
        )
        self.node.ask("stop-hub")
        self.assertEqual((self.compared()["isRunning"], self.compared()["changes"]), (False, []))

    def test_leaves_one_that_knows_the_router_s_settings_if_it_is_told_to(self) -> None:
        pid = self.node.record("hub")["pid"]
        self.add_fragment()
        kept = self.node.start(leaveOutdated=True)["result"]
        self.assertEqual((kept["changed"], kept["pid"], kept["outdated"]), (False, pid, ["/etc/multijhub/hub.d has changed"]))
        self.assertTrue(self.node.start(leaveOutdated=True, adminUsers=["carol"])["result"]["changed"])
        self.assertEqual(self.compared(adminUsers=["carol"])["changes"], [])

    def test_does_not_cut_off_a_start_if_it_can_wait(self) -> None:
        users = [{"name": "alice", "servers": {"": {"ready": False, "pending": "spawn"}}}]
        (self.node.hub_folder / "users.json").write_text(json.dumps(users))
        answer = self.node.start(whenSafe=True, adminUsers=["carol"], startTimeoutMs=2_000)
        self.assertEqual(answer["error"]["code"], "HUB_IN_USE")
        self.assertEqual(self.node.ask("status")["result"]["state"], "ready")
        self.assertTrue(self.node.start(adminUsers=["carol"], startTimeoutMs=60_000)["result"]["changed"])
