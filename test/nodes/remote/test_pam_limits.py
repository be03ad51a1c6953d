"""What PAM lets sessions of users have."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from multijhub_agent.pam_limits import user_limits

MAIN = """# * soft nproc 1
*               soft    nofile  1024   # as usual
root            hard    nproc   10
@students  -  nproc 200
*  soft  core  0
alice  hard  nofile  unlimited
a line of no sense
"""


class PamLimitsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.security = Path(folder.name)

    def test_tells_those_of_users_with_file_and_line(self) -> None:
        main = self.security / "limits.conf"
        main.write_text(MAIN, encoding="utf-8")
        (self.security / "limits.d").mkdir()
        own = self.security / "limits.d/90-nproc.conf"
        own.write_text("*\thard\tnproc\t4096\n", encoding="utf-8")
        self.assertEqual(
            user_limits(self.security),
            [
                {"domain": "*", "item": "nofile", "value": 1024, "source": f"{main}:2"},
                {"domain": "@students", "item": "nproc", "value": 200, "source": f"{main}:4"},
                {"domain": "*", "item": "nproc", "value": 4096, "source": f"{own}:1"},
            ],
        )

    def test_tells_fifty_at_most_and_none_where_there_is_no_file(self) -> None:
        self.assertEqual(user_limits(self.security), [])
        (self.security / "limits.conf").write_text("* soft nproc 1\n" * 60, encoding="utf-8")
        self.assertEqual(len(user_limits(self.security)), 50)
