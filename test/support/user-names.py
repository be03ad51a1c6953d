#!/usr/bin/env python3
"""Writes user-names.json: what JupyterHub itself makes of login names.

    /path/to/venv/bin/python test/support/user-names.py            writes the file beside this script
    /path/to/venv/bin/python test/support/user-names.py --check    exit 1 if this JupyterHub disagrees with the file

`hubName` is Authenticator.normalize_username(login); `valid` says whether validate_username accepts it;
`escaped` is the name as a URL segment (User.escaped_name); `cookie` names the cookie of the user's server.
"""

import json
import sys
from pathlib import Path
from urllib.parse import quote

from jupyterhub import __version__, version_info
from jupyterhub.auth import Authenticator
from jupyterhub.utils import url_escape_path

VECTORS = Path(__file__).with_suffix(".json")

LOGINS = [
    # ordinary accounts
    "alice", "Alice", "BOB", "carol-01", "under_score", "first.last", "3start", "a",
    # separators and names of directories
    "Bob Smith", " leading", "trailing ", "a\tb", "a\nb", "a/b", "/", "a\\b", "DOMAIN\\User", ".", "..", "...", ".hidden", "a..b",
    # what URLs and shells give a meaning to
    "user@example.org", "User@Example.ORG", "tilde~name", "a%b", "a%2fb", "%2F", "%2e%2e", "%2E", "100%", "a+b", "a?b=c", "a#b",
    "a&b", "a=b", "a:b", "a;b", "a,b", "a|b", "$(id)", "`id`", "it's", "say\"so\"", "(x)", "a*b", "wow!", "[a]", "{a}", "<b>", "^",
    # Unicode: precomposed, decomposed, case mappings that change the length or depend on the neighbours
    "K\u00c4THE", "k\u00e4the", "ka\u0308the", "stra\u00dfe", "STRA\u1e9eE", "\u0130stanbul", "\u03a3\u03a3", "\u212aelvin",
    "\u65e5\u672c", "\U0001f600", "\uff21lice", "\u0430lice", "a\u200bb", "a\u00a0b", "\u2126", "\U00010400",
    # edges
    "", " ", "x" * 255,
]  # fmt: skip


def vector(login: str) -> dict[str, object]:
    authenticator = Authenticator()
    name = authenticator.normalize_username(login)
    return {
        "login": login,
        "hubName": name,
        "escaped": url_escape_path(name),
        "cookie": f"jupyterhub-user-{quote(name)}",
        "valid": bool(authenticator.validate_username(name)),
    }


def differences(stored: list[dict[str, object]]) -> list[str]:
    """What this JupyterHub answers differently; `valid` became stricter within 5.x and is compared from 5.5 on."""
    compared = {"hubName", "escaped", "cookie"} | ({"valid"} if version_info[:2] >= (5, 5) else set())
    fresh = {str(login): vector(login) for login in LOGINS}
    found = [f"{login!r} is missing" for login in LOGINS if login not in {v["login"] for v in stored}]
    for old in stored:
        new = fresh.get(str(old["login"]), {})
        found += [f"{old['login']!r}: {key} is {new.get(key)!r}" for key in compared if old[key] != new.get(key)]
    return found


def main() -> int:
    if "--check" not in sys.argv:
        rows = ",\n  ".join(json.dumps(vector(login), ensure_ascii=True) for login in LOGINS)
        VECTORS.write_text(f"[\n  {rows}\n]\n", encoding="utf-8")
        return 0
    found = differences(json.loads(VECTORS.read_text(encoding="utf-8")))
    print("\n".join(found) or f"JupyterHub {__version__} agrees with {VECTORS.name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
