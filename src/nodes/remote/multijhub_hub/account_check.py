"""Whether this node still admits a Unix account. A ticket skips the password, so nothing else would ask."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

from jupyterhub.auth import LocalAuthenticator, PAMAuthenticator

SHADOW = Path("/etc/shadow")


def account_problem(authenticator: Any, name: str) -> str | None:
    """Why the account may not be used here, or None. May take as long as PAM does: call it in a thread."""
    if not isinstance(authenticator, LocalAuthenticator):
        return None
    if not _exists(name):
        return None if authenticator.create_system_users else "this node has no account of that name"
    if isinstance(authenticator, PAMAuthenticator) and authenticator.check_account:
        return _pam_problem(authenticator, name) or _lock_problem(name)
    return None


def is_locked(name: str, shadow: str) -> bool:
    """Whether `usermod -L` or `passwd -l` locked the account: "!" before a password. PAM's account check does not look.
    "!" or "*" alone is an account without a password, which may well sign in by other means."""
    rows = (line.split(":") for line in shadow.splitlines())
    return any(row[0] == name and len(row) > 1 and row[1].startswith("!") and row[1].strip("!*") != "" for row in rows)


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
        return True
    except (KeyError, ValueError):
        return False


def _pam_problem(authenticator: PAMAuthenticator, name: str) -> str | None:
    import pamela  # loads libpam, which only PAM sites need to have

    try:
        pamela.check_account(name, service=authenticator.service, encoding=authenticator.encoding)
        return None
    except pamela.PAMError as failure:
        return f"this node does not admit your account: {failure}"


def _lock_problem(name: str) -> str | None:
    try:
        shadow = SHADOW.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return "your account is locked on this node" if is_locked(name, shadow) else None
