"""Finds JupyterHub and its proxy on the node, and refuses what is too old to be trusted."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from .protocol import Refusal

FOLDERS = ("/opt/jupyterhub/bin", "/opt/tljh/hub/bin", "/usr/local/bin", "/usr/bin", "/opt/conda/bin", "/opt/node/bin")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OLDEST = (5, 0)
SECURE = (5, 5, 1)
INSTALL = "install it on the node, e.g. python3 -m venv /opt/jupyterhub && /opt/jupyterhub/bin/pip install 'jupyterhub>=5.5.1' jupyterlab"
INSTALL_PROXY = (
    "install it on the node: npm install -g configurable-http-proxy (or apt-get install node-configurable-http-proxy)"
)
ASK_VERSION = "import importlib.metadata as m; print(m.version('jupyterhub'))"


@dataclass(frozen=True)
class JupyterHub:
    command: str
    version: str

    @property
    def warnings(self) -> list[str]:
        if release(self.version) >= SECURE:
            return []
        return [f"JupyterHub {self.version} has published security advisories; 5.5.1 or newer is recommended"]


def find_jupyterhub(wanted: str | None) -> JupyterHub | None:
    """The JupyterHub asked for, or the first found; None if there is none."""
    command = _existing(wanted) if wanted else _search("jupyterhub")
    version = _version(command) if command else None
    return JupyterHub(command, version) if command and version else None


def require_jupyterhub(wanted: str | None) -> JupyterHub:
    """As find_jupyterhub; refuses with JUPYTERHUB_MISSING or JUPYTERHUB_TOO_OLD."""
    found = find_jupyterhub(wanted)
    if not found:
        where = wanted or f"PATH, {', '.join(FOLDERS)}"
        raise Refusal("JUPYTERHUB_MISSING", f"no working JupyterHub ({where})", INSTALL)
    if release(found.version)[:2] < OLDEST:
        message = f"JupyterHub {found.version} at {found.command} is too old; 5.0 is the oldest that works"
        raise Refusal("JUPYTERHUB_TOO_OLD", message, INSTALL)
    return found


def find_proxy(wanted: list[str] | None, jupyterhub: str | None = None) -> list[str] | None:
    """The command of configurable-http-proxy; JupyterHub's own folder comes first, as its installation is meant to."""
    if wanted:
        return wanted if _existing(wanted[0]) else None
    beside = [os.path.dirname(jupyterhub)] if jupyterhub else []
    found = _search("configurable-http-proxy", beside)
    return [found] if found else None


def require_proxy(wanted: list[str] | None, jupyterhub: str) -> list[str]:
    found = find_proxy(wanted, jupyterhub)
    if not found:
        where = " ".join(wanted) if wanted else "PATH and the usual folders"
        raise Refusal("PROXY_MISSING", f"configurable-http-proxy was not found ({where})", INSTALL_PROXY)
    return found


def search_path(*commands: str) -> str:
    """A PATH on which these commands find their neighbours: node for the proxy, jupyterhub-singleuser for the hub."""
    folders = [os.path.dirname(command) for command in commands] + SYSTEM_PATH.split(":")
    node = shutil.which("node", path=":".join(folders)) or _search("node")
    return ":".join(dict.fromkeys(folders + ([os.path.dirname(node)] if node else [])))


def release(version: str) -> tuple[int, ...]:
    """The numbers a version starts with: 6.0.0b1 is (6, 0, 0)."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in numbers.group().split(".")) if numbers else ()


def _search(name: str, first: list[str] | None = None) -> str | None:
    folders = [*(first or []), *os.environ.get("PATH", SYSTEM_PATH).split(":"), *FOLDERS]
    return shutil.which(name, path=":".join(folder for folder in folders if folder.startswith("/")))


def _existing(command: str) -> str | None:
    return command if os.path.isfile(command) and os.access(command, os.X_OK) else None


def _version(command: str) -> str | None:
    """Asks the Python that belongs to the script, which is ten times quicker than `jupyterhub --version`, then that."""
    attempts = [[python, "-c", ASK_VERSION] for python in _pythons(command)] + [[command, "--version"]]
    return next((answer for answer in map(_ask, attempts) if answer), None)


def _pythons(script: str) -> list[str]:
    """The interpreter named in the first line, and the one beside the script, as in every venv."""
    with open(script, "rb") as file:
        first = file.readline(4096)
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    named = [word for word in words[:1] if "python" in os.path.basename(word)]
    beside = os.path.join(os.path.dirname(os.path.realpath(script)), "python3")
    return named or ([beside] if os.path.exists(beside) else [])


def _ask(command: list[str]) -> str | None:
    environment = {"PATH": search_path(command[0]), "HOME": "/", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, env=environment, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+\.\d+\S*", done.stdout.decode("utf-8", "replace"))
    return found.group() if found and done.returncode == 0 else None
