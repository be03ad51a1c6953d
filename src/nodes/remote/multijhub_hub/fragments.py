"""The site's own configuration, /etc/multijhub/hub.d/*.py: code that runs as root, so only root may have written it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from types import CodeType
from typing import Any


class BadFragment(Exception):
    """A fragment that must not, or cannot, be run."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def digest(folder: Path) -> str:
    """Changes whenever a fragment does. Raises BadFragment for one that would not be accepted."""
    found = hashlib.sha256()
    for path, source in _sources(folder):
        _compile(path, source)
        found.update(path.name.encode() + b"\0" + source + b"\0")
    return found.hexdigest()


def run(folder: Path, names: dict[str, Any]) -> None:
    """Runs every fragment in the order of the names, each with its own copy of `names`."""
    for path, source in _sources(folder):
        exec(_compile(path, source), {**names, "__file__": str(path), "__name__": path.stem})


def _sources(folder: Path) -> list[tuple[Path, bytes]]:
    if not folder.is_dir():
        return []
    _refuse_foreign(folder, os.stat(folder))
    return [(path, _read(path)) for path in sorted(folder.glob("*.py"))]


def _read(path: Path) -> bytes:
    """Checks and reads the same open file, so that it cannot be exchanged in between."""
    try:
        with path.open("rb") as file:
            _refuse_foreign(path, os.fstat(file.fileno()))
            return file.read()
    except OSError as failure:
        raise BadFragment(f"{path} cannot be read: {failure.strerror}", f"repair or remove {path}") from failure


def _refuse_foreign(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in (0, os.geteuid()):
        raise BadFragment(f"{path} belongs to uid {found.st_uid}, not to root", f"chown root: {path}")
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise BadFragment(f"{path} can be written by others than root", f"chmod go-w {path}")


def _compile(path: Path, source: bytes) -> CodeType:
    try:
        return compile(source, str(path), "exec")
    except (SyntaxError, ValueError) as failure:
        raise BadFragment(f"{path} is not valid Python: {failure}", f"correct {path}") from failure
