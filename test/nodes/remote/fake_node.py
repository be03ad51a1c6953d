"""Stands in for JupyterHub and its proxy in tests of the agent: `--config` makes it the hub, `--port` the proxy.
What the hub does wrong is read from the file `misbehave` beside the settings: "exit", "silent" or "slow"."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Quiet(BaseHTTPRequestHandler):
    hub_port = 0

    def do_GET(self) -> None:
        self.send_response(200 if is_listening(self.hub_port) else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def hub() -> None:
    state = Path(os.environ["MULTIJHUB_STATE"]) / "hub"
    settings = json.loads((state / "settings.json").read_text())
    wrong = (state / "misbehave").read_text() if (state / "misbehave").exists() else ""
    if wrong == "exit":
        sys.exit(f"cannot start: api_token={settings['service_token']}")
    time.sleep(60 if wrong == "silent" else 1 if wrong == "slow" else 0)
    ThreadingHTTPServer(("127.0.0.1", settings["ports"]["hub"]), Quiet).serve_forever()


def proxy(words: list[str]) -> None:
    assert os.environ["CONFIGPROXY_AUTH_TOKEN"]
    option = {name: words[words.index(name) + 1] for name in ("--port", "--api-port", "--error-target")}
    Quiet.hub_port = int(option["--error-target"].split(":")[2].split("/")[0])
    with socket.create_server(("127.0.0.1", int(option["--api-port"]))):
        ThreadingHTTPServer(("127.0.0.1", int(option["--port"])), Quiet).serve_forever()


if __name__ == "__main__":
    if "--version" in sys.argv:
        print(Path(sys.argv[0]).with_name("version").read_text())
    elif "--config" in sys.argv:
        hub()
    else:
        proxy(sys.argv)
