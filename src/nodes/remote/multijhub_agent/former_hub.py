"""The hub that is replaced: should the new one fail, it can have its database back, and run again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from multijhub_hub import database

from . import service_process
from .hub_health import health_status
from .hub_services import hub_service
from .installation import find_jupyterhub
from .places import Places, write_private
from .service_record import Record

PATIENCE_S = 20.0
POLL_S = 0.1


class FormerHub(NamedTuple):
    """`copy` is its database, if another JupyterHub comes; `settings` is the text it was started with."""

    record: Record | None
    version: str | None
    settings: str | None
    copy: Path | None


def remember(where: Places, record: Record | None, next_version: str) -> FormerHub:
    """To be called when it has ended. A newer JupyterHub changes the database so that an older one refuses it."""
    version = _read(_version_file(where)) or (record.facts.get("version") if record else None)
    is_other = version is not None and version != next_version
    copy = database.keep_apart(where.database, version) if version and is_other else None
    return FormerHub(record, version, _read(where.settings), copy)


def note_version(where: Places, version: str) -> None:
    """This JupyterHub has used the database, and answers."""
    write_private(_version_file(where), version)


def bring_back(where: Places, former: FormerHub, is_proxy_there: bool) -> list[str]:
    """What was done, in words, after its successor failed and was ended; empty if that was no other JupyterHub."""
    if former.copy is None:
        return []
    database.put_back(where.database, former.copy)
    done = [f"the database is again as JupyterHub {former.version} left it ({former.copy.name})"]
    record = former.record
    if record is None or former.settings is None or not is_proxy_there or not _is_still_there(record):
        return [*done, f"no hub runs: JupyterHub {former.version} is not there any more"]
    write_private(where.settings, former.settings)
    service = hub_service(where, record.facts["command"], record.fingerprint)
    again = service_process.start(where, service, record.facts)
    runs = "runs again" if _answers(again) else "was started again, and does not answer"
    return [*done, f"JupyterHub {former.version} at {record.facts['command']} {runs}"]


def _is_still_there(record: Record) -> bool:
    command = record.facts.get("command")
    found = find_jupyterhub(command) if command else None
    return found is not None and found.version == record.facts.get("version")


def _answers(hub: Record) -> bool:
    until = time.monotonic() + PATIENCE_S
    while health_status(hub.facts["ports"]["proxy"], hub.facts["baseUrl"]) != 200:
        if time.monotonic() > until or not hub.is_running:
            return False
        time.sleep(POLL_S)
    return True


def _version_file(where: Places) -> Path:
    return where.hub / "jupyterhub.version"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
