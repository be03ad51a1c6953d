"""Where a signed-in browser may be sent: onwards on this node, nowhere else."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

PRINTABLE = re.compile(r"/[\x21-\x7e]*")


def safe_next(wanted: str, base_url: str, default: str) -> str:
    """`wanted` if it is a path below `base_url` for every reader of URLs, else `default`."""
    return wanted if is_below(wanted, base_url) else default


def is_below(wanted: str, base_url: str) -> bool:
    if not PRINTABLE.fullmatch(wanted) or "\\" in wanted or not wanted.startswith(base_url):
        return False
    path = urlsplit(wanted).path
    return not any(segment in (".", "..") for segment in unquote(path).split("/"))
