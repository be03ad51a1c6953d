"""The way from a home to Jupyter's runtime directory, followed by no symbolic link and into nobody else's directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

STEPS = (".local", "share", "jupyter", "runtime")
HOW = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class OddHome(Exception):
    """The home is not as a home should be, in words for its owner."""


@contextmanager
def runtime_folders(home: str, create: bool) -> Iterator[list[int]]:
    """Descriptors (O_PATH) of the home and of each directory down to the runtime directory, made 0700 where missing.
    Raises OddHome, OSError; FileNotFoundError if something is missing and nothing is to be made."""
    with ExitStack() as opened:
        path, folders = home, [_open(opened, home, home)]
        for name in STEPS:
            path = f"{path}/{name}"
            if create:
                _make(name, folders[-1])
            folders.append(_open(opened, name, path, folders[-1]))
        yield folders


def path_of(folder: int) -> str:
    """A path that leads to this very directory, for calls that take no descriptor of this kind."""
    return f"/proc/self/fd/{folder}"


def _make(name: str, parent: int) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        pass


def _open(opened: ExitStack, name: str, path: str, parent: int | None = None) -> int:
    """Only the home itself may be reached by a link: its path is the administrator's."""
    if parent is not None and stat.S_ISLNK(os.lstat(name, dir_fd=parent).st_mode):
        raise OddHome(f"{path} is a symbolic link, which is not followed")
    try:
        folder = os.open(name, HOW | (0 if parent is None else os.O_NOFOLLOW), dir_fd=parent)
    except NotADirectoryError:
        raise OddHome(f"{path} is not a directory") from None
    opened.callback(os.close, folder)
    owner = os.fstat(folder).st_uid
    if owner != os.geteuid():
        raise OddHome(f"{path} belongs to uid {owner}, not to uid {os.geteuid()}")
    return folder
