"""Ties the record to a running server. Whatever goes wrong here is logged; the server runs on without a record."""

from __future__ import annotations

import atexit
import os
import socket
import threading
import time
from typing import Any

from tornado.ioloop import IOLoop, PeriodicCallback

from .identity import HubServer, Process, hub_server
from .left_over import remove_left_over
from .orders import Orders, take_key
from .process_tree import ProcessTable
from .publisher import Publisher
from .record import State, document, encode, file_name, idle_times
from .record_file import RecordFile
from .stop_handler import serve_orders
from .watch import Seen, Watch

LOOK_MS = 1000


def load(app: Any) -> None:
    """Publishes the record of a server that a node's hub has started; does nothing in any other. Never raises."""
    try:
        server = hub_server(os.environ, app.base_url)
        if server is not None:
            app.no_browser_open_file = True  # a file with the token in it, which jupyter_server lets everybody read
            recorder = Recorder(app, server, take_key(os.environ))
            atexit.register(recorder.stop)  # reached after SIGINT and SIGTERM
            IOLoop.current().add_callback(recorder.start)  # once the loop turns the port is known
    except Exception:
        app.log.warning("multijhub: this server publishes no runtime record", exc_info=True)


class Recorder:
    """Looks at the server every second; the record follows."""

    def __init__(self, app: Any, server: HubServer, order_key: tuple[str, str] | None) -> None:
        self._app, self._server, self._table, self._order_key = app, server, ProcessTable(), order_key
        self._process = _this_process(self._table)
        self._file = RecordFile(app.runtime_dir, file_name(server.node, self._process.pid))
        self._publisher = Publisher(self._file, app.log)
        self._has_complained = False

    async def start(self) -> None:
        cleaning = (self._app.runtime_dir, self._server.node, self._process, self._table)
        threading.Thread(target=remove_left_over, args=cleaning, daemon=True).start()
        self._watch = Watch(self._app, self._table, self._process.pid)
        await self._look()
        PeriodicCallback(self._look, LOOK_MS).start()
        if self._order_key is not None:
            serve_orders(self._app, Orders(*self._order_key, self._server, self._process), self._watch)

    def stop(self) -> None:
        self._file.remove()

    async def _look(self) -> None:
        try:
            seen = await self._watch.look()
            idle = seen.idle
            state = State(seen.activity.counts, idle.since_s is not None, idle.but_tabs_since_s is not None)
            self._publisher.offer(state, lambda: self._content(seen))
        except Exception:
            if not self._has_complained:
                self._app.log.warning("multijhub: what this server does cannot be told", exc_info=True)
            self._has_complained = True

    def _content(self, seen: Seen) -> bytes:
        now_ms = _now_ms()
        use = self._table.use(self._process.pid)
        idle = idle_times(seen.idle, time.monotonic(), now_ms)
        return encode(document(self._server, self._process, self._app.port, seen.activity, use, idle, now_ms))


def _this_process(table: ProcessTable) -> Process:
    pid = os.getpid()
    return Process(socket.gethostname(), pid, table.start_ticks(pid), table.boot_id(), _now_ms())


def _now_ms() -> int:
    return int(time.time() * 1000)
