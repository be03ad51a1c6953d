"""Ending a user's sessions on this hub, so that nothing a browser kept or somebody copied works any more."""

from __future__ import annotations

from typing import Any

from jupyterhub import orm
from jupyterhub.utils import new_token


def end_sessions(db: Any, user: Any, session_id: str | None) -> int:
    """Deletes the OAuth tokens of that hub session, or of all of the user's browsers, and makes every hub cookie of the
    user invalid. The server's own token stays, so its kernels work on. Returns how many tokens and codes were deleted."""
    issued = [*db.query(orm.APIToken).filter_by(user_id=user.id), *db.query(orm.OAuthCode).filter_by(user_id=user.id)]
    tokens = [token for token in issued if _is_of(token, session_id)]
    for token in tokens:
        db.delete(token)
    user.cookie_id = new_token()  # the hub's signed cookie holds this id
    db.commit()
    return len(tokens)


def continue_session(db: Any, user: Any, former_id: str | None, session_id: str) -> None:
    """Counts what this browser got in its former session of the same user to the new one. The cookies of servers outlive
    the router's session; without this, signing out of the new session would leave them valid."""
    if not former_id or former_id == session_id:
        return
    for token in db.query(orm.APIToken).filter_by(user_id=user.id, session_id=former_id):
        token.session_id = session_id
    db.commit()


def _is_of(token: Any, session_id: str | None) -> bool:
    """Browser tokens carry the session they were issued in; tokens of servers and of `jupyterhub token` carry none."""
    return bool(token.session_id) if session_id is None else token.session_id == session_id
