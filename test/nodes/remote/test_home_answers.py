from __future__ import annotations

import contextlib
import types
import unittest
from collections.abc import Iterator
from unittest import mock

from multijhub_agent import home_answers

NFS = "30 1 0:30 / /home rw shared:9 - nfs4 files:/homes rw,vers=4.2"
FUSE = "31 30 0:31 / /home/{} rw,nosuid,nodev shared:10 - fuse.sshfs sshfs rw,user_id={},group_id=2001"


class SilentHomeTest(unittest.TestCase):
    @contextlib.contextmanager
    def node(self, homes: dict[str, bool], *mounts: str) -> Iterator[list[str]]:
        """Users with servers, and whether their homes answer; yields which were looked at."""
        names, looked = list(homes), list[str]()

        def is_answered(home: str, _seconds: float) -> bool:
            looked.append(home)
            return homes[home.rpartition("/")[2]]

        servers = [types.SimpleNamespace(uid=number) for number in range(len(names))]
        replaced = {
            "ServerTable": lambda: types.SimpleNamespace(running=lambda: servers),
            "_home": lambda uid: f"/home/{names[uid]}",
            "is_answered": is_answered,
            "Path": lambda _: types.SimpleNamespace(read_text=lambda encoding: "\n".join([NFS, *mounts])),
        }
        with contextlib.ExitStack() as stack:
            for name, value in replaced.items():
                stack.enter_context(mock.patch.object(home_answers, name, value))
            yield looked

    def test_is_one_where_most_are_silent(self) -> None:
        for homes in ({"alice": False}, {"alice": False, "bob": True, "carol": False}):
            with self.subTest(homes=homes), self.node(homes):
                self.assertEqual(home_answers.silent_home(), "/home/alice")

    def test_is_none_where_one_hangs_for_itself(self) -> None:
        for homes in ({"alice": False, "bob": True}, {"alice": False, "bob": True, "carol": True}, {}):
            with self.subTest(homes=homes), self.node(homes):
                self.assertIsNone(home_answers.silent_home())

    def test_is_not_what_its_user_has_mounted(self) -> None:
        with self.node({"alice": False}, FUSE.format("alice", 2001)) as looked:
            self.assertIsNone(home_answers.silent_home())
            self.assertEqual(looked, [])
        with self.node({"alice": False}, FUSE.format("alice", 0)):
            self.assertEqual(home_answers.silent_home(), "/home/alice")

    def test_is_not_looked_for_longer_than_needed(self) -> None:
        many = {f"u{number}": number % 2 == 1 for number in range(20)}
        with self.node(many) as looked:
            home_answers.silent_home()
            self.assertLessEqual(len(looked), home_answers.MOST)
