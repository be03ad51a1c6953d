"""The servers for the load sample: which run, how large they have grown, which GPUs they were given."""

from __future__ import annotations

import time
from typing import Any

from .single_user_servers import ServerProcess, ServerTable, gpus_of

# On a node with thousands of processes a look takes a while.
RECOUNT_S = 5.0
RESIZE_S = 30.0


class ServerSizes:
    def __init__(self) -> None:
        self.running: list[ServerProcess] = []
        self._table = ServerTable()
        self._counted_at = self._sized_at = float("-inf")
        self._largest = self._total = 0
        self._holders: list[dict[str, Any]] = []

    def look(self) -> dict[str, Any]:
        """What the sample says of them; `sizes` only where they were measured anew."""
        now = time.monotonic()
        if now - self._counted_at >= RECOUNT_S:
            self.running, self._counted_at = self._table.running(), now
            self._holders = [{**_name(server), "ids": ids} for server in self.running if (ids := gpus_of(server))]
        sizes = self._measure() if now - self._sized_at >= RESIZE_S else None
        return {
            "serversAgeMs": round((now - self._counted_at) * 1000),
            "serverBytes": self._total,
            "largestServerBytes": self._largest,
            "gpuHolders": self._holders,
            "sizes": sizes,
        }

    def _measure(self) -> list[dict[str, Any]]:
        self._sized_at = time.monotonic()
        sizes = [{**_name(server), "rssBytes": self._table.size_bytes(server)} for server in self.running]
        self._total = sum(each["rssBytes"] for each in sizes)
        self._largest = max((each["rssBytes"] for each in sizes), default=0)
        return sizes


def _name(server: ServerProcess) -> dict[str, Any]:
    return {"user": server.user, "server": server.server_name, "uid": server.uid}
