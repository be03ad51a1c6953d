"""Where things live on the node, and whether these places can be trusted with a hub's state."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .protocol import Refusal

NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "lustre", "beegfs", "afs", "gpfs"}
ROOM_BYTES = 32 << 20


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


def places(root: str | None) -> Places:
    """The installed places, or the same below `root`."""
    base = Path(root or "/")
    return Places(base / "var/lib/multijhub", base / "run/multijhub", base / "etc/multijhub", is_sandbox=bool(root))


def prepare(where: Places) -> None:
    """Makes state and run directories, 0700 and ours. Refuses places that are not ours, remote, or full."""
    for directory in (where.state, where.run, where.hub, where.logs):
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as failure:
            raise unusable(directory, failure) from failure
        _take_ownership(directory)
    _refuse_network_file_system(where.hub)
    _refuse_full_disk(where.hub)


def unusable(path: Path, failure: OSError) -> Refusal:
    """The refusal for a failed write: a full disk is named as such."""
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refusal("DISK_FULL", f"no room left to write {path}", "free disk space on the node")
    return Refusal(
        "STATE_DIR_UNUSABLE",
        f"{path} cannot be used: {failure.strerror or failure}",
        "make it a directory on a local, writable disk, owned by root",
    )


def write_private(path: Path, text: str) -> None:
    """Replaces a 0600 file atomically; other users never see it, nobody sees half of it."""
    try:
        fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp creates 0600
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except OSError as failure:
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
    """The type of the file system that holds `path`, by the longest (then latest) mount point of mountinfo."""
    best, kind = -1, ""
    for line in mount_info.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split()[4].replace("\\040", " ")
        covers = point == "/" or path == point or path.startswith(point + "/")
        if covers and len(point) >= best:
            best, kind = len(point), right.split()[0]
    return kind


def _refuse_full_disk(directory: Path) -> None:
    disk = os.statvfs(directory)
    if disk.f_bavail * disk.f_frsize < ROOM_BYTES or (disk.f_files and disk.f_favail == 0):
        raise Refusal("DISK_FULL", f"less than 32 MiB are free in {directory}", "free disk space on the node")
