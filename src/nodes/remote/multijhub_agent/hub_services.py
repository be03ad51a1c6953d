"""The two services of a node, built from the router's settings: command, environment, fingerprint."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .hub_parts import HUB_CODE, fingerprint
from .hub_settings import HubSettings
from .installation import search_path
from .places import Places, write_private
from .service import Service

LOG_GUARD = Path(__file__).resolve().parent / "log_guard.cjs"
HEADER_BYTES = 65_536  # several hubs' cookies travel together; Node's own limit is 16 KiB


def hub_service(where: Places, jupyterhub_command: str, made_of: str) -> Service:
    """JupyterHub with our configuration; `made_of` is the fingerprint of its parts."""
    environment = {
        **_environment(jupyterhub_command),
        "MULTIJHUB_STATE": str(where.state),
        "MULTIJHUB_RUN": str(where.run),
        "MULTIJHUB_ETC": str(where.etc),
    }
    command = [jupyterhub_command, "--config", str(HUB_CODE / "jupyterhub_config.py")]
    return Service("hub", command, environment, made_of, where.logs / "hub.log")


def proxy_service(settings: HubSettings, where: Places, command: list[str]) -> Service:
    """configurable-http-proxy on its own, not as the hub's child: JupyterHub kills and restarts its own proxy
    whenever it starts, which would cut every open websocket at each restart of the hub."""
    token = private_token(where.hub / "proxy_token")
    ports = settings.ports
    words = [
        *("--ip", "0.0.0.0" if settings.open_port else "127.0.0.1", "--port", str(ports["proxy"])),
        *("--api-ip", "127.0.0.1", "--api-port", str(ports["api"])),
        *("--error-target", f"http://127.0.0.1:{ports['hub']}{settings.base_url}hub/error"),
        *("--log-level", "warn"),
    ]
    environment = {
        **_environment(command[0]),
        "CONFIGPROXY_AUTH_TOKEN": token,
        "NODE_OPTIONS": f"--max-http-header-size={HEADER_BYTES} --require={LOG_GUARD}",
    }
    if os.path.isdir("/usr/share/nodejs/configurable-http-proxy"):  # Debian's package under a node of another origin
        environment["NODE_PATH"] = "/usr/share/nodejs"
    made_of = fingerprint({"words": words, "token": token})
    return Service("proxy", [*command, *words], environment, made_of, where.logs / "proxy.log")


def private_token(path: Path) -> str:
    """A random token kept in a 0600 file; made on first use."""
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = ""
    if not kept:
        kept = secrets.token_hex(32)
        write_private(path, kept)
    return kept


def _environment(command: str) -> dict[str, str]:
    """Nothing of the SSH session's own environment reaches a hub, and so its users' servers, but the language."""
    language = os.environ.get("LANG", "")
    path = search_path(os.path.realpath(command), command)
    return {"PATH": path, "HOME": "/root", "LANG": language if "UTF-8" in language.upper() else "C.UTF-8"}
