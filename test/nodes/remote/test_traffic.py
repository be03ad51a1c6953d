from __future__ import annotations

import asyncio
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


class Provider:
    """Lets in whoever the test says, as soon as it says so."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[str | None] = asyncio.Future()

    async def get_user(self, _handler: Any) -> str | None:
        return await self.answer


class TrafficTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        from multijhub_record.traffic import Traffic
        from multijhub_record.watch import OPEN_PATHS

        self.app, self.now_s = WebApp(), 100.0
        self.app.settings["identity_provider"] = self.provider = Provider()
        self.traffic = Traffic(self.app, tuple(BASE + path for path in OPEN_PATHS), lambda: self.now_s)

    def begins(self, path: str) -> Request:
        stream = types.SimpleNamespace(is_closed=False)
        stream.closed = lambda: stream.is_closed
        connection = types.SimpleNamespace(stream=stream)
        request = Request(path=BASE + path, method="GET", connection=connection, stream=stream)
        self.app.transforms[0](request)
        return request

    def asks(self, request: Request) -> asyncio.Task[str | None]:
        """Its handler asks whose it is."""
        return asyncio.create_task(self.provider.get_user(types.SimpleNamespace(request=request)))

    def ends(self, request: Request, status: int, user: str | None, argument: str | Exception | None = None) -> None:
        def get_argument(_name: str, _default: None) -> str | None:
            if isinstance(argument, Exception):
                raise argument
            return argument

        answer = {"get_status": lambda: status, "current_user": user, "get_argument": get_argument}
        self.app.settings["log_function"](types.SimpleNamespace(request=request, **answer))

    async def test_a_request_under_way_is_a_connection_until_it_is_closed(self) -> None:
        request = self.begins("files/large.csv")
        self.assertEqual(self.traffic.connections(), 1)
        request.stream.is_closed = True
        self.assertEqual(self.traffic.connections(), 0)

    async def test_nobody_keeps_a_server_by_reading_slowly_what_is_open_to_all(self) -> None:
        for path in ("static/lab/jlab_core.js", "lab/extensions/x/static/y.js", "multijhub/stop-if-idle"):
            with self.subTest(path=path):
                self.begins(path)
                self.assertEqual(self.traffic.connections(), 0)

    async def test_who_is_let_in_is_connected_and_who_is_not_is_not_however_long_they_stay(self) -> None:
        for user, connections in (("alice", 1), (None, 0)):
            with self.subTest(user=user):
                self.provider.answer = asyncio.Future()
                request = self.begins("api/events")
                asking = self.asks(request)
                self.provider.answer.set_result(user)
                self.assertEqual(await asking, user)
                self.assertEqual(self.traffic.connections(), connections)
                request.stream.is_closed = True

    async def test_who_asks_is_waited_for_and_counts_if_that_does_not_come_out(self) -> None:
        asking = self.asks(self.begins("api/events"))
        await asyncio.sleep(0)
        self.assertEqual(self.traffic.connections(), 0)
        settling = asyncio.create_task(self.traffic.settle())
        await asyncio.sleep(0)
        self.assertFalse(settling.done())
        self.now_s += 2
        await settling
        self.assertEqual(self.traffic.connections(), 1)
        self.provider.answer.set_exception(OSError("the hub is away"))
        with self.assertRaises(OSError):
            await asking
        self.assertEqual(self.traffic.connections(), 1)

    async def test_those_who_ask_while_others_are_waited_for_are_not_waited_for(self) -> None:
        first, second = self.begins("lab"), self.begins("lab")
        asking = self.asks(first)
        await asyncio.sleep(0)
        settling = asyncio.create_task(self.traffic.settle())
        await asyncio.sleep(0)
        self.provider.answer.set_result("alice")
        self.provider.answer = asyncio.Future()
        later = self.asks(second)
        await asking
        await settling
        self.assertEqual(self.traffic.connections(), 1)
        later.cancel()

    async def test_what_is_refused_is_no_use_whatever_it_says(self) -> None:
        for status, user in ((403, None), (403, "alice"), (302, None)):
            for argument in (None, ValueError("no unicode")):
                with self.subTest(status=status, user=user, argument=argument):
                    self.ends(self.begins("api/status"), status, user, argument)
                    self.assertEqual((self.traffic.requests, self.traffic.connections()), (0, 0))
        self.ends(self.begins("api/status"), 200, "alice", "1")
        self.assertEqual(self.traffic.requests, 0)
        self.ends(self.begins("api/status"), 200, "alice", ValueError("no unicode"))
        self.ends(self.begins("api/status"), 200, "alice")
        self.assertEqual(self.traffic.requests, 2)
