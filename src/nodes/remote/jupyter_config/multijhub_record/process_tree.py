"""A process and all its descendants, from /proc. What is gone or hidden counts nothing; nothing here raises."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass
from typing import Callable

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Use:
    rss_bytes: int
    cpu_seconds: float


class ProcessTable:
    """Reads the processes of one tree, so that the cost does not grow with the node."""

    def __init__(self, root: str = "/proc") -> None:
        self._root = root
        self._lists_children = os.path.exists(f"{root}/thread-self/children")

    def boot_id(self) -> str:
        return self._read("sys/kernel/random/boot_id").decode("ascii", "replace").strip()

    def start_ticks(self, pid: int) -> int:
        """Clock ticks after boot at which it started; 0 if it is gone."""
        fields = self._stat(pid)
        return int(fields[19]) if fields else 0

    def children(self, pid: int) -> list[int]:
        return self._children_of()(pid)

    def use(self, pid: int) -> Use:
        """Of the process and its descendants, those that have ended included as far as their parents waited for them."""
        found = [fields for fields in map(self._stat, self.tree(pid)) if fields]
        pages = sum(int(fields[21]) for fields in found)
        ticks = sum(int(count) for fields in found for count in fields[11:15])
        return Use(pages * PAGE_BYTES, ticks / TICKS_PER_S)

    def times(self, pid: int) -> tuple[int, int]:
        """Ticks after boot at which it started, and ticks it has computed, its ended children included; 0, 0 if gone."""
        fields = self._stat(pid)
        return (int(fields[19]), sum(map(int, fields[11:15]))) if fields else (0, 0)

    def tree(self, pid: int) -> list[int]:
        """The process, and all that descend from it."""
        children, found = self._children_of(), [pid]
        for parent in found:  # grows while it is gone through
            found += [child for child in children(parent) if child not in found]
        return found

    def marked(self, mark: bytes, but: Set[int]) -> tuple[list[int], frozenset[int]]:
        """Processes of this user, not among `but`, with that in their environment; and all the others there are."""
        pids = set(map(int, filter(str.isdigit, self._names(""))))
        found = [pid for pid in pids - but if self._is_own(pid) and mark in self._read(f"{pid}/environ").split(b"\0")]
        return found, frozenset(pids.difference(found))

    def _is_own(self, pid: int) -> bool:
        try:
            return os.stat(f"{self._root}/{pid}").st_uid == os.geteuid()
        except OSError:
            return False

    def _children_of(self) -> Callable[[int], list[int]]:
        """The kernel's own lists; where it was built without them, every process of the node is asked for its parent."""
        if self._lists_children:
            return self._listed_children
        by_parent = defaultdict(list)
        for name in filter(str.isdigit, self._names("")):
            fields = self._stat(int(name))
            if fields:
                by_parent[int(fields[1])].append(int(name))
        return lambda pid: by_parent[pid]

    def _listed_children(self, pid: int) -> list[int]:
        lists = (self._read(f"{pid}/task/{task}/children") for task in self._names(f"{pid}/task"))
        return [int(word) for words in lists for word in words.split()]

    def _stat(self, pid: int) -> list[str]:
        """Fields from the state on: the name before it may hold blanks and brackets."""
        return self._read(f"{pid}/stat").rpartition(b")")[2].decode("ascii", "replace").split()

    def _names(self, folder: str) -> list[str]:
        try:
            return os.listdir(f"{self._root}/{folder}")
        except OSError:
            return []

    def _read(self, file: str) -> bytes:
        try:
            with open(f"{self._root}/{file}", "rb") as opened:
                return opened.read()
        except OSError:
            return b""
