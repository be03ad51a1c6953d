"""Stopping a server by its process: the one that was named, and no other."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import unittest
from typing import Any
from unittest import mock

from multijhub_agent import process_table, server_stop, single_user_servers
from multijhub_agent.protocol import Refusal

STEPS = ((signal.SIGINT, 5.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
SHELL = shutil.which("sh") or "/bin/sh"


class ServerStopTest(unittest.TestCase):
    def setUp(self) -> None:
        """A server of root's is none; that is not what these tests are about."""
        patch = mock.patch.object(single_user_servers.os, "geteuid", lambda: -1)
        patch.start()
        self.addCleanup(patch.stop)

    def serve(self, script: str) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
        """A process that listens as zoe's server and does what the script says; it is ready when this returns."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]
        environment = {
            "PATH": os.environ["PATH"],
            "JUPYTERHUB_USER": "zoe",
            "JUPYTERHUB_SERVER_NAME": "gpu",
            # Of each test's own: what the one before has left dies a moment later.
            "JUPYTERHUB_SERVICE_PREFIX": f"/n/node1/user/zoe/gpu/{port}/",
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}/",
        }
        child = subprocess.Popen(
            [SHELL, "-c", f"{script}; echo ready; while :; do sleep 0.05; done"],
            env=environment,
            pass_fds=[server.fileno()],
            stdout=subprocess.PIPE,
        )
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        assert child.stdout
        self.addCleanup(child.stdout.close)
        child.stdout.readline()
        return child, {
            "user": "zoe",
            "server": "gpu",
            "pid": child.pid,
            "startTicks": process_table.start_ticks(child.pid),
            "bootId": process_table.boot_id(),
        }

    def refusal(self, given: dict[str, Any], steps: server_stop.Steps = STEPS) -> str:
        with self.assertRaises(Refusal) as caught:
            server_stop.stop_server(given, steps)
        return caught.exception.code

    def test_asks_first(self) -> None:
        child, named = self.serve("trap 'exit 7' INT")
        self.assertEqual(server_stop.stop_server(named, STEPS), {"signal": "SIGINT"})
        self.assertEqual(child.wait(), 7)
        self.assertEqual(self.refusal(named), "NO_SUCH_SERVER")

    def test_signals_the_process_it_looked_at_not_a_pid(self) -> None:
        _, named = self.serve("trap 'exit 7' INT")
        with mock.patch.object(server_stop.os, "kill", side_effect=AssertionError("a pid is used again")):
            self.assertEqual(server_stop.stop_server(named, STEPS), {"signal": "SIGINT"})

    def test_stops_it_where_the_kernel_knows_processes_by_pid_only(self) -> None:
        _, named = self.serve("trap 'exit 7' INT")
        with mock.patch.object(server_stop.os, "pidfd_open", side_effect=OSError("not implemented")):
            self.assertEqual(server_stop.stop_server(named, STEPS), {"signal": "SIGINT"})

    def test_insists_when_it_is_not_heard(self) -> None:
        _, named = self.serve("trap '' INT TERM")
        steps = ((signal.SIGINT, 0.1), (signal.SIGTERM, 0.1), (signal.SIGKILL, 5.0))
        self.assertEqual(server_stop.stop_server(named, steps), {"signal": "SIGKILL"})

    def test_says_when_nothing_helps(self) -> None:
        _, named = self.serve("trap '' INT")
        self.assertEqual(self.refusal(named, ((signal.SIGINT, 0.1),)), "SERVER_TIMEOUT")

    def test_gives_jupyter_ten_seconds_before_it_kills(self) -> None:
        before = [seconds for number, seconds in server_stop.STEPS if number is not signal.SIGKILL]
        self.assertEqual([number for number, _ in server_stop.STEPS][-1], signal.SIGKILL)
        self.assertGreaterEqual(sum(before), 10)

    def test_touches_no_process_that_differs_in_anything(self) -> None:
        child, named = self.serve("trap 'exit 7' INT")
        for other in (
            {"user": "yan"},
            {"server": ""},
            {"pid": os.getpid()},
            {"pid": 1 << 40},
            {"startTicks": named["startTicks"] + 1},
            {"bootId": "another"},
        ):
            self.assertEqual(self.refusal({**named, **other}), "NO_SUCH_SERVER")
        for wrong in ({"pid": "1"}, {"pid": True}, {"user": None}, {"bootId": 1}):
            self.assertEqual(self.refusal({**named, **wrong}), "BAD_SETTINGS")
        self.assertIsNone(child.poll())


if __name__ == "__main__":
    unittest.main()
