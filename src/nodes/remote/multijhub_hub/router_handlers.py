"""What the router's tickets do on a hub: sign a browser in, make a user known, sign a user out."""

from __future__ import annotations

import html
import time
from typing import Any
from urllib.parse import urlencode

from jupyterhub.handlers import BaseHandler
from jupyterhub.handlers.base import SESSION_COOKIE_NAME
from jupyterhub.utils import url_path_join

from .next_path import safe_next
from .sessions import continue_session, end_sessions
from .ticket import Ticket, TicketRefused, session_id

NONCE_COOKIE = "multijhub-nonce"
TICKET_HEADER = "X-Multijhub-Token"


class TicketHandler(BaseHandler):
    """What the three have in common."""

    def check_xsrf_cookie(self) -> None:
        """The signed one-time ticket is the proof that the router wants this."""

    @property
    def node(self) -> str:
        return self.authenticator.router_node

    def accept(self, token: str, use: str, nonce: str | None = None) -> Ticket:
        try:
            return self.authenticator.ticket_gate.accept(token, use, time.time(), nonce)
        except TicketRefused as refused:
            self.log.warning("ticket for %s refused: %s", use, refused)
            raise TicketRefused(f"the ticket was not accepted: {refused}") from refused

    async def admit(self, ticket: Ticket) -> Any:
        """The hub's user for the ticket, made if new, after every check of the site's authenticator."""
        model = await self.authenticate(ticket)
        if not model:
            raise TicketRefused("your account is not allowed on this node")
        if model["name"] != ticket.user:
            raise TicketRefused(f"this node knows you under another name, {model['name']}")
        user = await self.auth_to_user(model)
        user._auth_refreshed = time.monotonic()  # as after any other sign-in
        return user

    def answer(self, status: int, body: dict[str, Any]) -> None:
        self.set_status(status)
        self.finish(body)


class RouterLoginHandler(TicketHandler):
    """GET router_login?router_token=T&next=P. Refusals are pages, never redirects, so that nothing can loop."""

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        try:
            if self.get_argument("check", ""):
                self.go_on()
            else:
                await self.sign_in()
        except TicketRefused as refused:
            self.refuse(str(refused))

    async def sign_in(self) -> None:
        ticket = self.accept(self.get_argument("router_token", ""), "login", self.get_cookie(NONCE_COOKIE))
        user = await self.admit(ticket)
        former = self.get_current_user_cookie()
        if former is not None and former.name != user.name:
            self.clear_login_cookie()  # also deletes the tokens this browser got as somebody else
        self.set_session(user, ticket.session)
        self.set_login_cookie(user)
        self.set_hub_cookie(user)  # set_login_cookie keeps one that is there, even if it is about to expire
        self.log.info("User signed in by ticket: %s", user.name)
        query = urlencode({"check": "1", "next": self.next_path()})
        self.redirect(url_path_join(self.hub.base_url, "router_login") + "?" + query)

    def set_session(self, user: Any, session: str | None) -> None:
        """Ties what this browser gets from now on to the router's session."""
        if session:
            self._session_id = session_id(session, self.node)
            continue_session(self.db, user, self.get_cookie(SESSION_COOKIE_NAME), self._session_id)
            self.set_session_cookie()

    def go_on(self) -> None:
        """The second hop: did the browser keep the cookie?"""
        if self.current_user is None:
            raise TicketRefused(
                "your browser does not keep this node's cookies (they are blocked, or http and https are mixed)"
            )
        self.redirect(self.next_path())

    def next_path(self) -> str:
        return safe_next(self.get_argument("next", ""), self.base_url, url_path_join(self.hub.base_url, "home"))

    def refuse(self, reason: str) -> None:
        self.set_status(403)
        self.finish(
            "<!doctype html><html lang=en><meta charset=utf-8><title>Not signed in</title>"
            f"<h1>{html.escape(self.node)} did not sign you in</h1>"
            f"<p>{html.escape(reason[:1].upper() + reason[1:])}.</p>"
            "<p><a href=/>Back to the entrance</a></p></html>"
        )


class IntroduceHandler(TicketHandler):
    """POST router_introduce: the user exists on this hub afterwards, if the site's authenticator lets them in, and may
    start the server that the ticket names.
    (Creating users by the API would need admin:users, which the router's service never has.)"""

    async def post(self) -> None:
        try:
            ticket = self.accept(self.request.headers.get(TICKET_HEADER, ""), "introduce")
            user = await self.admit(ticket)
        except TicketRefused as refused:
            return self.answer(403, {"reason": str(refused)})
        if ticket.start is not None:
            self.authenticator.permits.keep(user.name, ticket.start)
        self.answer(200, {"name": user.name})


class SignoutHandler(TicketHandler):
    """POST router_signout: ends one router session of a user on this hub, or all of them."""

    async def post(self) -> None:
        try:
            ticket = self.accept(self.request.headers.get(TICKET_HEADER, ""), "signout")
        except TicketRefused as refused:
            return self.answer(403, {"reason": str(refused)})
        user = self.find_user(ticket.user)
        ended = session_id(ticket.session, self.node) if ticket.session else None
        self.answer(200, {"name": ticket.user, "tokens": end_sessions(self.db, user, ended) if user else 0})
