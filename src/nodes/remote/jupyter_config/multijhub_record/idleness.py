"""Since when nothing has happened in the server, by a clock that nobody sets."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sight:
    """What one look at the server shows."""

    work: str | None
    """What goes on in it whether anybody looks on or not, in words; None if nothing does."""
    connections: int
    """Open ones: of tabs, but also of programs."""
    marks: Hashable
    """Differ whenever a kernel or a terminal said or was told something."""
    requests: int
    """Answered so far to people who were let in."""
    edits: int
    """Those of them that were to change something."""


@dataclass(frozen=True)
class Idle:
    """Each the moment since when; None while it is not so."""

    since_s: float | None
    but_tabs_since_s: float | None
    """The same, as if nobody had left a tab open."""
    busy_with: str | None
    """In words, why it is not idle now."""


class Idleness:
    """Remembers when something happened last."""

    def __init__(self, now_s: float) -> None:
        self._used_s = self._worked_s = now_s
        self._last: Sight | None = None

    def saw(self, sight: Sight, now_s: float) -> Idle:
        """Takes note of a look, and says how it stands."""
        last, self._last = self._last, sight
        if sight.work or last is None or _traces(sight) != _traces(last):
            self._worked_s = now_s
        if sight.work or sight.connections or sight != last:
            self._used_s = now_s
        busy_with = sight.work or _tabs(sight.connections)
        return Idle(
            since_s=None if busy_with else self._used_s,
            but_tabs_since_s=None if sight.work else self._worked_s,
            busy_with=busy_with,
        )


def _traces(sight: Sight) -> Hashable:
    """What work leaves behind, seen at the first look after its end too."""
    return sight.work, sight.marks, sight.edits


def _tabs(connections: int) -> str | None:
    if not connections:
        return None
    return "a connection to it is open" if connections == 1 else f"{connections} connections to it are open"
