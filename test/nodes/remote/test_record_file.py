from __future__ import annotations

import os
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from multijhub_record.record_file import RecordFile


class RecordFileTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "jhub-node1-1.json"
        self.file = RecordFile(folder.name, self.path.name)

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    def test_is_readable_by_the_group_whatever_the_umask(self) -> None:
        for umask in (0o022, 0o077, 0):
            with self.subTest(oct(umask)):
                former = os.umask(umask)
                self.addCleanup(os.umask, former)
                self.file.write(b"{}")
                os.umask(former)
                self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o640)

    def test_replaces_the_former_one_and_leaves_nothing_beside_it(self) -> None:
        self.file.write(b"one")
        with open(self.path, "rb") as reader:
            self.file.write(b"two")
            self.assertEqual(reader.read(), b"one")
        self.assertEqual(self.path.read_bytes(), b"two")
        self.assertEqual(self.names(), [self.path.name])

    def test_follows_no_link_left_at_the_temporary_name(self) -> None:
        victim = self.folder / "victim"
        victim.write_text("kept")
        (self.folder / f".{self.path.name}.tmp").symlink_to(victim)
        self.file.write(b"{}")
        self.assertEqual(victim.read_text(), "kept")
        self.assertFalse(self.path.is_symlink())

    def test_keeps_the_former_one_when_the_room_ends(self) -> None:
        self.file.write(b"one")
        with mock.patch("os.replace", side_effect=OSError(122, "Disk quota exceeded")), self.assertRaises(OSError):
            self.file.write(b"two")
        self.assertEqual(self.path.read_bytes(), b"one")
        self.assertEqual(self.names(), [self.path.name])

    def test_says_that_the_directory_is_missing(self) -> None:
        with self.assertRaises(OSError):
            RecordFile(str(self.folder / "none"), "jhub-node1-1.json").write(b"{}")

    def test_is_gone_for_good_once_removed(self) -> None:
        self.file.write(b"{}")
        self.file.remove()
        self.file.write(b"{}")
        self.file.remove()
        self.assertEqual(self.names(), [])

    def test_is_not_removed_by_a_fork(self) -> None:
        self.file.write(b"{}")
        with mock.patch("os.getpid", return_value=os.getpid() + 1):
            self.file.remove()
        self.assertEqual(self.names(), [self.path.name])

    def test_is_not_waited_for_at_exit_when_the_home_hangs(self) -> None:
        self.file.write(b"{}")
        self.file._lock.acquire()
        with mock.patch("multijhub_record.record_file.REMOVE_WITHIN_S", 0):
            self.file.remove()
        self.file._lock.release()
        self.file.write(b"later")
        self.assertEqual(self.path.read_bytes(), b"{}")
