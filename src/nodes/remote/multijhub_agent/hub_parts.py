"""What a hub is made of, so that what has changed since it was started can be named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from multijhub_hub import fragments

from . import VERSION
from .hub_settings import HubSettings
from .installation import JupyterHub
from .places import Places
from .protocol import Refusal

HUB_CODE = Path(__file__).resolve().parent.parent / "multijhub_hub"
SERVER_CODE = HUB_CODE.parent / "jupyter_config"  # the hub tells its servers this path, which changes with the version

Parts = dict[str, Any]
"""Of a hub: JupyterHub's `version` and `command`; digests of `fragments`, our `code` and each of the `settings`."""


def hub_parts(settings: HubSettings, jupyterhub: JupyterHub, where: Places) -> Parts:
    """Of a hub that would be started now. Refuses with BAD_FRAGMENT."""
    return {
        "version": jupyterhub.version,
        "command": jupyterhub.command,
        "fragments": _fragments(where),
        "code": _code_digest(),
        "settings": {name: fingerprint(value) for name, value in settings.for_hub().items()},
    }


def changes(before: Parts | None, after: Parts) -> list[dict[str, str]]:
    """What is other, each with a `kind` and in words; everything, if it is not known what was before."""
    if before is None:
        return [{"kind": "unknown", "words": "it was started by another version of multijhub"}]
    found = [_of_jupyterhub(before, after), _of_settings(before, after)]
    if before["fragments"] != after["fragments"]:
        found.append(("fragments", "/etc/multijhub/hub.d has changed"))
    if before["code"] != after["code"]:
        found.append(("code", "multijhub was provisioned anew"))
    return [{"kind": kind, "words": words} for kind, words in found if words]


def same_settings(before: Parts | None, after: Parts) -> bool:
    """Whether the hub knows what the router must rely on."""
    return before is not None and before["settings"] == after["settings"]


def fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _of_jupyterhub(before: Parts, after: Parts) -> tuple[str, str]:
    if before["version"] != after["version"]:
        return "jupyterhub", f"JupyterHub {before['version']} -> {after['version']}"
    moved = before["command"] != after["command"]
    return "jupyterhub", f"JupyterHub at {after['command']}, not {before['command']}" if moved else ""


def _of_settings(before: Parts, after: Parts) -> tuple[str, str]:
    names = sorted({*before["settings"], *after["settings"]})
    other = [name for name in names if before["settings"].get(name) != after["settings"].get(name)]
    return "settings", f"settings of the router: {', '.join(other)}" if other else ""


def _fragments(where: Places) -> str:
    try:
        return fragments.digest(where.fragments)
    except fragments.BadFragment as bad:
        raise Refusal("BAD_FRAGMENT", str(bad), bad.remedy) from bad


def _code_digest() -> str:
    digest = hashlib.sha256(VERSION.encode())
    for file in sorted([*HUB_CODE.glob("*.py"), *SERVER_CODE.glob("**/*.py")]):
        digest.update(file.read_bytes())
    return digest.hexdigest()
