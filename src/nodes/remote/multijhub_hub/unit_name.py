"""The name of the systemd unit of a server: no two servers have the same."""

from __future__ import annotations

import re


def unit_name(expanded: str, server: str) -> str:
    """The site's name for the user's unit; the server's name, if it has one, after two underscores, which no escaped
    word holds. No `\\x2d` as by systemd-escape: RuntimeDirectory=, which is named like the unit, would lose the backslash."""
    return "__".join(map(_escaped, [expanded, *([server] if server else [])]))


def _escaped(word: str) -> str:
    """Without dots, too: what follows the last one may be taken for the kind of the unit."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: "".join(f"_{byte:02x}" for byte in found[0].encode()), word)
