"""POSIX access control lists as the kernel keeps them in extended attributes. Pure, but for reading and writing them."""

from __future__ import annotations

import errno
import os
import struct

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32
NOBODY = 0xFFFFFFFF  # the id of an entry that names nobody
VERSION = struct.pack("<I", 2)
ENTRY = struct.Struct("<HHI")
R, X = 4, 1

Acl = dict[tuple[int, int], int]
"""(tag, id) -> rwx bits."""


def with_group(acl: Acl, gid: int, needed: int) -> Acl:
    """The list with these rights for the group. Nobody else gains: what the mask withholds from others, as after
    `chmod 700`, is taken out of their entries before the mask is widened."""
    mask = acl.get((MASK, NOBODY), 7)
    if acl.get((GROUP, gid), 0) & mask & needed == needed:
        return acl
    kept = {key: bits & mask if key[0] in (USER, GROUP_OBJ, GROUP) else bits for key, bits in acl.items()}
    kept[GROUP, gid] = kept.get((GROUP, gid), 0) | needed
    kept[MASK, NOBODY] = 0
    for (tag, _), bits in kept.items():
        if tag in (USER, GROUP_OBJ, GROUP):
            kept[MASK, NOBODY] |= bits
    return kept


def from_mode(mode: int) -> Acl:
    return {(USER_OBJ, NOBODY): mode >> 6 & 7, (GROUP_OBJ, NOBODY): mode >> 3 & 7, (OTHER, NOBODY): mode & 7}


def parse(raw: bytes) -> Acl:
    return {(tag, number): bits for tag, bits, number in ENTRY.iter_unpack(raw[len(VERSION) :])}


def pack(acl: Acl) -> bytes:
    """In the order the kernel wants."""
    return VERSION + b"".join(ENTRY.pack(tag, acl[tag, number], number) for tag, number in sorted(acl))


def read(path: str, kind: str) -> Acl | None:
    """None if there is no such list. Raises OSError ENOTSUP where the file system has none at all."""
    try:
        return parse(os.getxattr(path, kind))
    except OSError as failure:
        if failure.errno == errno.ENODATA:
            return None
        raise


def write(path: str, kind: str, acl: Acl) -> None:
    os.setxattr(path, kind, pack(acl))
