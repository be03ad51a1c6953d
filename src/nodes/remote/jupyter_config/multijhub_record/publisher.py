"""Publishes what it is offered when it is due, in a thread: a home that hangs must not stop the server's loop."""

from __future__ import annotations

import logging
import threading
import time
from typing import Callable

from .record import Attempt, State, is_due
from .record_file import RecordFile


class Publisher:
    """Says once that the record cannot be written, and once that it can again."""

    def __init__(self, file: RecordFile, log: logging.Logger, now_s: Callable[[], float] = time.monotonic) -> None:
        self._file, self._log, self._now_s = file, log, now_s
        self._last: Attempt | None = None
        self._thread: threading.Thread | None = None

    def offer(self, state: State, content: Callable[[], bytes]) -> None:
        """Returns at once. `content` is made in the thread, and only if it is written."""
        is_writing = self._thread is not None and self._thread.is_alive()
        if not is_writing and is_due(state, self._last, self._now_s()):
            self._thread = threading.Thread(target=self._write, args=(state, content), daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Until nothing is being written."""
        if self._thread is not None:
            self._thread.join()

    def _write(self, state: State, content: Callable[[], bytes]) -> None:
        failure = self._failure_of(content)
        was_written = self._last is None or self._last.is_written
        if failure is not None and was_written:
            self._log.warning("multijhub: the runtime record cannot be written (%s); it is tried again", failure)
        if failure is None and not was_written:
            self._log.info("multijhub: the runtime record is written again")
        self._last = Attempt(self._now_s(), state, is_written=failure is None)

    def _failure_of(self, content: Callable[[], bytes]) -> Exception | None:
        try:
            self._file.write(content())
        except Exception as failure:  # of whatever kind: the server goes on
            return failure
        return None
