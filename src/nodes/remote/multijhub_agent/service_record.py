"""What was started, written down so that the very same process is recognised again, and no other."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from . import process_table
from .places import Places, write_private


@dataclass(frozen=True)
class Record:
    """A started service: enough to recognise the very same process again."""

    name: str
    pid: int
    startTicks: int
    bootId: str
    fingerprint: str
    startedMs: int
    logOffset: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        return self.bootId == process_table.boot_id() and process_table.start_ticks(self.pid) == self.startTicks


def load(where: Places, name: str) -> Record | None:
    """What was started last under this name in this boot, running or not."""
    try:
        record = Record(**json.loads((where.run / f"{name}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return record if record.bootId == process_table.boot_id() else None


def running(where: Places, name: str) -> Record | None:
    record = load(where, name)
    return record if record and record.is_running else None


def save(where: Places, record: Record) -> None:
    write_private(where.run / f"{record.name}.json", json.dumps(asdict(record)))


def forget(where: Places, name: str) -> None:
    (where.run / f"{name}.json").unlink(missing_ok=True)


def marks(name: str, fingerprint: str, facts: dict[str, Any]) -> dict[str, str]:
    """What is put into the environment of a service, so that it can be recognised without its record."""
    return {"MULTIJHUB_ROLE": name, "MULTIJHUB_FINGERPRINT": fingerprint, "MULTIJHUB_FACTS": json.dumps(facts)}


def adopt(pid: int, name: str) -> Record | None:
    """Recognises a service of ours whose record was lost by the marks in its environment, which only its owner can set."""
    ticks, environment = process_table.start_ticks(pid), process_table.environment(pid)
    if ticks is None or environment.get("MULTIJHUB_ROLE") != name or process_table.uid(pid) != os.geteuid():
        return None
    fingerprint, facts = (
        environment.get("MULTIJHUB_FINGERPRINT", ""),
        json.loads(environment.get("MULTIJHUB_FACTS", "{}")),
    )
    return Record(name, pid, ticks, process_table.boot_id(), fingerprint, int(time.time() * 1000), 0, facts)
