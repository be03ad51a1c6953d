"""Users' servers as systemd units, by SystemdSpawner."""

from __future__ import annotations

import asyncio
from typing import Any

from traitlets.config import LoggingConfigurable

from .unit_name import unit_name

ENDED = ("inactive", "failed")


class UnitMixin(LoggingConfigurable):
    """Put before the site's class by `guarded`, if that starts units. Nothing of systemdspawner is imported for it."""

    def __init__(self, *words: Any, **options: Any) -> None:
        """Its own unit for every server: by the user's name alone, a second server would stop the first."""
        super().__init__(*words, **options)
        self.unit_name = unit_name(self.unit_name, self.name)

    async def poll(self) -> int | None:
        """A systemd that does not answer says nothing of the unit, which is then taken to run."""
        ended = await super().poll()
        return ended if ended is None or await state_of(self.unit_name) in ENDED else None


async def state_of(unit: str) -> str:
    """ "active", "inactive", "failed" ...; empty if systemd does not say."""
    asking = ("systemctl", "show", "--property=ActiveState", "--value", unit)
    process = await asyncio.create_subprocess_exec(*asking, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode().strip()
