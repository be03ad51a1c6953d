"""A service of ours on the node: the hub, or its proxy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# The kernel should take a user's runaway server before the hub; spawned servers are set back to 0 (multijhub_hub.spawner).
OOM_SCORE = -500
OPEN_FILES = 65_536


@dataclass(frozen=True)
class Service:
    """What to start. `fingerprint` says which settings it runs with; it may be read back from the process itself."""

    name: str
    command: list[str]
    environment: dict[str, str]
    fingerprint: str
    log: Path
