"""Stands in for JupyterHub and its proxy in tests of the agent: `--config` makes it the hub, `--port` the proxy.
What the hub does wrong is read from the file `misbehave` beside the settings: "exit", "silent" or "slow", or as "ruin
6.0.0" of that version alone; whom it lists,
from `users.json`."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "/hub/api/users?" in self.path:
            return self.list_users()
        self.answer(200)

    def list_users(self) -> None:
        """For whoever has the token; notes whether the hub was about to be stopped by then."""
        state = Path(os.environ["MULTIJHUB_STATE"]) / "hub"
        token = json.loads((state / "settings.json").read_text())["service_token"]
        users = state / "users.json"
        (state / "asked").write_text(str((Path(os.environ["MULTIJHUB_RUN"]) / "closing").exists()))
        self.answer(200 if self.headers["Authorization"] == f"token {token}" else 403)
        self.wfile.write(users.read_bytes() if users.exists() else b"[]")

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Proxy(Hub):
    hub_port = 0

    def do_GET(self) -> None:
        self.answer(200 if answers(self.hub_port) else 404)


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def hub() -> None:
    state = Path(os.environ["MULTIJHUB_STATE"]) / "hub"
    settings = json.loads((state / "settings.json").read_text())
    wrong = (state / "misbehave").read_text() if (state / "misbehave").exists() else ""
    if wrong == f"ruin {Path(sys.argv[0]).with_name('version').read_text()}":
        with sqlite3.connect(state / "jupyterhub.sqlite") as database:
            database.execute("CREATE TABLE newer (id INTEGER)")
        sys.exit("cannot start with what I have just made")
    if wrong == "exit":
        sys.exit(f"cannot start: api_token={settings['service_token']}")
    time.sleep(60 if wrong == "silent" else 1 if wrong == "slow" else 0)
    ThreadingHTTPServer(("127.0.0.1", settings["ports"]["hub"]), Hub).serve_forever()


def proxy(words: list[str]) -> None:
    assert os.environ["CONFIGPROXY_AUTH_TOKEN"]
    option = {name: words[words.index(name) + 1] for name in ("--port", "--api-port", "--error-target")}
    Proxy.hub_port = int(option["--error-target"].split(":")[2].split("/")[0])
    with socket.create_server(("127.0.0.1", int(option["--api-port"]))):
        ThreadingHTTPServer(("127.0.0.1", int(option["--port"])), Proxy).serve_forever()


if __name__ == "__main__":
    if "--version" in sys.argv:
        print(Path(sys.argv[0]).with_name("version").read_text())
    elif "--config" in sys.argv:
        hub()
    else:
        proxy(sys.argv)
