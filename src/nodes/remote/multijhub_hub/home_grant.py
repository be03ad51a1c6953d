"""The grant: the router's group may go down to the runtime directory and read what servers and hubs publish there."""

from __future__ import annotations

import errno
import grp
import os
import stat
from pathlib import Path

from . import nfs4_acl, posix_acl
from .home_folder import path_of
from .posix_acl import ACCESS, DEFAULT, R, X


def grant(folders: list[int], group: str) -> str | None:
    """Down the folders, the last of which is the runtime directory. What is there already is left alone; returns why
    it cannot be done, in words for an administrator."""
    try:
        entry = grp.getgrnam(group)
    except (KeyError, ValueError):
        return f"this node has no group {group}: the router cannot read what servers publish"
    try:
        if is_nfs4(folders[-1]):
            _grant_nfs4(folders, entry)
        else:
            _grant_posix(folders, entry.gr_gid)
    except FileNotFoundError:
        return "nfs4_setfacl is not installed on this node (package nfs4-acl-tools)"
    except OSError as failure:
        why = "its file system has no access control lists" if failure.errno == errno.ENOTSUP else failure.strerror
        return f"the home could not be opened to group {group}: {why or failure}"
    return None


def _grant_posix(folders: list[int], gid: int) -> None:
    *way, runtime = (path_of(folder) for folder in folders)
    for path in way:
        _allow(path, ACCESS, gid, X)
    _allow(runtime, ACCESS, gid, R | X)
    _allow(runtime, DEFAULT, gid, R)


def _allow(path: str, kind: str, gid: int, needed: int) -> None:
    usual = posix_acl.from_mode(stat.S_IMODE(os.stat(path).st_mode) if kind == ACCESS else 0o700)
    found = posix_acl.read(path, kind) or usual
    wanted = posix_acl.with_group(found, gid, needed)
    if wanted != found:
        posix_acl.write(path, kind, wanted)


def _grant_nfs4(folders: list[int], group: grp.struct_group) -> None:
    gid, names = group.gr_gid, {str(group.gr_gid), group.gr_name}
    *way, runtime = (os.readlink(path_of(folder)) for folder in folders)
    for path in way:
        if not nfs4_acl.allows(nfs4_acl.run(["nfs4_getfacl", path]), names, "x"):
            nfs4_acl.run(nfs4_acl.traverse(path, gid))
    listing = nfs4_acl.run(["nfs4_getfacl", runtime])
    if not (nfs4_acl.allows(listing, names, "rx") and nfs4_acl.allows(listing, names, "r", inherited=True)):
        for command in nfs4_acl.publish(runtime, gid):
            nfs4_acl.run(command)


def is_nfs4(folder: int) -> bool:
    device = os.fstat(folder).st_dev
    table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    return file_system_of(f"{os.major(device)}:{os.minor(device)}", table) == "nfs4"


def file_system_of(device: str, mount_info: str) -> str:
    """The type of the file system with that device number; empty if none is mounted here."""
    for line in mount_info.splitlines():
        left, _, right = line.partition(" - ")
        if left.split()[2] == device:
            return right.split()[0]
    return ""
