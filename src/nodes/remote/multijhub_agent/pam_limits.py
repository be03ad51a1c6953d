"""What PAM (pam_limits) lets sessions of users have, as /etc/security says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ITEMS = {"nofile", "nproc"}
MOST = 50


def user_limits(security: Path = Path("/etc/security")) -> list[dict[str, Any]]:
    """Soft limits of open files and processes for others than root, with file and line; the first fifty."""
    files = [security / "limits.conf", *sorted(security.glob("limits.d/*.conf"))]
    return [limit for file in files for limit in _limits_in(file)][:MOST]


def _limits_in(file: Path) -> list[dict[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = [_limit(line, f"{file}:{number}") for number, line in enumerate(lines, 1)]
    return [limit for limit in found if limit]


def _limit(line: str, source: str) -> dict[str, Any] | None:
    """`<domain> <soft|hard|-> <item> <value>`; a hard limit holds the soft one down as well."""
    words = line.partition("#")[0].split()
    if len(words) != 4 or words[0] == "root" or words[2] not in ITEMS or not words[3].isdecimal():
        return None
    return {"domain": words[0], "item": words[2], "value": int(words[3]), "source": source}
