"""The requests of the server: how many were answered, and which connections are open."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Awaitable, Callable

from tornado.web import OutputTransform

READING = {"GET", "HEAD", "OPTIONS"}
# Who asks is known after a question to the hub at most.
PATIENCE_S = 2.0
POLL_S = 0.02


@dataclass
class UnderWay:
    """A request. In doubt it is its owner's."""

    stream: Any
    asked_s: float | None = None
    """Since when it is being found out whose it is; None: it is known, or not asked."""


class Traffic:
    """Follows a tornado application by what it offers for that: a transform sees each request begin, the log its end,
    and the identity provider whose it is."""

    def __init__(
        self, web_app: Any, open_paths: tuple[str, ...], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`open_paths`: what lies below them anybody gets, and may read as slowly as they like. It is no use of the
        server."""
        self.requests = self.edits = 0
        self._open_paths, self._now_s, self._under_way = open_paths, now_s, dict[Any, UnderWay]()
        self._log = web_app.settings.get("log_function", lambda _handler: None)
        web_app.settings["log_function"] = self._end
        web_app.add_transform(self._begin)
        provider = web_app.settings.get("identity_provider")  # none before jupyter_server 2
        if provider is not None:
            self._get_user, provider.get_user = provider.get_user, self._identify

    def connections(self) -> int:
        """Websockets that are open, and requests under way, of those who were let in; also of who has waited for that
        in vain."""
        open_ones = {request: each for request, each in self._under_way.items() if not each.stream.closed()}
        self._under_way, since_s = open_ones, self._now_s() - PATIENCE_S
        return sum(each.asked_s is None or each.asked_s <= since_s for each in open_ones.values())

    async def settle(self) -> None:
        """Waits, but not for long, until it is known whose the requests are that wait for that now."""
        until_s = self._now_s() + PATIENCE_S
        asking = [each for each in self._under_way.values() if each.asked_s is not None]
        while any(each.asked_s is not None and not each.stream.closed() for each in asking) and self._now_s() < until_s:
            await asyncio.sleep(POLL_S)

    def _begin(self, request: Any) -> OutputTransform:
        stream = getattr(request.connection, "stream", None)
        if stream is not None and not request.path.startswith(self._open_paths):
            self._under_way[request] = UnderWay(stream)
        return OutputTransform(request)

    def _identify(self, handler: Any) -> Any:
        """In the place of the identity provider's own: the user or None, or what is to be awaited for that."""
        user = self._get_user(handler)
        return self._await_user(handler, user) if isawaitable(user) else self._knows(handler, user)

    async def _await_user(self, handler: Any, asking: Awaitable[Any]) -> Any:
        each = self._under_way.get(handler.request, UnderWay(None))
        each.asked_s = self._now_s()
        try:
            return self._knows(handler, await asking)
        finally:
            each.asked_s = None

    def _knows(self, handler: Any, user: Any) -> Any:
        if user is None:
            self._under_way.pop(handler.request, None)
        return user

    def _end(self, handler: Any) -> None:
        self._log(handler)
        if handler.get_status() == 101:
            return  # a websocket has begun
        self._under_way.pop(handler.request, None)
        if is_use(handler):
            self.requests += 1
            self.edits += handler.request.method not in READING


def is_use(handler: Any) -> bool:
    """Whether somebody who was let in got an answer to more than a machine's own question."""
    try:
        if handler.get_status() >= 400 or not handler.current_user:
            return False
        return bool(getattr(handler, "_track_activity", True) and not handler.get_argument("no_track_activity", None))
    except Exception:  # another version's handlers: there is no telling
        return True
