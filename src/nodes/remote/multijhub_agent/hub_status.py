"""What is known of the hub without changing anything."""

from __future__ import annotations

import time
from typing import Any

from . import hub_lock, logs, port_guard, process_table, service_record
from .hub_health import health_status
from .places import Places
from .protocol import Refusal
from .service_record import Record

STARTING_MS = 60_000
SECRET_FILES = ("proxy_token", "cookie_secret")


def status(where: Places) -> dict[str, Any]:
    """absent: nobody asked for a hub in this boot; starting; ready: it answers; failing: it should answer and does not."""
    record = last_started(where)
    state, detail = _state(where, record)
    facts = record.facts if record else {}
    return {
        "state": state,
        "pid": record.pid if record and record.is_running else None,
        "bootId": process_table.boot_id(),
        "settingsHash": record.fingerprint if record else None,
        "version": facts.get("version"),
        "ports": facts.get("ports"),
        "clockMs": int(time.time() * 1000),
        "detail": detail,
        "logTail": _log_tail(where, record) if record and state == "failing" else [],
    }


def last_started(where: Places) -> Record | None:
    """The hub of the record, or the one that listens in its place since somebody restarted its unit."""
    record = service_record.load(where, "hub")
    if not record or record.is_running or not record.facts.get("ports"):
        return record
    try:
        return port_guard.own_listeners(record.facts["ports"], where)["hub"] or record
    except Refusal:
        return record  # somebody else sits there


def _state(where: Places, record: Record | None) -> tuple[str, str]:
    is_busy = hub_lock.is_held(where)
    if record is None:
        return ("starting", "a start is under way") if is_busy else ("absent", "no hub was started")
    problems = _problems(where, record)
    if not problems:
        return "ready", "the hub answers"
    is_young = record.is_running and time.time() * 1000 - record.startedMs < STARTING_MS
    if is_busy or (is_young and problems[0].startswith("the hub answers")):
        return "starting", problems[0]
    return "failing", problems[0]


def _problems(where: Places, record: Record) -> list[str]:
    """Everything between the hub and a user, nearest cause first."""
    if not record.is_running:
        return ["the hub ended"]
    if not service_record.running(where, "proxy"):
        return ["the hub's proxy is not running"]
    ports = record.facts.get("ports") or {}
    if not ports:
        return ["the hub was started by something else and must be started again"]
    found = port_guard.strangers(ports, where)
    if found:
        return found
    answer = health_status(ports["proxy"], record.facts.get("baseUrl", "/"))
    return [] if answer == 200 else [f"the hub answers {answer or 'nothing'} through its proxy"]


def _log_tail(where: Places, record: Record) -> list[str]:
    kept = [
        (where.hub / name).read_text(encoding="ascii").strip() for name in SECRET_FILES if (where.hub / name).exists()
    ]
    return logs.tail(where.logs / "hub.log", kept, record.logOffset)
