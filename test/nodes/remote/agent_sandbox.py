"""A node of one's own for a test: the real agent as a process, with a stand-in for JupyterHub and its proxy."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

AGENT = Path(__file__).resolve().parents[3] / "src" / "nodes" / "remote" / "agent.py"
FAKE = Path(__file__).with_name("fake_node.py")
TOKEN = "s3cret-service-token"
CANDIDATES = itertools.count(os.getpid() * 16)
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
LAUNCHER = f'#!/bin/sh\nexec {PYTHON} "$(dirname "$0")/fake_node.py" "$@"\n'


class Sandbox:
    """Directories, three free ports, and the settings a router would send for them."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="multijhub-agent-"))
        self.root.chmod(0o755)
        shutil.copy(FAKE, self.root)
        for name in ("jupyterhub", "proxy"):
            (self.root / name).write_text(LAUNCHER)
            (self.root / name).chmod(0o755)
        self.version("5.9.9")
        self.settings: dict[str, Any] = {
            "node": "node1",
            "baseUrl": "/n/node1/",
            "ports": dict(zip(("proxy", "hub", "api"), free_ports(3))),
            "jupyterhub": str(self.root / "jupyterhub"),
            "proxyCommand": [str(self.root / "proxy")],
            "serviceToken": TOKEN,
            "ticketKeys": [],
            "lobby": False,
            "adminUsers": [],
            "startTimeoutMs": 10_000,
        }

    @property
    def hub_folder(self) -> Path:
        return self.root / "var/lib/multijhub/hub"

    def version(self, text: str) -> None:
        (self.root / "version").write_text(text)

    def other_jupyterhub(self, version: str) -> str:
        """Another one, beside the first: the path of its command."""
        folder = self.root / version
        folder.mkdir()
        for name in ("fake_node.py", "jupyterhub"):
            shutil.copy(self.root / name, folder)
        (folder / "version").write_text(version)
        return str(folder / "jupyterhub")

    def misbehave(self, how: str) -> None:
        self.hub_folder.mkdir(parents=True, exist_ok=True)
        (self.hub_folder / "misbehave").write_text(how)

    def start(self, **changes: Any) -> dict[str, Any]:
        return self.ask("start-hub", {**self.settings, **changes})

    def ask(self, verb: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """The last line the agent wrote. Its stdin stays open, as that of an SSH channel may."""
        process = self.spawn([verb])
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(given or {}) + "\n")
        process.stdin.flush()
        output = process.stdout.read()
        process.stdin.close()
        assert process.wait(30) == 0, output
        return dict(json.loads(output.splitlines()[-1]))

    def spawn(self, words: list[str], **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PYTHON, str(AGENT), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": os.environ["PATH"], "MULTIJHUB_ROOT": str(self.root), **environment},
        )

    def record(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.root / f"run/multijhub/{name}.json").read_text()))

    def kill(self, name: str) -> None:
        os.kill(self.record(name)["pid"], signal.SIGKILL)

    def remove(self) -> None:
        if (self.root / "run").exists():
            self.ask("stop-hub", {"proxy": True})
        shutil.rmtree(self.root)


def free_ports(count: int) -> list[int]:
    """Ports for a hub that is started later. Below those that the kernel gives to whoever asks for any (32768), so that
    no test beside this one gets them meanwhile; every process begins elsewhere."""
    found: list[int] = []
    while len(found) < count:
        port = 20_000 + next(CANDIDATES) % 12_000
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found
