"""A restarted hub takes its servers back, and gives them time."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.utils import maybe_future
from tornado.httpclient import AsyncHTTPClient, HTTPError
from traitlets import Bool
from traitlets.config import LoggingConfigurable

RETRY_S = 1.0


class ReadoptionMixin(LoggingConfigurable):
    """Put before the site's spawner by `guarded`, whatever that starts."""

    is_of_former_hub = Bool(True)

    async def start(self) -> Any:
        self.is_of_former_hub = False
        return await maybe_future(super().start())

    async def get_url(self) -> str:
        """The hub asks for the URL when it starts and finds this server running, gives it `http_timeout` to answer, and
        stops it if it does not (jupyterhub #5107). So the URL is not told before the server answers, or has ended."""
        url: str = await super().get_url()
        while self.is_of_former_hub and not await answers(url) and await maybe_future(self.poll()) is None:
            await asyncio.sleep(RETRY_S)
        self.is_of_former_hub = False
        return url


async def answers(url: str) -> bool:
    """Whether anything speaks HTTP there, whatever it says. It is the user's: how much it says is not up to it."""
    try:
        await AsyncHTTPClient().fetch(url, method="HEAD", follow_redirects=False, raise_error=False, request_timeout=5)
        return True
    except (OSError, HTTPError):
        return False
