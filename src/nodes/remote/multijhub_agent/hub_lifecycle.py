"""Brings the hub to the state the router asked for; the users' servers are never touched."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from multijhub_hub import database, fragments

from . import installation, logs, port_guard, service_process, service_record
from .hub_health import health_status
from .hub_lock import hub_lock
from .hub_services import hub_service, private_token, proxy_service
from .hub_settings import HubSettings, parse_settings
from .listeners import listening
from .places import Places, prepare, write_private
from .port_guard import own_listeners
from .protocol import Progress, Refusal
from .service import Service
from .service_record import Record
from .single_user_servers import is_server_of

POLL_S = 0.1
TELL_EVERY_S = 3.0
PATIENCE_S = 15.0


def start_hub(given: dict[str, Any], where: Places, progress: Progress) -> dict[str, Any]:
    """Proxy and hub with these settings, answering. Does nothing if they already are; refuses with the reason."""
    began = time.monotonic()
    settings = parse_settings(given, allow_high_ports=where.is_sandbox)
    _require_root(where)
    prepare(where)
    with hub_lock(where, settings.start_timeout_ms / 1000, progress):
        return _Start(settings, where, progress, began).run()


def stop_hub(given: dict[str, Any], where: Places, progress: Progress) -> dict[str, Any]:
    """Ends the hub, with {"proxy": true} its proxy too; never a server."""
    _require_root(where)
    prepare(where)
    names = ["hub", "proxy"] if given.get("proxy") is True else ["hub"]
    with hub_lock(where, 60.0, progress):
        stopped = [_stop(where, name) for name in names]
        return {"changed": any(stopped)}


def _stop(where: Places, name: str) -> bool:
    record = service_record.load(where, name)
    stopped = service_process.stop(record) if record else False
    service_record.forget(where, name)
    return stopped


def _require_root(where: Places) -> None:
    if os.geteuid() != 0 and not where.is_sandbox:
        remedy = "let the router sign in as root, or set become: sudo for this node"
        raise Refusal(
            "NOT_ROOT", f"the agent runs as uid {os.geteuid()}; a hub needs root to start users' servers", remedy
        )


class _Start:
    """One run of start-hub, under the lock."""

    def __init__(self, settings: HubSettings, where: Places, progress: Progress, began: float) -> None:
        self.settings, self.where, self.progress, self.began = settings, where, progress, began
        self.until = time.monotonic() + settings.start_timeout_ms / 1000

    def run(self) -> dict[str, Any]:
        self.jupyterhub = installation.require_jupyterhub(self.settings.jupyterhub)
        proxy_command = installation.require_proxy(self.settings.proxy_command, self.jupyterhub.command)
        hub = hub_service(self.settings, self.where, self.jupyterhub, self._site_fragments())
        proxy = proxy_service(self.settings, self.where, proxy_command)
        own = own_listeners(self.settings.ports, self.where)  # refuses before anything is touched
        running_proxy, running_hub = own["proxy"], own["hub"]
        if self._is_as_wanted(running_hub, hub, running_proxy, proxy) and self._becomes_healthy(running_hub):
            return self._answer(running_hub, changed=False)
        self.progress(f"JupyterHub {self.jupyterhub.version} at {self.jupyterhub.command}")
        running_proxy, is_new_proxy = self._ensure_proxy(running_proxy, proxy)
        return self._answer(self._replace_hub(running_hub, hub, running_proxy, is_new_proxy), changed=True)

    def _site_fragments(self) -> str:
        try:
            return fragments.digest(self.where.fragments)
        except fragments.BadFragment as bad:
            raise Refusal("BAD_FRAGMENT", str(bad), bad.remedy) from bad

    def _is_as_wanted(
        self, hub: Record | None, wanted_hub: Service, proxy: Record | None, wanted_proxy: Service
    ) -> bool:
        same_hub = hub is not None and hub.fingerprint == wanted_hub.fingerprint
        same_proxy = proxy is not None and proxy.fingerprint == wanted_proxy.fingerprint
        return same_hub and same_proxy

    def _becomes_healthy(self, hub: Record | None) -> bool:
        """One slow answer is no reason to restart a hub: a busy one gets time, a dead one none."""
        until = min(self.until, time.monotonic() + PATIENCE_S)
        while not self._is_healthy():
            if time.monotonic() > until or not (hub and hub.is_running):
                return False
            time.sleep(POLL_S)
        return True

    def _is_healthy(self) -> bool:
        """Asks through the proxy only once the hub listens, for the proxy logs every failure."""
        return bool(listening([self.settings.ports["hub"]])) and self._answers_through_proxy()

    def _answers_through_proxy(self) -> bool:
        return health_status(self.settings.ports["proxy"], self.settings.base_url) == 200

    def _ensure_proxy(self, running: Record | None, wanted: Service) -> tuple[Record, bool]:
        if running and running.fingerprint == wanted.fingerprint:
            return running, False
        if running:
            self.progress("stopping the proxy, its ports or its token changed")
            service_process.stop(running)
        self.progress("starting the proxy")
        return service_process.start(self.where, wanted, {}), True

    def _replace_hub(self, running: Record | None, wanted: Service, proxy: Record, is_new_proxy: bool) -> Record:
        if running:
            self.progress("stopping the hub to start it with new settings; servers keep running")
            service_process.stop(running)
        self._prepare_state()
        self.progress("starting the hub")
        facts = {"version": self.jupyterhub.version, "ports": self.settings.ports, "baseUrl": self.settings.base_url}
        hub = service_process.start(self.where, wanted, facts)
        try:
            self._await_health(hub, proxy)
            own_listeners(self.settings.ports, self.where)  # it is ours that answered
        except Refusal:
            service_process.stop(hub)
            if is_new_proxy:
                service_process.stop(proxy)
            raise
        return hub

    def _prepare_state(self) -> None:
        """Settings and secrets as private files, the database in order."""
        write_private(self.where.settings, json.dumps(self.settings.for_hub()))
        private_token(self.where.hub / "cookie_secret")
        restored = database.restore_if_damaged(self.where.database)
        if restored:
            self.progress(f"the hub's database was damaged; took the backup {restored}")
        database.back_up(self.where.database)
        for server in database.forget_dead_servers(self.where.database, is_server_of):
            self.progress(f"the server of {server} did not outlive the last hub")

    def _await_health(self, hub: Record, proxy: Record) -> None:
        told = time.monotonic()
        while not self._is_healthy():
            if not hub.is_running:
                raise self._unhealthy("the hub ended while it started", hub)
            if not proxy.is_running:
                raise self._unhealthy("the proxy ended while the hub started", proxy)
            if time.monotonic() > self.until:
                raise self._unhealthy(
                    f"the hub did not answer within {self.settings.start_timeout_ms / 1000:.0f} s", hub
                )
            if time.monotonic() - told > TELL_EVERY_S:
                told = time.monotonic()
                self.progress(f"waiting for the hub to answer ({told - self.began:.0f} s)")
            time.sleep(POLL_S)

    def _unhealthy(self, what: str, record: Record) -> Refusal:
        log = self.where.logs / f"{record.name}.log"
        lines = logs.tail(log, self.secrets(), record.logOffset)
        message = "\n".join([what, *lines])
        return Refusal("HUB_NOT_HEALTHY", message, f"read {log} on {self.settings.node}; check /etc/multijhub/hub.d")

    def secrets(self) -> list[str]:
        kept = [private_token(self.where.hub / name) for name in ("proxy_token", "cookie_secret")]
        return [self.settings.service_token, *kept]

    def _answer(self, hub: Record | None, changed: bool) -> dict[str, Any]:
        return {
            "changed": changed,
            "pid": hub.pid if hub else None,
            "version": self.jupyterhub.version,
            "settingsHash": hub.fingerprint if hub else None,
            "warnings": [*self.jupyterhub.warnings, *port_guard.warnings(self.settings.ports)],
            "tookMs": round((time.monotonic() - self.began) * 1000),
        }
