"""`multijhub-agent VERB`, directly or as the forced command of an SSH key."""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
import time
import traceback
from typing import Any, Callable

from . import PROTOCOL, VERSION, port_guard, process_table, systemd_unit
from .accounts import account
from .hub_comparison import compare_hub
from .hub_lifecycle import start_hub
from .hub_settings import USUAL_PORTS, parse_command, parse_ports, parse_words
from .hub_status import status
from .hub_stop import stop_hub
from .installation import find_jupyterhub, find_proxy
from .listeners import describe as describe_listener
from .listeners import listening
from .load_sample import cores, memory_total_bytes, stream_samples
from .locked_key import refuse_other_programs
from .node_order import read_order, write_order
from .own_jupyters import own_jupyters
from .places import Places, places
from .prerequisites import prerequisites
from .protocol import Refusal, emit_progress, emit_refusal, emit_result, read_input
from .server_stop import stop_server
from .single_user_servers import ServerTable
from .single_user_servers import describe as describe_server

Verb = Callable[[dict[str, Any], Places], dict[str, Any]]


def main(arguments: list[str]) -> int:
    """Runs one verb. 0 whenever an answer was given, a refusal included; 2 if the request cannot be understood."""
    is_forced = arguments[:1] == ["--forced"]
    words = _asked(arguments[1:]) if is_forced else arguments
    verb = words[-1] if words else ""
    if verb in ("--version", "version"):
        print(f"multijhub-agent {VERSION} (protocol {PROTOCOL})")
        return 0
    if verb not in VERBS:
        print(f"multijhub-agent: the verbs are {', '.join(VERBS)}", file=sys.stderr)
        return 2
    if is_forced and words[0] == "sudo" and os.geteuid() != 0:
        _become_root(verb)
    # A start goes on when its router goes away. Not SIG_IGN, which the hub and all its users' programs would inherit.
    signal.signal(signal.SIGHUP, lambda *_: None)
    return _answer(VERBS[verb], places(None if is_forced else os.environ.get("MULTIJHUB_ROOT")), is_forced)


def _asked(given: list[str]) -> list[str]:
    """The words of the client's command; as root by sudo, the verb that was found in them before."""
    return given or os.environ.get("SSH_ORIGINAL_COMMAND", "").split()


def _answer(verb: Verb, where: Places, is_forced: bool) -> int:
    try:
        given = read_input()
    except ValueError as failure:
        print(f"multijhub-agent: {failure}", file=sys.stderr)
        return 2
    try:
        if is_forced:
            refuse_other_programs(given)
        emit_result(verb(given, where))
    except Refusal as refusal:
        emit_refusal(refusal)
    except Exception as failure:  # the router gets an answer in any case; the cause goes to stderr
        traceback.print_exc()
        emit_refusal(
            Refusal("INTERNAL", f"{type(failure).__name__}: {failure}", "report this; see stderr of the agent")
        )
    return 0


def _become_root(verb: str) -> None:
    """The same verb through sudo; only a known verb gets here, nothing else of the client's command is used."""
    program = os.path.realpath(sys.argv[0])
    installed = "/usr/local/bin/multijhub-agent"
    named = installed if os.path.realpath(installed) == program else program
    os.execvp("sudo", ["sudo", "-n", named, "--forced", verb])


def _facts(given: dict[str, Any], where: Places) -> dict[str, Any]:
    jupyterhub = find_jupyterhub(parse_command(given.get("jupyterhub")))
    ports = parse_ports(given.get("ports", USUAL_PORTS), allow_high_ports=where.is_sandbox)
    proxy = find_proxy(parse_words(given.get("proxyCommand")), jupyterhub.command if jupyterhub else None)
    return {
        "hostname": socket.gethostname(),
        "bootId": process_table.boot_id(),
        "clockMs": int(time.time() * 1000),
        "python": platform.python_version(),
        "systemd": systemd_unit.is_available(),
        "cores": cores(),
        "memoryTotalBytes": memory_total_bytes(),
        "jupyterhub": {"command": jupyterhub.command, "version": jupyterhub.version} if jupyterhub else None,
        "proxy": {"command": proxy} if proxy else None,
        "warnings": [*(jupyterhub.warnings if jupyterhub else []), *port_guard.warnings(ports)],
    }


def _account(given: dict[str, Any], where: Places) -> dict[str, Any]:
    name = given.get("name")
    if not isinstance(name, str) or not name:
        raise Refusal("BAD_SETTINGS", "name must be the name of an account", "correct the request")
    return {"account": account(name)}


def _listeners(given: dict[str, Any], where: Places) -> dict[str, Any]:
    ports = given.get("ports")
    if not isinstance(ports, list) or not all(isinstance(port, int) for port in ports):
        raise Refusal("BAD_SETTINGS", "ports must be a list of port numbers", "correct the request")
    return {"listeners": [describe_listener(item) for item in listening(ports)]}


def _servers(given: dict[str, Any], where: Places) -> dict[str, Any]:
    servers = [describe_server(server) for server in ServerTable().running()]
    return {"host": socket.gethostname(), "bootId": process_table.boot_id(), "servers": servers}


VERBS: dict[str, Verb] = {
    "facts": _facts,
    "check": lambda given, where: {**_facts(given, where), **prerequisites(given, where)},
    "account": _account,
    "status": lambda given, where: status(where),
    "start-hub": lambda given, where: start_hub(given, where, emit_progress),
    "stop-hub": lambda given, where: stop_hub(given, where, emit_progress),
    "compare-hub": compare_hub,
    "order": lambda given, where: {"order": read_order(where)},
    "set-order": write_order,
    "sample": lambda given, where: stream_samples(given, where),
    "servers": _servers,
    "stop-server": lambda given, where: stop_server(given),
    "own-jupyters": lambda given, where: own_jupyters(given),
    "listeners": _listeners,
}
