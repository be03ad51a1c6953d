"""Whether the homes of those who have servers on the node answer: one that hangs makes their hub hang, too."""

from __future__ import annotations

import pwd

from .home_probe import probe
from .single_user_servers import ServerTable

MOST = 10
SECONDS = 5.0


def silent_home() -> str | None:
    """The first home that is not answered for, of a few; None if all are."""
    homes = sorted({home for process in ServerTable().running() if (home := _home(process.uid))})
    return next((home for home in homes[:MOST] if "problem" in probe(home, SECONDS)), None)


def _home(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        return None
