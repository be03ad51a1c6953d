"""A look at a home that may hang: made by a child, which is given up at a deadline."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
from pathlib import Path
from typing import Any

from .places import mount_of

ACL_KINDS = {"posix": "system.posix_acl_access", "nfs4": "system.nfs4_acl"}


def probe(home: str, seconds: float) -> dict[str, Any]:
    """What is at that path and how it is mounted, or `problem` in words. Comes back in time whatever the home does."""
    try:
        answer = _ask(home, seconds)
        return {"problem": f"it did not answer within {seconds:g} s"} if answer is None else json.loads(answer)
    except ValueError:
        return {"problem": "it could not be looked at"}


def is_answered(home: str, seconds: float) -> bool:
    """Whether it says anything in time, and be it that there is no such home."""
    return _ask(home, seconds) is not None


def _ask(home: str, seconds: float) -> bytes | None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer_and_exit(home, writing)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], seconds)
        return os.read(reading, 65_536) if ready else None
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, os.WNOHANG)  # one that the file system holds is left to init


def _answer_and_exit(home: str, writing: int) -> None:
    try:
        _let_go_of_all_but(writing)
        os.write(writing, json.dumps(_look(home)).encode())
    finally:
        os._exit(0)


def _let_go_of_all_but(kept: int) -> None:
    """Even killed, a child goes on holding what it has open while the file system holds it: the agent's output, without
    whose end the router takes no answer, and the lock of the hub."""
    for fd in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):  # the listing's own is closed already
            if fd != kept:
                os.close(fd)


def _look(home: str) -> dict[str, Any]:
    try:
        return look(home)
    except OSError as failure:
        return {"problem": os.strerror(failure.errno) if failure.errno else str(failure)}


def look(home: str) -> dict[str, Any]:
    """Inode and change time tell whether two machines see the same folder: device numbers differ between clients."""
    found = os.stat(home)
    mount = mount_of(os.path.realpath(home), Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    return {
        "inode": found.st_ino,
        "changedMs": found.st_ctime_ns // 1_000_000,
        "uid": found.st_uid,
        "fileSystem": mount.kind,
        "source": mount.source,
        "options": mount.options,
        "acl": next((kind for kind, name in ACL_KINDS.items() if _knows(home, name)), None),
    }


def _knows(path: str, attribute: str) -> bool:
    try:
        os.getxattr(path, attribute)
    except OSError as failure:
        return failure.errno == errno.ENODATA  # no list is set, and one could be
    return True
