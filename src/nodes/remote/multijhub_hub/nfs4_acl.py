"""Access control lists of NFSv4, by the tools that know them: package nfs4-acl-tools."""

from __future__ import annotations

import subprocess

OWNER_DEFAULT = "A:fdi:OWNER@:rwaDxtTnNcCy"  # without it a default entry for a group locks the owner out


def traverse(path: str, gid: int) -> list[str]:
    """The command that lets the group through a directory."""
    return ["nfs4_setfacl", "-a", f"A:g:{gid}:x", path]


def publish(path: str, gid: int) -> list[list[str]]:
    """The commands that let the group list a directory and read what will be made in it."""
    return [
        ["nfs4_setfacl", "-a", OWNER_DEFAULT, path],
        ["nfs4_setfacl", "-a", f"A:fdig:{gid}:r", path],
        ["nfs4_setfacl", "-a", f"A:g:{gid}:rx", path],
    ]


def allows(listing: str, names: set[str], wanted: str, inherited: bool = False) -> bool:
    """Whether what nfs4_getfacl prints grants these rights to the group, by number or name, with or without domain."""
    for line in listing.splitlines():
        kind, flags, who, rights = [*line.split(":"), "", "", ""][:4]
        is_ours = kind == "A" and "g" in flags and who.split("@")[0] in names
        if is_ours and ("i" in flags) == inherited and set(wanted) <= set(rights):
            return True
    return False


def run(command: list[str]) -> str:
    """What it prints. Raises OSError with its words."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stderr.strip()[:200] or 'failed'}")
    return done.stdout
