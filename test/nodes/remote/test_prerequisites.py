"""What the agent tells of a node for `multijhub check`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from multijhub_agent import home_probe
from multijhub_agent.places import mount_of, places
from multijhub_agent.prerequisites import hub_program, other_hubs, prerequisites
from multijhub_agent.protocol import Refusal

MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
31 22 0:50 / /home rw,nosuid - nfs4 files:/export/home rw,vers=4.2,sec=krb5p
"""


class PrerequisitesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.where = places(folder.name)

    def test_tells_room_where_nothing_was_made_yet_and_makes_nothing(self) -> None:
        answer = prerequisites({"accounts": ["root", "no such account"], "group": "root"}, self.where)
        self.assertEqual([disk["path"] for disk in answer["disks"]], [str(self.where.state), str(self.where.logs)])
        self.assertGreater(answer["disks"][0]["freeBytes"], 0)
        self.assertFalse(self.where.state.exists())
        self.assertEqual(answer["group"], {"name": "root", "gid": 0})
        self.assertEqual([entry["account"] and entry["account"]["uid"] for entry in answer["accounts"]], [0, None])

    def test_refuses_what_is_no_list_of_names(self) -> None:
        for accounts in ("root", [1], ["root"] * 21):
            with self.assertRaises(Refusal):
                prerequisites({"accounts": accounts}, self.where)

    def test_knows_hubs_and_cullers_by_their_command(self) -> None:
        for words, program in (
            ("/opt/bin/jupyterhub\0--config\0x", "jupyterhub"),
            ("/usr/bin/python3\0/opt/bin/jupyterhub\0", "jupyterhub"),
            ("python3\0-m\0jupyterhub_idle_culler\0--timeout=60", "jupyterhub-idle-culler"),
            ("python3\0-m\0jupyterhub.singleuser\0", None),
            ("/opt/bin/jupyterhub-singleuser\0", None),
            ("vim\0a\0b\0/opt/bin/jupyterhub", None),
            ("", None),
        ):
            self.assertEqual(hub_program(words.encode()), program, words)

    def test_names_a_culler_that_runs_and_not_one_of_ours(self) -> None:
        ours = {**os.environ, "MULTIJHUB_ROLE": "hub"}
        script = Path(self.where.state.parents[2], "jupyterhub-idle-culler")
        script.write_text("input()", encoding="utf-8")
        pids = [self._run(script, environment) for environment in (dict(os.environ), ours)]
        found = {entry["pid"] for entry in other_hubs()}
        self.assertEqual([pid in found for pid in pids], [True, False])

    def _run(self, script: Path, environment: dict[str, str]) -> int:
        child = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, env=environment)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        assert child.stdin
        self.addCleanup(child.stdin.close)
        return child.pid


class HomeProbeTest(unittest.TestCase):
    def test_tells_what_is_there(self) -> None:
        with tempfile.TemporaryDirectory() as home:
            seen, found = home_probe.probe(home, 5), os.stat(home)
        self.assertEqual((seen["inode"], seen["uid"]), (found.st_ino, os.geteuid()))
        self.assertEqual(seen["changedMs"], found.st_ctime_ns // 1_000_000)

    def test_says_why_there_is_nothing(self) -> None:
        self.assertEqual(home_probe.probe("/no/such/home", 5), {"problem": "No such file or directory"})

    def test_comes_back_from_a_home_that_hangs(self) -> None:
        with mock.patch.object(home_probe, "look", lambda _: time.sleep(60)):
            self.assertEqual(home_probe.probe("/", 0.1), {"problem": "it did not answer within 0.1 s"})

    def test_the_child_that_a_home_may_hold_has_nothing_open_of_the_agent(self) -> None:
        def look(_: str) -> dict[str, object]:
            return {"open": [fd for fd in range(256) if os.path.exists(f"/proc/self/fd/{fd}")]}

        with tempfile.TemporaryFile(), mock.patch.object(home_probe, "look", look):
            self.assertEqual(len(home_probe.probe("/", 5)["open"]), 1)

    def test_tells_how_it_is_mounted(self) -> None:
        mount = mount_of("/home/alice", MOUNTS)
        self.assertEqual(mount, ("nfs4", "files:/export/home", "rw,vers=4.2,sec=krb5p"))
        self.assertEqual(mount_of("/homes", MOUNTS).kind, "ext4")
