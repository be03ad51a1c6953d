"""The requests of the server: how many were answered, and which connections are open."""

from __future__ import annotations

from typing import Any

from tornado.web import OutputTransform

READING = {"GET", "HEAD", "OPTIONS"}


class Traffic:
    """Follows a tornado application by what it offers for that: a transform sees each request begin, the log its end."""

    def __init__(self, web_app: Any, open_paths: tuple[str, ...]) -> None:
        """`open_paths`: what lies below them anybody gets, and may read as slowly as they like. It is no use of the
        server."""
        self.requests = self.edits = 0
        self._open_paths, self._streams = open_paths, dict[Any, Any]()
        self._log = web_app.settings.get("log_function", lambda _handler: None)
        web_app.settings["log_function"] = self._end
        web_app.add_transform(self._begin)

    def connections(self) -> int:
        """Websockets that are open, and requests under way."""
        self._streams = {request: stream for request, stream in self._streams.items() if not stream.closed()}
        return len(self._streams)

    def _begin(self, request: Any) -> OutputTransform:
        stream = getattr(request.connection, "stream", None)
        if stream is not None and not request.path.startswith(self._open_paths):
            self._streams[request] = stream
        return OutputTransform(request)

    def _end(self, handler: Any) -> None:
        self._log(handler)
        if handler.get_status() == 101:
            return  # a websocket has begun
        self._streams.pop(handler.request, None)
        if is_use(handler):
            self.requests += 1
            self.edits += handler.request.method not in READING


def is_use(handler: Any) -> bool:
    """Whether somebody who was let in got an answer to more than a machine's own question."""
    try:
        is_counted = getattr(handler, "_track_activity", True) and not handler.get_argument("no_track_activity", None)
        return bool(handler.get_status() < 400 and is_counted and handler.current_user)
    except Exception:  # another version's handlers: there is no telling
        return True
