"""The site's own login and logout pages, with the way back to the router."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from jupyterhub.utils import maybe_future, url_path_join
from tornado import web

ROUTER_CLIENT = "service-multijhub"


def login_handler(site: type) -> type:
    """GET: visitors without a session who came through the router go to its sign-in, except where the router itself
    sent them for the lobby's form. POST and everything else: the site's."""

    class RouterAwareLogin(site):  # type: ignore[misc, valid-type]
        def check_xsrf_cookie(self) -> None:
            """A form older than its cookie (another tab signed in) gets a fresh form instead of an error."""
            try:
                super().check_xsrf_cookie()
            except web.HTTPError:
                if (
                    self.request.method != "POST"
                    or self.request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
                ):
                    raise
                self.redirect(self.request.uri, status=303)
                raise web.Finish() from None

        async def get(self) -> None:
            wanted = self.get_argument("next", "")
            if self.current_user is None and came_through_router(self) and not is_lobby_sign_in(self, wanted):
                return self.redirect("/login?" + urlencode({"node": self.authenticator.router_node, "next": wanted}))
            return await maybe_future(super().get())

    return RouterAwareLogin


def logout_handler(site: type) -> type:
    """GET: ends the hub's own session as the site does, then the router's."""

    class RouterAwareLogout(site):  # type: ignore[misc, valid-type]
        async def render_logout_page(self) -> None:
            if came_through_router(self):
                return self.redirect("/logout")
            return await maybe_future(super().render_logout_page())

    return RouterAwareLogout


def came_through_router(handler: Any) -> bool:
    """Anybody on the node can set this header. It steers redirects only and grants nothing."""
    return bool(handler.request.headers.get("X-Multijhub"))


def is_lobby_sign_in(handler: Any, wanted: str) -> bool:
    """Whether this hub is a lobby and `wanted` is the authorize page of the router's OAuth client."""
    target = urlsplit(wanted)
    is_authorize = target.path == url_path_join(handler.hub.base_url, "api/oauth2/authorize")
    is_ours = parse_qs(target.query).get("client_id") == [ROUTER_CLIENT]
    return handler.authenticator.router_lobby and not target.netloc and is_authorize and is_ours
