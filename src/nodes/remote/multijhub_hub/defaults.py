"""Stage one: what a site gets unless its fragments say otherwise."""

from __future__ import annotations

from typing import Any

from .node_settings import NodePlaces, NodeSettings


def apply_defaults(c: Any, settings: NodeSettings, places: NodePlaces) -> None:
    """Real lists and sets, so that fragments may append to them as well as replace them."""
    c.JupyterHub.services = []
    c.JupyterHub.load_roles = []
    c.JupyterHub.service_tokens = {}
    c.JupyterHub.tornado_settings = {}
    c.JupyterHub.upgrade_db = True  # a new JupyterHub would refuse an old database; it was backed up a moment ago
    c.JupyterHub.trusted_downstream_ips = ["127.0.0.1"]  # the proxy: logs then show the visitor's address
    c.Authenticator.admin_users = set(settings.admin_users)
    c.PAMAuthenticator.open_sessions = False  # sessions opened by root for others fail or leak on most systems
    c.Spawner.environment = {}
    c.Spawner.args = []
    c.Spawner.default_url = "/lab"
    c.Spawner.poll_interval = 10  # how long the owner of a server that died by itself may have to wait for a new one
    c.Spawner.start_timeout = 60
    c.Spawner.http_timeout = 60
    c.ServerMixin.server_logs = str(places.server_logs)
