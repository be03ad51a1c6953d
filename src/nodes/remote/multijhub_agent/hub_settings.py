"""What the router orders by start-hub, checked field by field."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from .protocol import Refusal

NODE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
BASE_URL = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/")
TOKEN = re.compile(r"[\x21-\x7e]{16,64}")  # JupyterHub takes no longer one
GROUP_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@ \\-]{0,254}")
USUAL_PORTS = {"proxy": 910, "hub": 911, "api": 912}
PORT_NAMES = tuple(USUAL_PORTS)


@dataclass(frozen=True)
class HubSettings:
    """One hub, as the router wants it. The service tokens are secrets."""

    node: str
    base_url: str
    ports: dict[str, int]
    jupyterhub: str | None
    proxy_command: list[str] | None
    service_token: str
    next_service_token: str | None
    ticket_keys: list[str]
    lobby: bool
    admin_users: list[str]
    home_group: str | None
    open_port: bool
    start_timeout_ms: int

    def for_hub(self) -> dict[str, Any]:
        """What the hub's configuration reads; how long and with what it is started is not its business."""
        left_out = {"jupyterhub", "proxy_command", "open_port", "start_timeout_ms"}
        return {key: value for key, value in asdict(self).items() if key not in left_out}


@dataclass(frozen=True)
class StartOptions:
    """How far start-hub goes with a hub that runs."""

    leave_outdated: bool  # one that knows the router's settings stays, though it would be started otherwise now
    when_safe: bool  # refuses rather than cut off the start of a server
    restart_hung: bool  # one that runs and does not answer is started anew


def parse_options(given: dict[str, Any]) -> StartOptions:
    return StartOptions(_flag(given, "leaveOutdated"), _flag(given, "whenSafe"), _flag(given, "restartHung"))


def parse_settings(given: dict[str, Any], allow_high_ports: bool) -> HubSettings:
    """Checks the router's order. Raises the refusal BAD_SETTINGS that names the field."""
    return HubSettings(
        node=_text(given, "node", NODE_NAME),
        base_url=_text(given, "baseUrl", BASE_URL),
        ports=parse_ports(given.get("ports"), allow_high_ports),
        jupyterhub=parse_command(given.get("jupyterhub")),
        proxy_command=parse_words(given.get("proxyCommand")),
        service_token=_text(given, "serviceToken", TOKEN),
        next_service_token=(
            None if given.get("nextServiceToken") is None else _text(given, "nextServiceToken", TOKEN)
        ),
        ticket_keys=_texts(given, "ticketKeys", re.compile(r"-----BEGIN PUBLIC KEY-----\s[\s\S]{1,4000}")),
        lobby=_flag(given, "lobby"),
        admin_users=_texts(given, "adminUsers", re.compile(r"[^\x00-\x1f]{1,255}")),
        home_group=None if given.get("homeGroup") is None else _text(given, "homeGroup", GROUP_NAME),
        open_port=_flag(given, "openPort"),
        start_timeout_ms=_whole(given.get("startTimeoutMs", 60_000), "startTimeoutMs", 1_000, 600_000),
    )


def parse_ports(value: Any, allow_high_ports: bool) -> dict[str, int]:
    """Three different ports. Raises BAD_SETTINGS."""
    if not isinstance(value, dict):
        raise _bad("ports", "an object with proxy, hub and api")
    highest = 65_535 if allow_high_ports else 1_023  # below 1024 only root can take them while the hub is down
    ports = {name: _whole(value.get(name), f"ports.{name}", 1, highest) for name in PORT_NAMES}
    if len(set(ports.values())) < len(PORT_NAMES):
        raise _bad("ports", "three different ports")
    return ports


def parse_command(value: Any) -> str | None:
    """An absolute path to a program, or None for "find it"."""
    if value is None or (isinstance(value, str) and value.startswith("/") and "\0" not in value):
        return value
    raise _bad("jupyterhub", "an absolute path or null")


def parse_words(value: Any) -> list[str] | None:
    """A command as its words, the first an absolute path, or None for "find it"."""
    if value is None:
        return None
    words = value if isinstance(value, list) else []
    if (
        words
        and all(isinstance(word, str) and word and "\0" not in word for word in words)
        and words[0].startswith("/")
    ):
        return list(words)
    raise _bad("proxyCommand", "a list of words that starts with an absolute path, or null")


def _text(given: dict[str, Any], field: str, pattern: re.Pattern[str]) -> str:
    value = given.get(field)
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise _bad(field, f"a text that matches {pattern.pattern}")


def _texts(given: dict[str, Any], field: str, pattern: re.Pattern[str]) -> list[str]:
    value = given.get(field)
    if isinstance(value, list) and all(isinstance(item, str) and pattern.fullmatch(item) for item in value):
        return list(value)
    raise _bad(field, f"a list of texts that match {pattern.pattern}")


def _flag(given: dict[str, Any], field: str) -> bool:
    value = given.get(field, False)
    if isinstance(value, bool):
        return value
    raise _bad(field, "true or false")


def _whole(value: Any, field: str, lowest: int, highest: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return value
    raise _bad(field, f"a whole number from {lowest} to {highest}")


def _bad(field: str, expected: str) -> Refusal:
    """Names the field, never repeats its value: it may be a secret."""
    return Refusal("BAD_SETTINGS", f"{field} must be {expected}", "correct the router's configuration of this node")
