"""A service as a transient systemd unit, where systemd runs as PID 1."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .places import write_private
from .protocol import Refusal
from .service import OOM_SCORE, OPEN_FILES, Service


def is_available() -> bool:
    return os.path.isdir("/run/systemd/system")


def start_unit(service: Service, environment: dict[str, str], folder: Path) -> int:
    variables = folder / f"{service.name}.env"
    write_private(variables, environment_file(environment))
    unit = f"multijhub-{service.name}.service"
    _run(["systemctl", "reset-failed", unit], check=False)
    _run(unit_command(service, variables), check=True)
    shown = _run(["systemctl", "show", "--property=MainPID", "--value", unit], check=True)
    return int(shown.strip() or 0)


def unit_command(service: Service, environment_file: Path) -> list[str]:
    """systemd-run for a unit whose stop leaves the users' servers alone. Secrets stay in the environment file."""
    properties = [
        "KillMode=process",
        "OOMPolicy=continue",
        f"OOMScoreAdjust={OOM_SCORE}",
        "TasksMax=infinity",
        f"LimitNOFILE={OPEN_FILES}",
        "UMask=0022",
        "WorkingDirectory=/",
        f"EnvironmentFile={environment_file}",
        f"StandardOutput=append:{service.log}",
        f"StandardError=append:{service.log}",
    ]
    settings = [word for item in properties for word in ("-p", item)]
    return [
        "systemd-run",
        f"--unit=multijhub-{service.name}",
        "--collect",
        "--quiet",
        "--service-type=exec",
        *settings,
        *service.command,
    ]


def environment_file(environment: dict[str, str]) -> str:
    """The text of a systemd EnvironmentFile."""
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in environment.items()}
    return "".join(f'{name}="{value}"\n' for name, value in quoted.items())


def _run(command: list[str], check: bool) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise Refusal("HUB_NOT_HEALTHY", f"{command[0]} failed: {failure}", "see journalctl on the node") from failure
    if check and done.returncode != 0:
        raise Refusal("HUB_NOT_HEALTHY", f"{command[0]} failed: {done.stderr.strip()}", "see journalctl on the node")
    return done.stdout
