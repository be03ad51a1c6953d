"""What has to be done in a user's home around a server's start and stop, as a program of its own: a home may hang, and
this process can be killed. `python3 home_steps.py` reads one JSON object and prints one.

{"step": "prepare", "user", "group": name|null, "claim": {...}, "supersedes": id|null, "home"?: path} ->
  {"kind": "ready", "isClaimed": true, "notes": [...]} or {"kind": "held", "node": ..., "claim": ...}
{"step": "leave", "user", "server", "claim": id, "home"?: path} -> {"kind": "left", "isRemoved": true, "note": ""}
"""

from __future__ import annotations

import json
import os
import pwd
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from multijhub_hub.claim_file import Junk, parse_order  # noqa: E402
from multijhub_hub.home_folder import OddHome, runtime_folders  # noqa: E402
from multijhub_hub.home_grant import grant  # noqa: E402
from multijhub_hub.place_claim import PlaceHeld, leave_place, take_place  # noqa: E402


def main() -> None:
    order = json.load(sys.stdin)
    account = become(order["user"])
    json.dump(STEPS[order["step"]](order, order.get("home") or account.pw_dir), sys.stdout)


def become(name: str) -> pwd.struct_passwd:
    """From here on this process is the user: nothing of root's ever touches a home."""
    account = pwd.getpwnam(name)
    if os.geteuid() != account.pw_uid:
        os.initgroups(name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    os.umask(0o027)
    os.chdir("/")
    return account


def prepare(order: dict[str, Any], home: str) -> dict[str, Any]:
    """Directory and access, then the claim. A home that cannot be written to is no reason not to start."""
    claim, notes = parse_order(order["claim"]), []
    try:
        with runtime_folders(home, create=True) as folders:
            refusal = grant(folders, order["group"]) if order["group"] else None
            replaced = take_place(folders[-1], claim, order["supersedes"])
    except PlaceHeld as held:
        return {"kind": "held", "node": held.claim.node, "claim": held.claim.id}
    except OddHome as odd:
        return {"kind": "ready", "isClaimed": False, "notes": [f"no place was claimed: {odd}"]}
    except OSError as failure:
        return {"kind": "ready", "isClaimed": False, "notes": [f"no place was claimed: {failure.strerror or failure}"]}
    notes = [refusal, "a claim that could not be read was replaced" if isinstance(replaced, Junk) else None]
    return {"kind": "ready", "isClaimed": True, "notes": [note for note in notes if note]}


def leave(order: dict[str, Any], home: str) -> dict[str, Any]:
    try:
        with runtime_folders(home, create=False) as folders:
            is_removed = leave_place(folders[-1], order["server"], order["claim"])
            return {"kind": "left", "isRemoved": is_removed, "note": "" if is_removed else "it is not there any more"}
    except (OddHome, OSError) as failure:
        return {"kind": "left", "isRemoved": False, "note": str(failure)}


STEPS = {"prepare": prepare, "leave": leave}

if __name__ == "__main__":
    main()
