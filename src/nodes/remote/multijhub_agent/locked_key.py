"""What a key that is locked to the agent may have started: JupyterHub and its proxy as root installed them.

Whoever holds such a key may not have code run as root, so neither a program of a user's nor a shell with arguments.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .hub_settings import parse_command, parse_words
from .protocol import Refusal

MAX_LINKS = 40  # the kernel follows no more


def refuse_other_programs(given: dict[str, Any]) -> None:
    """Raises BAD_SETTINGS if the request names programs that such a key may not start."""
    jupyterhub = parse_command(given.get("jupyterhub"))
    proxy = parse_words(given.get("proxyCommand"))
    if jupyterhub is not None:
        _refuse_unless("jupyterhub", [jupyterhub], [["jupyterhub"]])
    if proxy is not None:
        _refuse_unless("proxyCommand", proxy, [["configurable-http-proxy"], ["node", "configurable-http-proxy"]])


def replaceable_part(path: str) -> str | None:
    """The first directory, link or file on the way to a program which others than root could exchange; None if none."""
    return next((str(part) for part in _way_to(Path(path)) if _is_foreign(part)), None)


def _refuse_unless(field: str, words: list[str], allowed: list[list[str]]) -> None:
    if [os.path.basename(word) for word in words] not in allowed or not all(word.startswith("/") for word in words):
        raise _refusal(field, f"may only be {' or '.join(' '.join(names) for names in allowed)}, with full paths")
    for word in words:
        part = replaceable_part(word)
        if part:
            raise _refusal(field, f"{word} is refused: {part} belongs to others than root, or can be written by them")


def _refusal(field: str, why: str) -> Refusal:
    return Refusal(
        "BAD_SETTINGS", f"with a locked key, {field}: {why}", "use a program that root installed, or another key"
    )


def _way_to(path: Path) -> Iterator[Path]:
    """Everything the kernel passes: each directory, each link and the directories it leads over, the file at the end."""
    here, ahead, links = Path("/"), list(reversed(path.parts)), 0
    while ahead:
        name = ahead.pop()
        part = here.parent if name == ".." else here / name
        yield part
        if part.is_symlink() and links < MAX_LINKS:
            links += 1
            ahead.extend(reversed(Path(os.readlink(part)).parts))
        else:
            here = part


def _is_foreign(path: Path) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False  # that it is missing is found out, and said, later
    others_write = stat.S_IMODE(found.st_mode) & 0o022 and not found.st_mode & stat.S_ISVTX
    return found.st_uid != 0 or bool(others_write and not stat.S_ISLNK(found.st_mode))
