"""Where the router asks the server to stop if it is idle."""

from __future__ import annotations

import re
import signal
import time
from typing import Any, Callable

from tornado.routing import AnyMatches, Rule
from tornado.web import RequestHandler

from .orders import NoOrder, Orders, kept_because
from .watch import OWN_PATH, Watch

try:
    from jupyter_server.auth.decorator import allow_unauthenticated
except ImportError:  # before 2.13, which asks for it

    def allow_unauthenticated(method: Callable[..., Any]) -> Callable[..., Any]:
        return method


def serve_orders(app: Any, orders: Orders, watch: Watch) -> None:
    """Beside Jupyter's own sign-in: the router has no token of the user's, and asks for none."""
    path = re.escape(f"{app.base_url}{OWN_PATH}stop-if-idle")
    app.web_app.add_handlers(".*$", [(path, StopHandler, {"app": app, "orders": orders, "watch": watch})])


class StopHandler(RequestHandler):
    def initialize(self, app: Any, orders: Orders, watch: Watch) -> None:
        self._app, self._orders, self._watch = app, orders, watch

    def check_xsrf_cookie(self) -> None:
        """No cookie counts here: what is asked for is signed."""

    @allow_unauthenticated
    def get(self) -> None:
        self._say(self._orders.challenge(_now_ms()))

    @allow_unauthenticated
    async def post(self) -> None:
        try:
            order = self._orders.read(self.request.body, _now_ms())
        except NoOrder:
            self.set_status(403)
            return
        seen = await self._watch.look(is_thorough=True)
        kept_by = order.objection or kept_because(seen.idle, order, time.monotonic())
        self._say(self._orders.answer(order, kept_by))
        if kept_by is None:  # within the same turn of the loop as the look
            end(self._app)

    def _say(self, words: bytes) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(words)


class EndingHandler(RequestHandler):
    """Answers whatever is still asked."""

    def check_xsrf_cookie(self) -> None:
        """There is nothing left to protect."""

    def prepare(self) -> None:
        self.set_status(503)
        self.set_header("Content-Type", "text/plain")
        self.finish("This server was idle and is being stopped. Start it again from the entrance.")


def end(app: Any) -> None:
    """As at a signal, but for those that come meanwhile: its hub's would cut short the end of the kernels."""
    app.log.warning("multijhub: idle, and stopped by the router's order")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    app.web_app.default_router.rules.insert(0, Rule(AnyMatches(), EndingHandler))
    app.stop()


def _now_ms() -> int:
    return int(time.monotonic() * 1000)
