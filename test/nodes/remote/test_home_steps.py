"""The steps as the program they are: what they answer, and that one which hangs holds nobody up."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from multijhub_hub import step_process
from multijhub_hub.claim_file import file_name
from multijhub_hub.step_process import StepFailed, StepHung, run_step

USER = pwd.getpwuid(os.geteuid()).pw_name
RUNTIME = ".local/share/jupyter/runtime"


def claim(node: str) -> dict[str, Any]:
    return {
        "id": f"claim-of-{node}-0001",
        "user": USER,
        "server": "",
        "node": node,
        "bootId": "boot",
        "createdAtMs": 1,
        "version": 1,
    }


class HomeStepsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)

    def prepare(self, node: str = "node1", **changes: Any) -> dict[str, Any]:
        order = {"step": "prepare", "user": USER, "group": None, "claim": claim(node), "supersedes": None}
        return self.run_step({**order, "home": str(self.home), **changes})

    def run_step(self, order: dict[str, Any], deadline_s: float = 20.0) -> dict[str, Any]:
        return asyncio.run(run_step(order, deadline_s))

    def test_prepares_a_home_and_leaves_it(self) -> None:
        self.assertEqual(self.prepare(), {"kind": "ready", "isClaimed": True, "notes": []})
        stored = self.home / RUNTIME / file_name("")
        self.assertEqual(json.loads(stored.read_text()), claim("node1"))
        self.assertEqual(stored.stat().st_mode & 0o777, 0o640)
        leave = {"step": "leave", "user": USER, "server": "", "home": str(self.home)}
        self.assertFalse(self.run_step({**leave, "claim": claim("node2")["id"]})["isRemoved"])
        self.assertTrue(self.run_step({**leave, "claim": claim("node1")["id"]})["isRemoved"])
        self.assertFalse(stored.exists())

    def test_names_the_node_that_holds_the_place(self) -> None:
        self.prepare("node2")
        held = {"kind": "held", "node": "node2", "claim": "claim-of-node2-0001"}
        self.assertEqual(self.prepare("node1"), held)
        self.assertTrue(self.prepare("node1", supersedes="claim-of-node2-0001")["isClaimed"])

    def test_starts_without_a_claim_where_none_can_be_made(self) -> None:
        (self.home / ".local").write_text("not a directory")
        answer = self.prepare(group="no-such-group")
        self.assertFalse(answer["isClaimed"])
        self.assertRegex(answer["notes"][0], "no place was claimed: .*/.local is not a directory")

    def test_says_what_was_not_granted(self) -> None:
        answer = self.prepare(group="no-such-group")
        self.assertTrue(answer["isClaimed"])
        self.assertIn("no group no-such-group", answer["notes"][0])

    def test_fails_in_its_own_words(self) -> None:
        with self.assertRaisesRegex(StepFailed, "name not found: 'nobody-here'"):
            self.prepare(user="nobody-here")

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_is_the_user_before_it_touches_the_home(self) -> None:
        nobody = pwd.getpwnam("nobody")
        self.home.chmod(0o755)
        answer = self.prepare(user="nobody")  # the home is root's
        self.assertRegex(answer["notes"][0], f"belongs to uid 0, not to uid {nobody.pw_uid}")
        os.chown(self.home, nobody.pw_uid, nobody.pw_gid)
        self.assertTrue(self.prepare(user="nobody")["isClaimed"])
        self.assertEqual((self.home / RUNTIME / file_name("")).stat().st_uid, nobody.pw_uid)


class HangingHomeTest(unittest.TestCase):
    """A FIFO without a writer stands for a file server without an answer: open(2) does not return."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.fifo = Path(folder.name) / "fifo"
        os.mkfifo(self.fifo)

    def test_is_given_up_at_the_deadline_while_others_go_on(self) -> None:
        child = "import subprocess, sys; subprocess.run(['cat', sys.argv[1]])"
        hang = (step_process.sys.executable, "-c", child, str(self.fifo))
        answer = (step_process.sys.executable, "-c", "print('{\"kind\": \"left\"}')")

        async def scenario() -> tuple[float, int]:
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.01)
                    ticks += 1

            ticking = asyncio.create_task(tick())
            with mock.patch.object(step_process, "COMMAND", hang):
                hung = asyncio.create_task(run_step({}, 1.0))
                await asyncio.sleep(0.1)
            with mock.patch.object(step_process, "COMMAND", answer):
                self.assertEqual(await run_step({}, 20.0), {"kind": "left"})
            began = time.monotonic()
            with self.assertRaisesRegex(StepHung, "did not answer within 1 s"):
                await hung
            ticking.cancel()
            return time.monotonic() - began, ticks

        took, ticks = asyncio.run(scenario())
        self.assertLess(took, 3.0)
        self.assertGreater(ticks, 20)
        self.assertFalse(self.has_reader(), "the step's own children are killed with it")

    def has_reader(self) -> bool:
        """Opening for writing without waiting fails while nobody reads; the killed may take a moment to go."""
        for _ in range(200):
            try:
                os.close(os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                return False
            time.sleep(0.01)
        return True


if __name__ == "__main__":
    unittest.main()
