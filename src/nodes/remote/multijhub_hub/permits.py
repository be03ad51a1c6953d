"""Permits to start a server: the router's word, kept until it is used."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable

from .gpu_grant import Grant

LIFETIME_S = 60.0


@dataclass(frozen=True)
class Permit:
    """One start of one server. `supersedes` is the id of the one claim of another node that it may replace; `gpus` are
    the devices it may use, where the router gives them out."""

    server: str
    supersedes: str | None = None
    gpus: Grant | None = None


class Permits:
    """Forgets them with the hub's process: whoever was promised a start asks again."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[tuple[str, str], tuple[Permit, float]] = {}

    def keep(self, user: str, permit: Permit) -> None:
        """For the next start of that server within a minute; a newer one takes the place of an older."""
        now = self._now()
        self._kept = {key: kept for key, kept in self._kept.items() if kept[1] > now}
        self._kept[user, permit.server] = (permit, now + LIFETIME_S)

    def take(self, user: str, server: str) -> Permit | None:
        """The permit, which is thereby used up; None if there is none or it is too old."""
        permit, until = self._kept.pop((user, server), (None, 0.0))
        return permit if until > self._now() else None
