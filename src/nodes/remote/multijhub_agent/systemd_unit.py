"""A service as a systemd unit of this boot, where systemd runs as PID 1."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .places import unusable, write_private
from .protocol import Refusal
from .service import OOM_SCORE, OPEN_FILES, Service

UNITS = Path("/run/systemd/system")


def is_available() -> bool:
    return UNITS.is_dir()


def start_unit(service: Service, environment: dict[str, str], folder: Path, units: Path = UNITS) -> int:
    """Its pid. Not by systemd-run: that refuses a name in whose control group processes are left, and the servers
    of users are still there when their hub has ended."""
    variables = folder / f"{service.name}.env"
    write_private(variables, environment_file(environment))
    unit = f"multijhub-{service.name}.service"
    _write(units / unit, unit_file(service, variables))
    _run("systemctl", "daemon-reload")
    _run("systemctl", "restart", unit)
    return int(_run("systemctl", "show", "--property=MainPID", "--value", unit).strip() or 0)


def unit_file(service: Service, environment_file: Path) -> str:
    """A unit whose stop leaves the users' servers alone. Everybody may read it: secrets stay in the environment file."""
    return f"""\
# Written by multijhub-agent at every start; gone at the next boot.
[Unit]
Description=multijhub {service.name}
CollectMode=inactive-or-failed
[Service]
Type=exec
ExecStart={" ".join(map(_quoted, service.command))}
EnvironmentFile={environment_file}
WorkingDirectory=/
UMask=0022
StandardOutput=append:{service.log}
StandardError=append:{service.log}
KillMode=process
OOMPolicy=continue
OOMScoreAdjust={OOM_SCORE}
TasksMax=infinity
LimitNOFILE={OPEN_FILES}
"""


def environment_file(environment: dict[str, str]) -> str:
    """The text of a systemd EnvironmentFile."""
    return "".join(f'{name}="{_escaped(value)}"\n' for name, value in environment.items())


def _quoted(word: str) -> str:
    """As a word of ExecStart, in which % and $ mean something as well."""
    return f'"{_escaped(word).replace("%", "%%").replace("$", "$$")}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)  # systemd warns of others
    except OSError as failure:
        raise unusable(path, failure) from failure


def _run(*command: str) -> str:
    remedy = "see journalctl on the node"
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise Refusal("HUB_NOT_HEALTHY", f"{command[0]} failed: {failure}", remedy) from failure
    if done.returncode != 0:
        raise Refusal("HUB_NOT_HEALTHY", f"{' '.join(command)} failed: {done.stderr.strip()}", remedy)
    return done.stdout
