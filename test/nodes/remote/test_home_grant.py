"""The grant: what the router's group gains, and that nobody else gains anything. `getfacl` and `setfacl` are the oracle."""

from __future__ import annotations

import errno
import grp
import os
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from multijhub_hub import home_grant, nfs4_acl, posix_acl
from multijhub_hub.home_folder import OddHome, path_of, runtime_folders
from multijhub_hub.posix_acl import GROUP, GROUP_OBJ, MASK, NOBODY, OTHER, USER, USER_OBJ, Acl, with_group

ROUTER = grp.getgrgid(next(gid for gid in (1, 2, 3) if gid != os.getegid()))
RUNTIME = ".local/share/jupyter/runtime"


def effective(acl: Acl) -> Acl:
    """What everybody may do, the mask applied."""
    mask = acl.get((MASK, NOBODY), 7)
    return {
        key: bits & mask if key[0] in (USER, GROUP_OBJ, GROUP) else bits for key, bits in acl.items() if key[0] != MASK
    }


def has_acls(path: str) -> bool:
    try:
        posix_acl.read(path, posix_acl.ACCESS)
        return bool(shutil.which("getfacl"))
    except OSError as failure:
        return failure.errno != errno.ENOTSUP


class PosixAclTest(unittest.TestCase):
    def test_nobody_else_gains_or_loses_whatever_the_list_was(self) -> None:
        noise = random.Random(7)
        for _ in range(2000):
            acl: Acl = {(tag, NOBODY): noise.randrange(8) for tag in (USER_OBJ, GROUP_OBJ, MASK, OTHER)}
            acl |= {(noise.choice([USER, GROUP]), noise.randrange(5)): noise.randrange(8) for _ in range(4)}
            needed = noise.choice([1, 4, 5])
            wanted = with_group(acl, 3, needed)
            before, after = effective(acl), effective(wanted)
            self.assertEqual(after.pop((GROUP, 3)), before.pop((GROUP, 3), 0) | needed)
            self.assertEqual(after, before)
            self.assertEqual(with_group(wanted, 3, needed), wanted)
            self.assertEqual(posix_acl.parse(posix_acl.pack(wanted)), wanted)


@unittest.skipUnless(has_acls(tempfile.gettempdir()), "this file system has no access control lists")
class HomeGrantTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name) / "alice"
        self.home.mkdir(mode=0o700)
        os.umask(0o022)

    def grant(self) -> str | None:
        with runtime_folders(str(self.home), create=True) as folders:
            return home_grant.grant(folders, ROUTER.gr_name)

    def listing(self, path: str) -> set[str]:
        command = ["getfacl", "--absolute-names", "--omit-header", "--numeric", str(self.home / path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return {line for line in done.stdout.splitlines() if line}

    def test_opens_the_way_and_the_records_and_nothing_else(self) -> None:
        self.assertIsNone(self.grant())
        gid = ROUTER.gr_gid
        way = {"user::rwx", "group::---", f"group:{gid}:--x", "mask::--x", "other::---"}
        for path in ("", ".local", ".local/share", ".local/share/jupyter"):
            self.assertEqual(self.listing(path), way, path)
        runtime = {"user::rwx", "group::---", f"group:{gid}:r-x", "mask::r-x", "other::---"}
        made = {"user::rwx", "group::---", f"group:{gid}:r--", "mask::r--", "other::---"}
        self.assertEqual(self.listing(RUNTIME), runtime | {f"default:{line}" for line in made})

    def test_leaves_what_is_as_it_should_be(self) -> None:
        self.grant()
        changed = os.stat(self.home / RUNTIME).st_ctime_ns
        self.assertIsNone(self.grant())
        self.assertEqual(os.stat(self.home / RUNTIME).st_ctime_ns, changed)

    def test_heals_a_mask_that_chmod_zeroed_for_the_router_only(self) -> None:
        self.grant()
        subprocess.run(["setfacl", "-m", "u:5000:rwx,g::r-x", str(self.home)], check=True)
        self.home.chmod(0o700)
        self.assertIn("mask::---", self.listing(""))
        self.assertIsNone(self.grant())
        gid = ROUTER.gr_gid
        self.assertEqual(
            self.listing(""),
            {"user::rwx", "user:5000:---", "group::---", f"group:{gid}:--x", "mask::--x", "other::---"},
        )

    def test_a_new_file_is_readable_by_the_router_if_it_was_made_to_be(self) -> None:
        self.grant()
        for name, mode, expected in (("jhub-node1-7.json", 0o640, "r--"), ("jpserver-7.json", 0o600, "---")):
            os.close(os.open(self.home / RUNTIME / name, os.O_CREAT | os.O_WRONLY, mode))
            self.assertIn(f"mask::{expected}", self.listing(f"{RUNTIME}/{name}"))

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_the_router_s_account_reads_records_and_nothing_else(self) -> None:
        self.home.parent.chmod(0o711)
        self.grant()
        files = {"jhub-node1-7.json": 0o640, "jpserver-7.json": 0o600, "kernel-x.json": 0o600, "jupyter_cookie_secret": 0o600}
        for name, mode in files.items():
            os.close(os.open(self.home / RUNTIME / name, os.O_CREAT | os.O_WRONLY, mode))
        (self.home / "notes.txt").write_text("private")
        (self.home / "notes.txt").chmod(0o640)
        readable = [name for name in files if self.may(f"{RUNTIME}/{name}", "r")]
        self.assertEqual(readable, ["jhub-node1-7.json"])
        self.assertTrue(self.may(RUNTIME, "r"))
        for path, right in (("", "r"), ("notes.txt", "r"), (RUNTIME, "w"), (f"{RUNTIME}/jhub-node1-7.json", "w")):
            self.assertFalse(self.may(path, right), (path, right))

    def may(self, path: str, right: str) -> bool:
        command = ["test", f"-{right}", str(self.home / path)]
        return subprocess.run(command, user=2100, group=ROUTER.gr_gid, extra_groups=[], check=False).returncode == 0

    def test_says_what_keeps_it_from_it(self) -> None:
        with runtime_folders(str(self.home), create=True) as folders:
            self.assertIn("no group nobody-knows", home_grant.grant(folders, "nobody-knows") or "")

    def test_makes_the_way_private_and_follows_no_link(self) -> None:
        self.grant()
        self.assertEqual({(self.home / path).stat().st_mode & 0o7707 for path in (".local", RUNTIME)}, {0o700})
        shutil.rmtree(self.home / ".local")
        elsewhere = self.home.parent / "elsewhere"
        elsewhere.mkdir()
        for name in (".local", ".local/share/jupyter/runtime"):
            (self.home / name).parent.mkdir(parents=True, exist_ok=True)
            (self.home / name).symlink_to(elsewhere)
            with self.assertRaisesRegex(OddHome, f"{name} is a symbolic link"):
                self.grant()
            (self.home / name).unlink()
        self.assertEqual(os.listdir(elsewhere), [])

    def test_a_home_may_be_reached_by_a_link(self) -> None:
        link = self.home.parent / "by-link"
        link.symlink_to(self.home)
        with runtime_folders(str(link), create=True) as folders:
            self.assertEqual(os.readlink(path_of(folders[-1])), f"{self.home}/{RUNTIME}")


class Nfs4AclTest(unittest.TestCase):
    LISTING = "# file: x\nA::OWNER@:rwaDxtTnNcCy\nA:g:2100:tcy\nA:g:multijhub@example.org:xtcy\nA:fdig:2100:rtcy\nD:g:7:x\n"

    def test_reads_what_is_granted(self) -> None:
        for names, wanted, inherited, expected in (
            ({"2100"}, "x", False, False),
            ({"2100", "multijhub"}, "x", False, True),
            ({"2100", "multijhub"}, "rx", False, False),
            ({"2100"}, "r", True, True),
            ({"7"}, "x", False, False),
        ):
            self.assertEqual(nfs4_acl.allows(self.LISTING, names, wanted, inherited), expected)

    def test_never_locks_the_owner_out(self) -> None:
        commands = nfs4_acl.publish("/home/alice/x", 2100)
        self.assertEqual([command[2] for command in commands][:2], ["A:fdi:OWNER@:rwaDxtTnNcCy", "A:fdig:2100:r"])

    def test_knows_the_file_system_by_its_device(self) -> None:
        table = "30 1 0:45 / /home rw - nfs4 server:/home rw\n31 1 8:1 / /srv/a\\040b rw,x shared:7 - ext4 /dev/sda rw\n"
        self.assertEqual(
            [home_grant.file_system_of(device, table) for device in ("0:45", "8:1", "9:9")], ["nfs4", "ext4", ""]
        )

    def test_says_in_the_tool_s_words_why_it_failed(self) -> None:
        with self.assertRaisesRegex(OSError, "sh: no"):
            nfs4_acl.run(["sh", "-c", "echo no >&2; exit 1"])


if __name__ == "__main__":
    unittest.main()
