from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from multijhub_agent import process_table
from multijhub_hub.closing import closing, is_closing

from .agent_sandbox import Sandbox

EMPTY = {"proxy": True, "onlyIfEmpty": True}


class HubStopTest(unittest.TestCase):
    def setUp(self) -> None:
        self.node = Sandbox()
        self.addCleanup(self.node.remove)
        self.assertTrue(self.node.start()["ok"])

    def lists(self, *users: dict[str, object]) -> None:
        (self.node.hub_folder / "users.json").write_text(json.dumps(users))

    def kept(self) -> str:
        answer = self.node.ask("stop-hub", EMPTY)
        self.assertEqual((answer["ok"], answer["error"]["code"]), (False, "HUB_IN_USE"))
        self.assertEqual(self.node.ask("status")["result"]["state"], "ready")
        return str(answer["error"]["message"])

    def test_an_empty_hub_is_stopped_with_its_proxy(self) -> None:
        pids = [self.node.record(name)["pid"] for name in ("hub", "proxy")]
        self.assertEqual(self.node.ask("stop-hub", EMPTY)["result"], {"changed": True})
        self.assertEqual([process_table.start_ticks(pid) for pid in pids], [None, None])
        self.assertEqual(self.node.ask("stop-hub", EMPTY)["result"], {"changed": False})
        self.assertFalse((self.node.root / "run/multijhub/closing").exists())

    def test_it_starts_no_server_from_the_moment_of_looking_on(self) -> None:
        answer = self.node.ask("stop-hub", EMPTY)
        self.assertTrue(answer["ok"], answer)
        self.assertEqual((self.node.hub_folder / "asked").read_text(), "True")

    def test_a_server_in_its_list_keeps_it(self) -> None:
        self.lists({"name": "alice", "servers": {"": {"ready": True}, "second": {"ready": True}}})
        self.assertEqual(self.kept(), "the hub is used: alice is in the hub's list, and 1 more")

    def test_a_start_under_way_keeps_it(self) -> None:
        self.lists({"name": "alice", "servers": {"": {"ready": False, "pending": "spawn"}}})
        self.assertIn("alice", self.kept())

    def test_a_hub_that_does_not_tell_is_kept(self) -> None:
        (self.node.hub_folder / "users.json").write_text("busy")
        self.assertIn("does not say", self.kept())

    def test_who_listens_in_its_place_is_sent_no_token_and_not_believed(self) -> None:
        heard: list[str] = []

        class Stranger(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"[]")

        stranger = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
        self.addCleanup(stranger.server_close)
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        self.addCleanup(stranger.shutdown)
        record = self.node.record("hub")
        record["facts"]["ports"]["hub"] = stranger.server_port
        (self.node.root / "run/multijhub/hub.json").write_text(json.dumps(record))
        answer = self.node.ask("stop-hub", EMPTY)
        self.assertEqual((answer["ok"], answer.get("error", {}).get("code"), heard), (False, "HUB_IN_USE", []))

    def test_a_hub_that_has_ended_needs_not_be_asked(self) -> None:
        os.kill(self.node.record("hub")["pid"], signal.SIGKILL)
        while process_table.start_ticks(self.node.record("hub")["pid"]) is not None:
            time.sleep(0.01)
        self.assertEqual(self.node.ask("stop-hub", EMPTY)["result"], {"changed": True})


class ClosingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.sign = Path(tempfile.mkdtemp()) / "closing"

    def test_is_said_for_as_long_as_it_takes(self) -> None:
        self.assertFalse(is_closing(self.sign))
        with closing(self.sign):
            self.assertTrue(is_closing(self.sign))
        self.assertFalse(is_closing(self.sign))

    def test_is_not_said_for_ever_by_one_that_died(self) -> None:
        self.sign.touch()
        os.utime(self.sign, (0, time.time() - 120))
        self.assertFalse(is_closing(self.sign))
