"""Every start and stop of a server is in a backup of the hub's database a moment later."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.utils import maybe_future
from traitlets import Any as Anything
from traitlets.config import LoggingConfigurable

NOTED_AFTER_S = 1.0


class RememberedMixin(LoggingConfigurable):
    """Put before the site's spawner by `guarded`. A hub that lost its database loses no server that it has started."""

    database_changed = Anything(config=True, help="Called after every start and stop; may be None.")

    async def start(self) -> Any:
        started = await maybe_future(super().start())
        self._tell()
        return started

    async def run_post_stop_hook(self) -> Any:
        try:
            return await maybe_future(super().run_post_stop_hook())
        finally:
            self._tell()

    def _tell(self) -> None:
        """Later, in the hub's own loop: it notes the server right after this, however long it is held up before."""
        if self.database_changed is not None:
            asyncio.get_running_loop().call_later(NOTED_AFTER_S, self.database_changed)
