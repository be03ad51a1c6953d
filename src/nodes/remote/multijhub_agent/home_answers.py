"""Whether the homes of those who have servers on the node answer: where they hang, hubs hang, too."""

from __future__ import annotations

import pwd
from pathlib import Path

from .home_probe import is_answered
from .places import mount_of
from .single_user_servers import ServerTable

MOST = 7
SECONDS = 5.0


def silent_home() -> str | None:
    """One of the homes that do not answer, if most of a few do not. What hangs for one user alone is no reason to leave
    everybody without a hub, least of all what that user has mounted there."""
    table = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    found = sorted({home for process in ServerTable().running() if (home := _home(process.uid))})
    homes = [home for home in found if not is_users_mount(home, table)][:MOST]
    silent: list[str] = []
    for number, home in enumerate(homes):
        if not is_answered(home, SECONDS):
            silent.append(home)
        if 2 * len(silent) > len(homes):
            return silent[0]
        if 2 * (number + 1 - len(silent)) >= len(homes):
            return None
    return None


def is_users_mount(home: str, mount_info: str) -> bool:
    """Whether a user without privileges has mounted what is there, as FUSE lets them. Touches nothing."""
    mount = mount_of(home, mount_info)
    return mount.kind.startswith("fuse") and "user_id=0" not in mount.options.split(",")


def _home(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        return None
