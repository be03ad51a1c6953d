"""A server's side of "stop if idle" over HTTP, by the extension's own code. Arguments: the folder of the extension, of the
hub's configuration, and JSON {"token", "node", "user", "server", "process": {"pid", "startTicks", "bootId"}, "keptBy"}, in
which {seconds} are those it is to have been idle for. Prints its port; answers every path."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

sys.path[:0] = [str(Path(folder).parent) for folder in sys.argv[1:3]]
from multijhub_hub.order_key import order_key  # noqa: E402
from multijhub_record.identity import HubServer, Process  # noqa: E402
from multijhub_record.orders import NoOrder, Orders  # noqa: E402

START = "0123456789abcdef" * 2
told = json.loads(sys.argv[3])
server = HubServer(told["node"], told["user"], told["server"], "/")
process = Process("host1", told["process"]["pid"], told["process"]["startTicks"], told["process"]["bootId"], 0)
orders = Orders(START, order_key(told["token"], server.node, server.user, server.server, START), server, process)


class Gate(BaseHTTPRequestHandler):
    def do_GET(self):
        self._say(orders.challenge(int(time.monotonic() * 1000)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            order = orders.read(body, int(time.monotonic() * 1000))
        except NoOrder:
            return self.send_error(403)
        kept_by = told.get("keptBy", "").format(seconds=order.idle_for_s)
        self._say(orders.answer(order, order.objection or kept_by or None))

    def _say(self, words):
        self.send_response(200)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_):
        pass


gate = HTTPServer(("127.0.0.1", 0), Gate)
print(gate.server_port, flush=True)
gate.serve_forever()
