"""Unix accounts, as the node's own name services know them."""

from __future__ import annotations

import grp
import os
import pwd
from typing import Any


def account(name: str) -> dict[str, Any] | None:
    """The account of that exact name, or None. Asks the C library, never a shell."""
    try:
        entry = pwd.getpwnam(name)
    except (KeyError, ValueError):  # ValueError: embedded null byte
        return None
    if entry.pw_name != name:  # a case-insensitive directory answers for another spelling
        return None
    return {
        "name": entry.pw_name,
        "uid": entry.pw_uid,
        "gid": entry.pw_gid,
        "home": entry.pw_dir,
        "shell": entry.pw_shell,
        "groups": _group_names(entry.pw_name, entry.pw_gid),
    }


def _group_names(name: str, gid: int) -> list[str]:
    names = []
    for group in os.getgrouplist(name, gid):
        try:
            names.append(grp.getgrgid(group).gr_name)
        except KeyError:
            continue  # a gid without a name
    return sorted(set(names))
