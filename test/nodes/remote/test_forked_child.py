"""Between fork and exec: nobody whom a child has become may hold up the hub."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

from multijhub_hub import forked_child

BECOME = """
import os, signal, subprocess, sys
from multijhub_hub.forked_child import become_unwaited
{}
child = subprocess.Popen(["true"], preexec_fn=lambda: become_unwaited(become_user, "true", None))
os.kill(child.pid, signal.SIGKILL)
"""


class ForkedChildTest(unittest.TestCase):
    def starts(self, become_user: str) -> None:
        """In a process of its own, which can be given up: what waits for a stopped child waits for ever."""
        folder = os.path.dirname(os.path.dirname(forked_child.__file__))
        program = BECOME.format(textwrap.dedent(become_user))
        parent = subprocess.Popen([sys.executable, "-c", program], cwd=folder, start_new_session=True)
        try:
            self.assertEqual(parent.wait(20), 0)
        finally:
            try:
                os.killpg(parent.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def test_a_user_who_stops_the_child_does_not_stop_the_hub(self) -> None:
        self.starts("def become_user(): os.kill(os.getpid(), signal.SIGSTOP)")

    def test_a_home_that_hangs_the_child_does_not_hang_the_hub(self) -> None:
        self.starts("def become_user(): os.read(os.pipe()[0], 1)")

    def test_a_failure_is_in_the_servers_log(self) -> None:
        def become_user() -> None:
            raise PermissionError("no such group")

        with tempfile.TemporaryFile() as log:
            child = subprocess.Popen(
                ["true"], stderr=log, preexec_fn=lambda: forked_child.become_unwaited(become_user, "true", None)
            )
            self.assertNotEqual(child.wait(20), 0)
            log.seek(0)
            self.assertIn(b"PermissionError: no such group", log.read())

    def test_a_program_that_is_not_there_is_named(self) -> None:
        with tempfile.TemporaryFile() as log:
            child = subprocess.Popen(
                ["nowhere"], stderr=log, preexec_fn=lambda: forked_child.become_unwaited(int, "nowhere", None)
            )
            self.assertEqual(child.wait(20), 255)
            log.seek(0)
            self.assertIn(b"nowhere is not there", log.read())

    def test_what_the_program_is_given_stays_open(self) -> None:
        given, other = os.pipe()
        self.addCleanup(os.close, given)
        command = ["sh", "-c", f"echo hello >&{other}"]
        child = subprocess.Popen(
            command, pass_fds=[other], preexec_fn=lambda: forked_child.become_unwaited(lambda: None, "sh", None)
        )
        os.close(other)
        self.assertEqual(child.wait(20), 0)
        self.assertEqual(os.read(given, 99), b"hello\n")


if __name__ == "__main__":
    unittest.main()
