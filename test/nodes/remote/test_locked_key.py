from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from multijhub_agent import locked_key
from multijhub_agent.protocol import Refusal


class LockedKeyTest(unittest.TestCase):
    def refused(self, **given: object) -> str:
        with self.assertRaises(Refusal) as caught:
            locked_key.refuse_other_programs(given)
        self.assertEqual(caught.exception.code, "BAD_SETTINGS")
        return caught.exception.message

    def test_allows_what_root_installed_or_nothing(self) -> None:
        with mock.patch.object(locked_key, "replaceable_part", lambda _: None):
            locked_key.refuse_other_programs({})
            locked_key.refuse_other_programs({"jupyterhub": "/opt/jupyterhub/bin/jupyterhub"})
            locked_key.refuse_other_programs({"proxyCommand": ["/usr/bin/node", "/opt/bin/configurable-http-proxy"]})

    def test_starts_no_other_program(self) -> None:
        with mock.patch.object(locked_key, "replaceable_part", lambda _: None):
            self.assertIn("jupyterhub", self.refused(jupyterhub="/bin/sh"))
            for words in (
                ["/bin/sh", "-c", "id"],
                ["/usr/bin/node", "-e", "1"],
                ["/usr/bin/node", "configurable-http-proxy"],
            ):
                self.assertIn("proxyCommand", self.refused(proxyCommand=words))

    @unittest.skipUnless(os.geteuid() == 0, "needs files of root and of others")
    def test_starts_nothing_that_others_could_exchange(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "bin" / "jupyterhub"
            program.parent.mkdir(mode=0o755)
            program.touch(mode=0o755)
            self.assertIsNone(locked_key.replaceable_part(str(program)))
            link = Path(folder) / "jupyterhub"
            link.symlink_to(program)
            self.assertIsNone(locked_key.replaceable_part(str(link)))
            program.parent.chmod(0o777)
            self.assertEqual(locked_key.replaceable_part(str(link)), str(program.parent))
            program.parent.chmod(0o755)
            os.chown(program, 65534, 65534)
            self.assertIn(f"{program} belongs to others", self.refused(jupyterhub=str(program)))

    @unittest.skipUnless(os.geteuid() == 0, "needs files of root and of others")
    def test_looks_at_every_link_on_the_way(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            there, between, here = (Path(folder) / name for name in ("there", "between", "here"))
            for directory in (there, between, here):
                directory.mkdir(mode=0o755)
            (there / "jupyterhub").touch(mode=0o755)
            (between / "current").symlink_to("../there")
            (here / "bin").symlink_to(between / "current")
            program = str(here / "bin" / "jupyterhub")
            self.assertIsNone(locked_key.replaceable_part(program))
            between.chmod(0o777)
            self.assertEqual(locked_key.replaceable_part(program), str(between))
            between.chmod(0o755)
            os.lchown(between / "current", 65534, 65534)
            self.assertEqual(locked_key.replaceable_part(program), str(between / "current"))

    def test_ends_where_links_lead_in_a_circle(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a").symlink_to("b")
            (Path(folder) / "b").symlink_to("a")
            locked_key.replaceable_part(str(Path(folder) / "a" / "jupyterhub"))
