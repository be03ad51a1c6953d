"""Stage three: what must hold whatever the site's fragments did. Merges with their choices, never drops them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyterhub.auth import PAMAuthenticator
from jupyterhub.spawner import LocalProcessSpawner

from .authenticator import with_router
from .chosen_class import chosen_class
from .node_settings import NodePlaces, NodeSettings
from .order_key import key_for_start
from .record_extension import with_record
from .spawner import guarded

SERVICE = "multijhub"
SCOPES = ["list:users", "read:servers", "servers", "read:users:activity", "read:hub", "shutdown"]
ALLOWING = ("allow_all", "allowed_users", "allowed_groups", "allow_existing_users")
AUTH_CACHE = "--HubOAuth.cache_max_age"
AUTH_CACHE_S = 60  # how long a server goes on trusting a browser whose session was ended at the hub; the default is 300


def enforce(c: Any, settings: NodeSettings, places: NodePlaces) -> None:
    _addresses(c, settings)
    _state(c, places)
    _sign_in(c, settings)
    _router_service(c, settings)
    _servers(c, settings)
    c.ClaimMixin.closing_sign = str(places.closing)


def _addresses(c: Any, settings: NodeSettings) -> None:
    """Loopback only, at the ports the router was told, but for servers on other machines: they need the hub itself. The
    proxy is not the hub's child: see hub_services."""
    ports = settings.ports
    is_called_from_afar = any(section.get("hub_connect_url") for section in _sections(c, _chosen_spawner(c)))
    c.JupyterHub.bind_url = settings.proxy_url
    c.JupyterHub.hub_bind_url = f"http://{'0.0.0.0' if is_called_from_afar else '127.0.0.1'}:{ports['hub']}"
    c.JupyterHub.proxy_class = "configurable-http-proxy"
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{ports['api']}"
    for option in (
        "base_url",
        "ip",
        "port",
        "hub_ip",
        "hub_port",
        "hub_connect_url",
        "subdomain_host",
    ):
        c.JupyterHub.pop(option, None)  # each would override or contradict the above
    c.JupyterHub.hub_connect_ip = "127.0.0.1"


def _state(c: Any, places: NodePlaces) -> None:
    c.JupyterHub.db_url = f"sqlite:///{places.database}"
    c.JupyterHub.cookie_secret_file = str(places.hub / "cookie_secret")
    c.JupyterHub.pid_file = str(places.run / "jupyterhub.pid")
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False
    c.ConfigurableHTTPProxy.auth_token = (places.hub / "proxy_token").read_text(encoding="ascii").strip()


def _sign_in(c: Any, settings: NodeSettings) -> None:
    wrapped = with_router(c.JupyterHub.get("authenticator_class"))
    c.JupyterHub.authenticator_class = wrapped
    c.RouterMixin.router_node = settings.node
    c.RouterMixin.router_keys = settings.ticket_keys
    c.RouterMixin.router_lobby = settings.lobby
    said = any(option in section for section in _sections(c, wrapped) for option in ALLOWING)
    if issubclass(wrapped, PAMAuthenticator) and not said:
        c.PAMAuthenticator.allow_all = True  # who has an account on the node may use it, as by ssh
    for section in _sections(c, wrapped):
        if "admin_users" in section:
            section.admin_users = set(section.admin_users) | set(settings.admin_users)


def _router_service(c: Any, settings: NodeSettings) -> None:
    """The router's own token and, on a lobby, its OAuth client. Nobody else may widen what that token can do."""
    service: dict[str, Any] = {"name": SERVICE, "api_token": settings.service_token}
    if settings.lobby:
        service |= {
            "oauth_client_id": f"service-{SERVICE}",
            "oauth_redirect_uri": "/auth/callback",  # a path: no entry host name needs to be known here
            "oauth_no_confirm": True,
            "oauth_client_allowed_scopes": ["tokens!user"],  # lets the token of a sign-in delete itself
        }
    if settings.next_service_token:
        c.JupyterHub.service_tokens = {**c.JupyterHub.service_tokens, settings.next_service_token: SERVICE}
    c.JupyterHub.services = [kept for kept in c.JupyterHub.services if kept.get("name") != SERVICE] + [service]
    roles = [_without_router(role) for role in c.JupyterHub.load_roles if role.get("name") != SERVICE]
    if settings.lobby:
        roles = _user_role_with_router(roles)
    c.JupyterHub.load_roles = [*roles, {"name": SERVICE, "scopes": list(SCOPES), "services": [SERVICE]}]


def _without_router(role: dict[str, Any]) -> dict[str, Any]:
    return {**role, "services": [name for name in role.get("services", []) if name != SERVICE]}


def _user_role_with_router(roles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without these scopes the lobby's authorize page answers 403."""
    needed = [f"access:services!service={SERVICE}", "tokens!user"]
    mine = next((role for role in roles if role.get("name") == "user"), {"name": "user", "scopes": ["self"]})
    scopes = list(dict.fromkeys([*mine.get("scopes", ["self"]), *needed]))
    return [role for role in roles if role.get("name") != "user"] + [{**mine, "scopes": scopes}]


def _servers(c: Any, settings: NodeSettings) -> None:
    spawner = guarded(_chosen_spawner(c))
    c.JupyterHub.spawner_class = spawner
    c.ClaimMixin.claim_node = settings.node
    c.ClaimMixin.home_group = settings.home_group or ""
    c.JupyterHub.tornado_settings = {
        **c.JupyterHub.tornado_settings,
        "slow_spawn_timeout": 0,
    }  # POST answers 202 at once
    for section in _sections(c, spawner):
        section.pop("consecutive_failure_limit", None)  # whoever has no permit could end the hub by trying
        if "environment" in section:
            section.environment = {
                **section.environment,
                "MULTIJHUB_NODE": settings.node,
                "MULTIJHUB_ORDER_KEY": key_for_start(settings),
                "JUPYTER_CONFIG_PATH": with_record(section.environment.get("JUPYTER_CONFIG_PATH")),
            }
        if "args" in section and not any(word.startswith(AUTH_CACHE) for word in section.args):
            section.args = [*section.args, f"{AUTH_CACHE}={AUTH_CACHE_S}"]


def _chosen_spawner(c: Any) -> type:
    return chosen_class(c.JupyterHub.get("spawner_class"), "jupyterhub.spawners", LocalProcessSpawner)


def _sections(c: Any, cls: type) -> Iterator[Any]:
    """The parts of the configuration that speak to this class: its own and its ancestors' names."""
    return (c[base.__name__] for base in cls.__mro__ if base.__name__ in c)
