from __future__ import annotations

import importlib.util
import sys
import types
import unittest
from typing import Any

if importlib.util.find_spec("tornado") is None:  # only its name is needed
    sys.modules["tornado"], sys.modules["tornado.web"] = types.ModuleType("tornado"), types.ModuleType("tornado.web")
    sys.modules["tornado.web"].OutputTransform = lambda request: None  # type: ignore[attr-defined]

BASE = "/n/node1/user/alice/"


class Request(types.SimpleNamespace):
    __hash__ = object.__hash__  # type: ignore[assignment]


class WebApp:
    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.transforms: list[Any] = []

    def add_transform(self, transform: Any) -> None:
        self.transforms.append(transform)


class TrafficTest(unittest.TestCase):
    def setUp(self) -> None:
        from multijhub_record.traffic import Traffic
        from multijhub_record.watch import OPEN_PATHS

        self.app = WebApp()
        self.traffic = Traffic(self.app, tuple(BASE + path for path in OPEN_PATHS))

    def begins(self, path: str) -> types.SimpleNamespace:
        stream = types.SimpleNamespace(is_closed=False)
        stream.closed = lambda: stream.is_closed
        connection = types.SimpleNamespace(stream=stream)
        self.app.transforms[0](Request(path=BASE + path, connection=connection))
        return stream

    def test_a_request_under_way_is_a_connection_until_it_is_closed(self) -> None:
        stream = self.begins("files/large.csv")
        self.assertEqual(self.traffic.connections(), 1)
        stream.is_closed = True
        self.assertEqual(self.traffic.connections(), 0)

    def test_nobody_keeps_a_server_by_reading_slowly_what_is_open_to_all(self) -> None:
        for path in ("static/lab/jlab_core.js", "lab/extensions/x/static/y.js", "multijhub/stop-if-idle"):
            with self.subTest(path=path):
                self.begins(path)
                self.assertEqual(self.traffic.connections(), 0)
