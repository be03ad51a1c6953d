"""Lets the router's tickets in beside whatever authenticator the site chose."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jupyterhub.auth import Authenticator, PAMAuthenticator
from jupyterhub.handlers import LoginHandler, LogoutHandler
from jupyterhub.utils import maybe_future
from traitlets import Bool, Instance, List, Unicode, default

from .account_check import account_problem
from .chosen_class import chosen_class
from .permits import Permits
from .router_handlers import IntroduceHandler, RouterLoginHandler, SignoutHandler
from .site_handlers import login_handler, logout_handler
from .ticket import Ticket, TicketGate, TicketRefused

STARTED = time.monotonic()


class RouterMixin(Authenticator):
    """Put before the site's class by `with_router`."""

    router_node = Unicode(config=True, help="The name of this node, as tickets carry it.")
    router_keys = List(Unicode(), config=True, help="Public keys of the router, PEM; any of them may have signed.")
    router_lobby = Bool(config=True, help="Whether this hub may say who a visitor is, by its own login form.")
    ticket_gate = Instance(TicketGate)
    permits = Instance(Permits, ())

    @default("ticket_gate")
    def _ticket_gate(self) -> TicketGate:
        return TicketGate(self.router_node, list(self.router_keys), verify, lambda: time.monotonic() - STARTED)

    def get_handlers(self, app: Any) -> list[Any]:
        site = list(super().get_handlers(app))
        chosen = {path: handler for path, handler, *_ in site}
        return [
            ("/router_login", RouterLoginHandler),
            ("/router_introduce", IntroduceHandler),
            ("/router_signout", SignoutHandler),
            ("/login", login_handler(chosen.get("/login", LoginHandler))),
            ("/logout", logout_handler(chosen.get("/logout", LogoutHandler))),
            *[entry for entry in site if entry[0] not in ("/login", "/logout")],
        ]

    async def authenticate(self, handler: Any, data: Any = None) -> Any:
        """A Ticket, which only our own handlers can pass, counts as the password; all later checks are the site's."""
        if not isinstance(data, Ticket):
            return await maybe_future(super().authenticate(handler, data))
        problem = await asyncio.to_thread(account_problem, self, data.user)
        if problem:
            raise TicketRefused(problem)
        user = handler.find_user(data.user)
        kept = await user.get_auth_state() if user and self.enable_auth_state else None  # a sign-in overwrites it
        return {"name": data.user, "admin": None, "groups": data.groups, "auth_state": kept}


def with_router(chosen: Any) -> type:
    """The site's authenticator (a class, an entry point's or import name, or nothing for PAM) with tickets."""
    site = chosen_class(chosen, "jupyterhub.authenticators", PAMAuthenticator)
    if issubclass(site, RouterMixin):
        return site
    return type(f"Multi{site.__name__}", (RouterMixin, site), {"__module__": __name__})


def verify(pem: str, signature: bytes, message: bytes) -> bool:
    """Whether that Ed25519 key signed the message."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        return False
    try:
        key.verify(signature, message)
        return True
    except InvalidSignature:
        return False
