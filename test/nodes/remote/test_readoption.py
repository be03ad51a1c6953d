from __future__ import annotations

import importlib
import sys
import types
import unittest
from typing import Any
from unittest import mock

NAMES = ("jupyterhub", "jupyterhub.utils", "tornado", "tornado.httpclient")


class AnswersTest(unittest.IsolatedAsyncioTestCase):
    """With as much of JupyterHub and tornado as there has to be."""

    def setUp(self) -> None:
        modules = {name: types.ModuleType(name) for name in NAMES}
        modules["jupyterhub.utils"].maybe_future = None  # type: ignore[attr-defined]
        client = modules["tornado.httpclient"]
        client.HTTPError, client.AsyncHTTPClient = OSError, lambda: self  # type: ignore[attr-defined]
        patch = mock.patch.dict(sys.modules, modules)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(sys.modules.pop, "multijhub_hub.readoption", None)
        self.answers = importlib.import_module("multijhub_hub.readoption").answers
        self.asked: list[dict[str, Any]] = []
        self.failure: Exception | None = None

    async def fetch(self, url: str, **how: Any) -> None:
        self.asked.append({"url": url, **how})
        if self.failure:
            raise self.failure

    async def test_a_server_is_asked_for_an_answer_without_a_body_whatever_it_says(self) -> None:
        self.assertTrue(await self.answers("http://127.0.0.1:1/"))
        wanted = {"method": "HEAD", "follow_redirects": False, "raise_error": False, "request_timeout": 5}
        self.assertEqual(self.asked, [{"url": "http://127.0.0.1:1/", **wanted}])

    async def test_what_speaks_no_http_does_not_answer(self) -> None:
        self.failure = ConnectionRefusedError()
        self.assertFalse(await self.answers("http://127.0.0.1:1/"))
