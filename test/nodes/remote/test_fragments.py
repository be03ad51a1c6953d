from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from multijhub_hub import fragments


class FragmentsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def refusal(self) -> str:
        with self.assertRaises(fragments.BadFragment) as caught:
            fragments.digest(self.folder)
        return f"{caught.exception} | {caught.exception.remedy}"

    def test_runs_them_in_the_order_of_their_names(self) -> None:
        self.write("20-b.py", "seen.append(('b', __file__))")
        self.write("10-a.py", "seen.append('a')")
        self.write("30-note.txt", "not python")
        seen: list[object] = []
        fragments.run(self.folder, {"seen": seen})
        self.assertEqual(seen, ["a", ("b", str(self.folder / "20-b.py"))])

    def test_without_a_folder_there_are_none(self) -> None:
        fragments.run(self.folder / "none", {})
        self.assertEqual(fragments.digest(self.folder / "none"), fragments.digest(self.folder))

    def test_the_digest_follows_every_change(self) -> None:
        digests = [fragments.digest(self.folder)]
        for name, text in (("a.py", "1"), ("a.py", "2"), ("b.py", "2")):
            self.write(name, text)
            digests.append(fragments.digest(self.folder))
        self.assertEqual(len(set(digests)), 4)

    def test_refuses_what_others_could_have_written(self) -> None:
        path = self.write("a.py", "1", 0o664)
        self.assertIn(f"chmod go-w {path}", self.refusal())
        path.chmod(0o644)
        self.folder.chmod(0o777)
        self.assertIn("can be written by others", self.refusal())

    def test_refuses_another_owner_also_behind_a_link(self) -> None:
        target = self.write("target", "1")
        (self.folder / "a.py").symlink_to(target)
        real = os.fstat

        def foreign(fd: int) -> os.stat_result:
            found = list(real(fd))
            found[4] = 2001
            return os.stat_result(found)

        with mock.patch.object(fragments.os, "fstat", foreign):
            self.assertIn("belongs to uid 2001", self.refusal())

    def test_refuses_what_python_cannot_read(self) -> None:
        self.write("a.py", "c.x = (")
        self.assertIn("not valid Python", self.refusal())
        (self.folder / "a.py").unlink()
        (self.folder / "a.py").mkdir()
        self.assertIn("cannot be read", self.refusal())
