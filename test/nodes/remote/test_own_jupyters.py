"""A user's own Jupyters: found by pid, account and command together."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import unittest

from multijhub_agent.own_jupyters import own_jupyters
from multijhub_agent.protocol import Refusal


class OwnJupytersTest(unittest.TestCase):
    def run_as(self, name: str) -> int:
        """A process with that word in its command line; it ends with the test."""
        child = subprocess.Popen([sys.executable, "-c", "input()", name], stdin=subprocess.PIPE)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        assert child.stdin
        self.addCleanup(child.stdin.close)
        return child.pid

    def found(self, user: str, *pids: int) -> list[int]:
        return [entry["pid"] for entry in own_jupyters({"user": user, "pids": list(pids)})["jupyters"]]

    def test_finds_a_running_jupyter_of_the_user(self) -> None:
        pid = self.run_as("jupyter-lab")
        self.assertEqual(self.found(getpass.getuser(), pid, pid), [pid, pid])

    def test_finds_nothing_else(self) -> None:
        jupyter, editor = self.run_as("jupyter-lab"), self.run_as("editor")
        self.assertEqual(self.found(getpass.getuser(), editor, 1, -1, 0, 4_194_304 + os.getpid()), [])
        self.assertEqual(self.found("nobody", jupyter), [])
        self.assertEqual(self.found("no such account", jupyter), [])

    def test_refuses_what_is_no_question(self) -> None:
        for given in ({}, {"user": "zoe"}, {"user": "zoe", "pids": ["1"]}, {"user": "zoe", "pids": [True]}):
            with self.assertRaises(Refusal):
                own_jupyters(given)
