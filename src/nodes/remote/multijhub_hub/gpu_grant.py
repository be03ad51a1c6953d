"""A grant of GPUs, as the router's permit carries it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

VARIABLES = {"nvidia": "CUDA_VISIBLE_DEVICES", "amd": "ROCR_VISIBLE_DEVICES"}
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
MOST = 16


@dataclass(frozen=True)
class Grant:
    """The devices of one maker that a server may use; none of them hides them all."""

    kind: str
    ids: tuple[str, ...]


def parse_grant(given: Any) -> Grant | None:
    """Raises ValueError for what no router sends."""
    if given is None:
        return None
    kind, ids = (given.get("kind"), given.get("ids")) if isinstance(given, dict) else (None, None)
    if kind not in VARIABLES or not isinstance(ids, list) or len(ids) > MOST:
        raise ValueError("not a grant of GPUs")
    if not all(isinstance(name, str) and NAME.fullmatch(name) for name in ids):
        raise ValueError("not the name of a GPU")
    return Grant(kind, tuple(ids))
