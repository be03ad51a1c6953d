"""Users' servers as local processes that are never mistaken for one another."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any, Callable

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Integer, Unicode

from .forked_child import become_unwaited
from .node_settings import server_log

UNPROTECTED_SCORE = "300"


class ServerMixin(LocalProcessSpawner):
    """Put before the site's class by `guarded`, if that starts local processes."""

    server_logs = Unicode(config=True, help="Folder for the output of users' servers; the hub's log otherwise.")
    start_ticks = Integer(0)
    boot_id = Unicode()

    async def start(self) -> Any:
        """Notes when the process started: together with the boot that names it for ever, a pid alone is reused."""
        chosen, log = self.popen_kwargs, self._open_log()
        if log is not None:
            self.popen_kwargs = {**chosen, "stdout": log, "stderr": subprocess.STDOUT}
        try:
            started = await super().start()
        finally:
            self.popen_kwargs = chosen
            if log is not None:
                os.close(log)
        self.start_ticks, self.boot_id = start_ticks(self.pid) or 0, boot_id()
        return started

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """The hub is protected from the kernel's out-of-memory killer; its children must not inherit that. Where it could
        not be, as in some containers, they come before it."""
        become_user = super().make_preexec_fn(name)
        program, path = [*self.shell_cmd, *self.cmd][0], self.get_env().get("PATH")

        server_score = "0" if oom_score() < 0 else UNPROTECTED_SCORE

        def prepare() -> None:
            try:
                with open("/proc/self/oom_score_adj", "w") as score:
                    score.write(server_score)
            except OSError:
                pass  # there is no such file here
            become_unwaited(become_user, program, path)

        return prepare

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "start_ticks": self.start_ticks, "boot_id": self.boot_id}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.start_ticks, self.boot_id = state.get("start_ticks", 0), state.get("boot_id", "")

    def clear_state(self) -> None:
        super().clear_state()
        self.start_ticks, self.boot_id = 0, ""

    async def _signal(self, sig: int) -> bool:
        """False, as for a process that is gone, if the pid now belongs to another."""
        is_other = self.start_ticks and (self.boot_id, self.start_ticks) != (boot_id(), start_ticks(self.pid))
        return False if is_other else await super()._signal(sig)

    def _open_log(self) -> int | None:
        """A file of the user's own, so that its size counts against them and they cannot touch the hub's log."""
        if not self.server_logs or "stdout" in self.popen_kwargs:
            return None
        path = server_log(Path(self.server_logs), self.user.name, self.name)
        if path.exists():
            path.replace(path.with_suffix(".log.1"))
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            owner = pwd.getpwnam(self.user.name)
            os.fchown(log, owner.pw_uid, owner.pw_gid)
        except (KeyError, PermissionError):
            pass  # start() says better what is wrong with the account
        return log


def oom_score() -> int:
    """Of this process, as it is adjusted: the higher, the sooner the kernel ends it."""
    try:
        return int(Path("/proc/self/oom_score_adj").read_text(encoding="ascii"))
    except OSError:
        return 0


def start_ticks(pid: int) -> int | None:
    """Clock ticks after boot at which the process started; None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(b")")[2].split()[19])


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
