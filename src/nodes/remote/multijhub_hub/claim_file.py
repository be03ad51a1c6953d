"""The claim: a file in the user's runtime directory that says which node holds their place, since which boot."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote

LONGEST = 16 * 1024
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
ID = re.compile(r"[A-Za-z0-9_-]{16,128}")
NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")


@dataclass(frozen=True)
class Claim:
    """What the file says. The clock is the node's."""

    id: str
    user: str
    server: str
    node: str
    bootId: str
    createdAtMs: int
    version: int = 1


@dataclass(frozen=True)
class Junk:
    """What stands in the claim's place and is none: it names nobody, so it holds nobody up."""

    id: str


def file_name(server: str) -> str:
    return f"jhub-claim-{quote(server, safe='')}.json"


def parse_order(given: Any) -> Claim:
    """A claim as the hub orders it, through the same checks as one that is read."""
    claim = _parse(json.dumps(given).encode())
    if claim is None:
        raise ValueError("not a claim")
    return claim


def read_claim(folder: int, name: str) -> Claim | Junk | None:
    """The file is its user's, who may have put anything there."""
    try:
        file = os.open(name, READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError:
        return _junk(os.lstat(name, dir_fd=folder))
    try:
        found = os.fstat(file)
        is_sane = stat.S_ISREG(found.st_mode) and found.st_size <= LONGEST
        return (_parse(os.read(file, LONGEST)) if is_sane else None) or _junk(found)
    finally:
        os.close(file)


def _parse(text: bytes) -> Claim | None:
    """What a later version adds to a claim is left out; a claim it is all the same."""
    try:
        given = json.loads(text)
        claim = Claim(**{item.name: given[item.name] for item in fields(Claim)})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = (claim.id, claim.user, claim.server, claim.node, claim.bootId)
    is_sound = all(isinstance(value, str) for value in texts)
    return claim if is_sound and ID.fullmatch(claim.id) and NODE.fullmatch(claim.node) else None


def _junk(found: os.stat_result) -> Junk:
    return Junk(f"junk-{found.st_ino}-{found.st_mtime_ns}")
