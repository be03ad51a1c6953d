"""The file in the runtime directory: replaced whole, removed by the process that wrote it."""

from __future__ import annotations

import contextlib
import os
import stat
import threading

MODE = 0o640  # the group is the router's, by the directory's default ACL
REMOVE_WITHIN_S = 2.0


class RecordFile:
    """Safe to write from one thread and remove from another. After `remove` nothing is written any more."""

    def __init__(self, directory: str, name: str) -> None:
        self._path = os.path.join(directory, name)
        self._temporary = os.path.join(directory, f".{name}.tmp")
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._is_removed = False

    def write(self, content: bytes) -> None:
        """Readers see the former record or this one, never half of one. Raises OSError."""
        with self._lock:
            if not self._is_removed:
                try:
                    self._create(content)
                    os.replace(self._temporary, self._path)
                except OSError:
                    _unlink(self._temporary)
                    raise

    def remove(self) -> None:
        """Does nothing in a fork of the process that wrote it. Waits for a write under way, but not for a home that hangs."""
        if os.getpid() != self._owner:
            return
        self._is_removed = True
        if self._lock.acquire(timeout=REMOVE_WITHIN_S):
            _unlink(self._temporary)
            _unlink(self._path)
            self._lock.release()

    def _create(self, content: bytes) -> None:
        """With the group's permission from the first byte on. A full quota may show only at the close."""
        _unlink(self._temporary)
        fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with open(fd, "wb") as file:
            if stat.S_IMODE(os.fstat(fd).st_mode) != MODE:
                os.fchmod(fd, MODE)  # the umask took the group's permission
            file.write(content)


def _unlink(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
