"""Whether anything computes: in the server's process tree, or in what has left it, as by `nohup` in a closed terminal."""

from __future__ import annotations

from .process_tree import TICKS_PER_S, ProcessTable

EVERY_S = 15.0
CORES = 0.05
LEAST_S = 5.0  # processor time is counted in hundredths of a second: over less than this it says little


class CpuMeter:
    """Samples processor time from time to time. A process is compared with itself: those that end take nothing away."""

    def __init__(self, table: ProcessTable, pid: int, mark: bytes) -> None:
        """`mark`: what only the environment of this server's own descendants holds."""
        self._table, self._pid, self._mark = table, pid, mark
        self._ticks: dict[tuple[int, int], int] = {}
        self._at_s: float | None = None
        self._strangers: frozenset[int] = frozenset()
        self._is_computing = True

    def is_computing(self, now_s: float) -> bool:
        """As of the last sample; takes the next one when it is time for it."""
        is_time = self._at_s is None or now_s - self._at_s >= EVERY_S
        return self.look(now_s) if is_time else self._is_computing

    def look(self, now_s: float) -> bool:
        """Whether more than a twentieth of a core was used since the last sample."""
        former, self._ticks = self._ticks, self._read()
        used_s = sum(ticks - former.get(process, 0) for process, ticks in self._ticks.items()) / TICKS_PER_S
        passed_s = LEAST_S if self._at_s is None else max(LEAST_S, now_s - self._at_s)
        self._at_s, self._is_computing = now_s, used_s > CORES * passed_s
        return self._is_computing

    def _read(self) -> dict[tuple[int, int], int]:
        """Processor time by pid and start."""
        tree = self._table.tree(self._pid)
        strays, others = self._table.marked(self._mark, self._strangers.union(tree))
        self._strangers = others.difference(tree)  # looked at in vain; what is in the tree may leave it
        times = ((pid, self._table.times(pid)) for pid in {*tree, *strays})
        return {(pid, start_ticks): cpu_ticks for pid, (start_ticks, cpu_ticks) in times if start_ticks}
