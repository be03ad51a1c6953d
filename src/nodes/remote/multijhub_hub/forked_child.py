"""What a child of the hub does between fork and exec, while Popen, and with it the hub's loop, waits for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import traceback
from typing import Callable


def become_unwaited(become_user: Callable[[], object], program: str, path: str | None) -> None:
    """Becomes the user after Popen has gone on: a process of theirs they can stop, and their home can hang it. Whatever
    fails from here on shows in the server's log and as its exit, no longer as an error of Popen."""
    close_on_exec()
    try:
        become_user()
        if shutil.which(program, path=path) is None:
            print(f"{program} is not there, or may not be run by uid {os.getuid()}", file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        raise


def close_on_exec() -> None:
    """Closes now what exec will close. The pipe is among it by whose end Popen learns that there was no error."""
    for fd in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):  # the listing's own is closed already
            if not os.get_inheritable(fd):
                os.close(fd)
