"""A class as a site may name it in JupyterHub's configuration."""

from __future__ import annotations

import importlib.metadata
from typing import Any

from traitlets.utils.importstring import import_item


def chosen_class(chosen: Any, group: str, default: type) -> type:
    """The class itself, an entry point of the group by name, a dotted import name, or nothing for the default."""
    if isinstance(chosen, type):
        return chosen
    if not isinstance(chosen, str) or not chosen:
        return default
    entries = importlib.metadata.entry_points()
    known = entries.select(group=group) if hasattr(entries, "select") else entries.get(group, [])
    entry = next((entry for entry in known if entry.name.lower() == chosen.lower()), None)
    return entry.load() if entry else import_item(chosen)
