"""Hub and proxy as processes that outlive the SSH connection which started them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from . import logs, process_table, systemd_unit
from .places import Places, unusable
from .protocol import Refusal
from .service import OOM_SCORE, OPEN_FILES, Service
from .service_record import Record, marks, save

POLL_S = 0.05


def start(where: Places, service: Service, facts: dict[str, Any]) -> Record:
    """Starts the service detached and records it."""
    offset = logs.rotate(service.log)
    marked = {**service.environment, **marks(service.name, service.fingerprint, facts)}
    use_systemd = systemd_unit.is_available() and not where.is_sandbox
    pid = systemd_unit.start_unit(service, marked, where.hub) if use_systemd else _start_detached(service, marked)
    ticks = process_table.start_ticks(pid) or 0  # 0 never matches: it ended at once
    record = Record(
        service.name, pid, ticks, process_table.boot_id(), service.fingerprint, int(time.time() * 1000), offset, facts
    )
    save(where, record)
    return record


def stop(record: Record, grace_s: float = 10.0) -> bool:
    """Ends exactly this process: asks first, then insists. False if it was not running."""
    if not record.is_running:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(record.pid, number)
        except ProcessLookupError:
            break
        if _ended(record, time.monotonic() + grace_s):
            break
    return True


def _start_detached(service: Service, environment: dict[str, str]) -> int:
    """A session of its own with no descriptor of ours, so that the SSH channel can close."""
    try:
        fd = os.open(service.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    except OSError as failure:
        raise unusable(service.log, failure) from failure
    with os.fdopen(fd, "ab") as log:
        try:
            process = subprocess.Popen(
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                umask=0o022,
                start_new_session=True,
            )
        except OSError as failure:
            message = f"{service.command[0]} cannot be run: {failure.strerror}"
            raise Refusal(
                "HUB_NOT_HEALTHY", message, "reinstall it; the interpreter in its first line may be gone"
            ) from failure
    _protect(process.pid)
    return process.pid


def _protect(pid: int) -> None:
    try:
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        soft = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    except OSError:
        pass  # it ended already, or we are not root: it runs unprotected


def _ended(record: Record, until: float) -> bool:
    while record.is_running:
        if time.monotonic() > until:
            return False
        time.sleep(POLL_S)
    return True
