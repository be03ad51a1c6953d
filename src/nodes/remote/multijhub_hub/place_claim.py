"""Taking and leaving the one place of a server, among nodes that may do so at the same time.

`link` and `symlink` are the operations that NFS keeps exclusive between clients; `rename` shows no half of a file."""

from __future__ import annotations

import json
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from .claim_file import Claim, Junk, file_name, read_claim

CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PATIENCE_S = 4.0
ABANDONED_S = 60.0  # a step lives a few seconds: whoever began to end a claim so long ago will not go on


class PlaceHeld(Exception):
    """Another node's claim stands."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"{claim.node} holds the place")
        self.claim = claim


def take_place(folder: int, mine: Claim, supersedes: str | None = None) -> Claim | Junk | None:
    """Makes the claim, in place of one of the same node, the one superseded, or junk; returns what it replaced.
    Raises PlaceHeld, or OSError if it cannot be written."""
    name, until = file_name(mine.server), time.monotonic() + PATIENCE_S
    while True:
        held = read_claim(folder, name)
        if isinstance(held, Claim) and held.id == mine.id:
            return None  # made after all: the file server's answer was lost
        if isinstance(held, Claim) and held.node != mine.node and held.id != supersedes:
            raise PlaceHeld(held)
        with _written(folder, name, mine) as draft:
            if _link(folder, draft, name) if held is None else _replace(folder, draft, name, held):
                return held
        if time.monotonic() > until:
            raise PlaceHeld(held) if isinstance(held, Claim) else OSError("the claim is being changed by others")
        time.sleep(random.uniform(0.01, 0.1))


def leave_place(folder: int, server: str, claim_id: str) -> bool:
    """Removes exactly this claim; False if it is not there."""
    name = file_name(server)
    held = read_claim(folder, name)
    if held is None or held.id != claim_id:
        return False
    with _ending(folder, name, held) as is_mine:
        if is_mine:
            os.unlink(name, dir_fd=folder)
        return is_mine


@contextmanager
def _written(folder: int, name: str, claim: Claim) -> Iterator[str]:
    """The claim under a name of its own, whole and on disk."""
    draft = f".{name}.{claim.id}.{secrets.token_hex(4)}"
    try:
        with os.fdopen(os.open(draft, CREATE, 0o640, dir_fd=folder), "w", encoding="utf-8") as file:
            json.dump(asdict(claim), file)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        _unlink(folder, draft)


def _link(folder: int, draft: str, name: str) -> bool:
    try:
        os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        return True
    except FileExistsError:
        return False


def _replace(folder: int, draft: str, name: str, held: Claim | Junk) -> bool:
    now = os.stat(draft, dir_fd=folder).st_mtime  # the file server's clock
    with _ending(folder, name, held, now) as is_mine:
        if is_mine:
            os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        return is_mine


@contextmanager
def _ending(folder: int, name: str, held: Claim | Junk, now: float = 0.0) -> Iterator[bool]:
    """True for the only one who may end this very claim: others who read it before cannot end what follows it."""
    marker, token = f".{name}.{held.id}.ending", secrets.token_hex(8)
    if now and _age(folder, marker, now) > ABANDONED_S:
        _unlink(folder, marker)
    try:
        os.symlink(token, marker, dir_fd=folder)
    except FileExistsError:
        if _target(folder, marker) != token:  # else it is ours: the file server's answer was lost
            yield False
            return
    try:
        yield read_claim(folder, name) == held
    finally:
        _unlink(folder, marker)


def _age(folder: int, name: str, now: float) -> float:
    try:
        return now - os.lstat(name, dir_fd=folder).st_mtime
    except FileNotFoundError:
        return 0.0


def _target(folder: int, name: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError:
        return None


def _unlink(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass
