"""Where things live on the node, and whether these places can be trusted with a hub's state."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .protocol import Refusal

NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "lustre", "beegfs", "afs", "gpfs"}
ROOM_BYTES = 32 << 20


class Mount(NamedTuple):
    """A mounted file system: its type, where it comes from, and its own options."""

    kind: str
    source: str
    options: str


@dataclass(frozen=True)
class Places:
    """The three directories of a node; `is_sandbox` when a test moved them elsewhere."""

    state: Path
    run: Path
    etc: Path
    is_sandbox: bool

    @property
    def hub(self) -> Path:
        return self.state / "hub"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def settings(self) -> Path:
        return self.hub / "settings.json"

    @property
    def database(self) -> Path:
        return self.hub / "jupyterhub.sqlite"

    @property
    def fragments(self) -> Path:
        return self.etc / "hub.d"

    @property
    def closing(self) -> Path:
        return self.run / "closing"


def places(root: str | None) -> Places:
    """The installed places, or the same below `root`."""
    base = Path(root or "/")
    return Places(base / "var/lib/multijhub", base / "run/multijhub", base / "etc/multijhub", is_sandbox=bool(root))


def prepare(where: Places) -> None:
    """Makes state and run directories, 0700 and ours. Refuses places that are not ours, or remote."""
    for directory in (where.state, where.run, where.hub, where.logs):
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as failure:
            raise unusable(directory, failure) from failure
        _take_ownership(directory)
    _refuse_network_file_system(where.hub)


def require_root(where: Places) -> None:
    if os.geteuid() != 0 and not where.is_sandbox:
        remedy = "let the router sign in as root, or set become: sudo for this node"
        raise Refusal(
            "NOT_ROOT", f"the agent runs as uid {os.geteuid()}; a hub needs root to start users' servers", remedy
        )


def require_room(where: Places) -> None:
    """Refuses to start a hub that would soon fail to write its database. A running one needs no leave to go on."""
    disk = os.statvfs(where.hub)
    if disk.f_bavail * disk.f_frsize < ROOM_BYTES or (disk.f_files and disk.f_favail == 0):
        raise Refusal("DISK_FULL", f"less than 32 MiB are free in {where.hub}", "free disk space on the node")


def unusable(path: Path, failure: OSError | sqlite3.OperationalError) -> Refusal:
    """The refusal for a failed write: a full disk is named as such."""
    number = failure.errno if isinstance(failure, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(failure):
        return Refusal("DISK_FULL", f"no room left to write {path}", "free disk space on the node")
    return Refusal(
        "STATE_DIR_UNUSABLE",
        f"{path} cannot be used: {os.strerror(number) if number else failure}",
        "make it a directory on a local, writable disk, owned by root",
    )


def write_private(path: Path, text: str) -> None:
    """Replaces a 0600 file atomically; other users never see it, nobody sees half of it."""
    temporary: str | None = None
    try:
        fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp creates 0600
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except OSError as failure:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise unusable(path, failure) from failure


def _take_ownership(directory: Path) -> None:
    found = os.lstat(directory)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Refusal(
            "STATE_DIR_UNUSABLE",
            f"{directory} is not a directory of uid {os.geteuid()} (it belongs to uid {found.st_uid})",
            f"inspect and remove {directory}",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        os.chmod(directory, 0o700)


def _refuse_network_file_system(directory: Path) -> None:
    kind = file_system_of(str(directory.resolve()), Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    if kind.split(".")[0] in NETWORK_FILE_SYSTEMS:
        raise Refusal(
            "STATE_DIR_UNUSABLE",
            f"{directory} is on {kind}; a hub's database must be on a local disk",
            f"mount a local file system at {directory.parent}",
        )


def file_system_of(path: str, mount_info: str) -> str:
    """The type of the file system that holds `path`."""
    return mount_of(path, mount_info).kind


def mount_of(path: str, mount_info: str) -> Mount:
    """The mount that holds `path`, by the longest (then latest) mount point of mountinfo."""
    best, mount = -1, Mount("", "", "")
    for line in mount_info.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split()[4].replace("\\040", " ")
        covers = point == "/" or path == point or path.startswith(point + "/")
        if covers and len(point) >= best:
            best, mount = len(point), Mount(*right.split(" ")[:3])
    return mount
