"""Brings the hub to the state the router asked for; the users' servers are never touched."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from multijhub_hub import database

from . import former_hub, installation, logs, port_guard, service_process
from .former_hub import FormerHub
from .home_answers import silent_home
from .hub_health import health_status
from .hub_lock import hub_lock
from .hub_parts import Parts, changes, fingerprint, hub_parts, same_settings
from .hub_services import hub_service, private_token, proxy_service
from .hub_settings import HubSettings, StartOptions, parse_options, parse_settings
from .hub_use import hub_use
from .listeners import listening
from .places import Places, prepare, require_room, require_root, unusable, write_private
from .port_guard import own_listeners
from .protocol import Progress, Refusal
from .service import Service
from .service_record import Record
from .single_user_servers import is_server_of

POLL_S = 0.1
TELL_EVERY_S = 3.0
PATIENCE_S = 15.0
HUNG_PATIENCE_S = 3.0  # it was watched for minutes
HUNG_GRACE_S = 3.0
QUIET_S = 30.0


def start_hub(given: dict[str, Any], where: Places, progress: Progress) -> dict[str, Any]:
    """Proxy and hub with these settings, answering. Does nothing if they already are; refuses with the reason."""
    began = time.monotonic()
    settings = parse_settings(given, allow_high_ports=where.is_sandbox)
    options = parse_options(given)
    require_root(where)
    prepare(where)
    with hub_lock(where, settings.start_timeout_ms / 1000, progress):
        return _Start(settings, options, where, progress, began).run()


class _Start:
    """One run of start-hub, under the lock."""

    def __init__(
        self, settings: HubSettings, options: StartOptions, where: Places, progress: Progress, began: float
    ) -> None:
        self.settings, self.options, self.where = settings, options, where
        self.progress, self.began = progress, began
        self.until = time.monotonic() + settings.start_timeout_ms / 1000

    def run(self) -> dict[str, Any]:
        self.jupyterhub = installation.require_jupyterhub(self.settings.jupyterhub)
        proxy_command = installation.require_proxy(self.settings.proxy_command, self.jupyterhub.command)
        self.parts: Parts = hub_parts(self.settings, self.jupyterhub, self.where)
        hub = hub_service(self.where, self.jupyterhub.command, fingerprint(self.parts))
        proxy = proxy_service(self.settings, self.where, proxy_command)
        own = own_listeners(self.settings.ports, self.where)  # refuses before anything is touched
        running_proxy, running_hub = own["proxy"], own["hub"]
        is_same_proxy = running_proxy is not None and running_proxy.fingerprint == proxy.fingerprint
        if running_hub and running_proxy and is_same_proxy and self._may_stay(running_hub, hub):
            if self._becomes_healthy(running_hub):
                return self._answer(running_hub, changed=False)
            running_proxy = self._give_up(running_hub, running_proxy)
        require_room(self.where)
        self.progress(f"JupyterHub {self.jupyterhub.version} at {self.jupyterhub.command}")
        self._await_quiet(running_hub)
        running_proxy, is_new_proxy = self._ensure_proxy(running_proxy, proxy)
        return self._answer(self._replace_hub(running_hub, hub, running_proxy, is_new_proxy), changed=True)

    def _may_stay(self, running: Record, wanted: Service) -> bool:
        is_known = self.options.leave_outdated and same_settings(running.facts.get("parts"), self.parts)
        return is_known or running.fingerprint == wanted.fingerprint

    def _give_up(self, hub: Record, proxy: Record) -> Record | None:
        """A hub that ended, or one that hangs while nothing else does: only then does a start help. The proxy as it is
        then."""
        if not hub.is_running:
            return proxy
        if not self.options.restart_hung:
            raise self._unhealthy("the hub runs and does not answer", hub)
        home = silent_home()
        if home:
            message = f"the hub does not answer, nor does the home {home}: a restart would not help"
            raise Refusal("HUB_NOT_HEALTHY", message, "look at the file server of the homes, and at its mount here")
        if health_status(self.settings.ports["hub"], self.settings.base_url) != 200:
            self.progress("the hub runs and does not answer")
            service_process.stop(hub, HUNG_GRACE_S)
            return proxy
        self.progress("the hub's proxy runs and does not answer")
        service_process.stop(proxy, HUNG_GRACE_S)
        return None

    def _await_quiet(self, hub: Record | None) -> None:
        """A server that is being started is not cut off; one that takes long is, unless the hub can be left for now."""
        until = time.monotonic() + min(QUIET_S, self.settings.start_timeout_ms / 2000)
        while hub and hub.is_running:
            use = hub_use(self.where, hub)
            if use and not use.pending:
                return
            if use is None and not self.options.when_safe:
                return  # it hangs
            if use is None or time.monotonic() > until:
                return self._cut_off(use.pending[0] if use else None)
            self.progress(f"waiting for the server of {use.pending[0]}, which is being started or stopped")
            time.sleep(1.0)

    def _cut_off(self, server: str | None) -> None:
        if not self.options.when_safe:
            return
        words = f"the server of {server} is being started or stopped" if server else "the hub does not say who uses it"
        raise Refusal("HUB_IN_USE", f"not now: {words}", "try again in a minute")

    def _becomes_healthy(self, hub: Record) -> bool:
        """One slow answer is no reason to restart a hub: a busy one gets time, a dead one none."""
        patience = HUNG_PATIENCE_S if self.options.restart_hung else PATIENCE_S
        until = min(self.until, time.monotonic() + patience)
        while not self._is_healthy():
            if time.monotonic() > until or not hub.is_running:
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
        if running and running.is_running:
            self.progress("stopping the hub to start it with new settings; servers keep running")
            service_process.stop(running)
        former = self._prepare_state(running)
        self.progress("starting the hub")
        hub = service_process.start(self.where, wanted, self._facts())
        try:
            self._await_health(hub, proxy)
            own_listeners(self.settings.ports, self.where)  # it is ours that answered
        except Refusal as failure:
            service_process.stop(hub)
            if is_new_proxy:
                service_process.stop(proxy)
            done = former_hub.bring_back(self.where, former, is_proxy_there=not is_new_proxy)
            raise Refusal(failure.code, "\n".join([failure.message, *done]), failure.remedy) from failure
        former_hub.note_version(self.where, self.jupyterhub.version)
        return hub

    def _facts(self) -> dict[str, Any]:
        found = {"version": self.jupyterhub.version, "command": self.jupyterhub.command, "parts": self.parts}
        return {**found, "ports": self.settings.ports, "baseUrl": self.settings.base_url}

    def _prepare_state(self, running: Record | None) -> FormerHub:
        """What there was before, kept; then settings and secrets as private files, the database in order."""
        try:
            former = former_hub.remember(self.where, running, self.jupyterhub.version)
            write_private(self.where.settings, json.dumps(self.settings.for_hub()))
            private_token(self.where.hub / "cookie_secret")
            self._prepare_database()
        except (OSError, sqlite3.OperationalError) as failure:  # no room, no access; a damaged one is replaced
            raise unusable(self.where.database, failure) from failure
        return former

    def _prepare_database(self) -> None:
        restored = database.restore_if_damaged(self.where.database)
        if restored:
            self.progress(f"the hub's database was damaged; took the backup {restored}")
        database.back_up(self.where.database)
        database.forget_tokens(self.where.database, "multijhub")
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
        tokens = [self.settings.service_token, self.settings.next_service_token]
        return [*(token for token in tokens if token), *kept]

    def _answer(self, hub: Record, changed: bool) -> dict[str, Any]:
        return {
            "changed": changed,
            "pid": hub.pid,
            "version": hub.facts.get("version"),
            "settingsHash": hub.fingerprint,
            "outdated": [change["words"] for change in changes(hub.facts.get("parts"), self.parts)],
            "warnings": [*self.jupyterhub.warnings, *port_guard.warnings(self.settings.ports)],
            "tookMs": round((time.monotonic() - self.began) * 1000),
        }
