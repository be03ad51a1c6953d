"""Jupyter server extension: publishes the runtime record, by which the router finds a server that everything else forgot.
Runs in users' servers: standard library, tornado and what jupyter_server 2 offers to extensions; Python >= 3.9."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "multijhub_record"}]


def _load_jupyter_server_extension(app: Any) -> None:
    from .extension import load  # here, so that the parts without tornado can be imported where there is none

    load(app)
