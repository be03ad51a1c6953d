"""What the hub that runs is made of, and what start-hub would make it of now."""

from __future__ import annotations

from typing import Any

from .hub_parts import changes, hub_parts
from .hub_settings import parse_settings
from .hub_status import last_started
from .installation import require_jupyterhub
from .places import Places


def compare_hub(given: dict[str, Any], where: Places) -> dict[str, Any]:
    """Changes nothing. `changes` are empty, too, where no hub runs: one that is started is up to date."""
    settings = parse_settings(given, allow_high_ports=where.is_sandbox)
    jupyterhub = require_jupyterhub(settings.jupyterhub)
    wanted = hub_parts(settings, jupyterhub, where)
    hub = last_started(where)
    is_running = hub is not None and hub.is_running
    return {
        "isRunning": is_running,
        "version": hub.facts.get("version") if hub and is_running else None,
        "wouldStart": jupyterhub.version,
        "changes": changes(hub.facts.get("parts"), wanted) if hub and is_running else [],
    }
