"""How users' servers find the extension that publishes their runtime record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

JUPYTER_CONFIG = Path(__file__).resolve().parent.parent / "jupyter_config"


def with_record(chosen: Any) -> Any:
    """JUPYTER_CONFIG_PATH with our folder before what the site chose: nothing, a path, or a function of the spawner.
    Unlike PYTHONPATH, nothing that a kernel imports depends on it."""
    if callable(chosen):
        return lambda spawner: with_record(chosen(spawner))
    return os.pathsep.join([str(JUPYTER_CONFIG), *([str(chosen)] if chosen else [])])
