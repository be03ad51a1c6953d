"""What an administrator asked of this node, kept on the node: every router reads it, none has to remember it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

from .places import Places, prepare, unusable, write_private
from .protocol import Refusal

Order = dict[str, Any]

LATEST_MS = 1 << 53
END_OF = {"cordon": "untilMs", "drain": "deadlineMs"}


def read_order(where: Places) -> Order | None:
    """The order in force; one that cannot be read keeps new servers away, and says so, until it is replaced."""
    path = _path(where)
    try:
        return parse_order(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, Refusal):
        return {"kind": "cordon", "by": "multijhub-agent", "atMs": 0, "reason": f"{path} cannot be read"}


def write_order(given: dict[str, Any], where: Places) -> dict[str, Any]:
    """Replaces the order by `order`, or lifts it if that is null."""
    if "order" not in given:
        raise _bad("order must be an order, or null")
    wanted = given["order"]
    order = None if wanted is None else parse_order(wanted)
    prepare(where)
    if order is None:
        _remove(_path(where))
    else:
        write_private(_path(where), json.dumps(order) + "\n")
    return {"order": read_order(where)}


def parse_order(value: Any) -> Order:
    """Refuses with BAD_SETTINGS what is not an order."""
    if not isinstance(value, dict) or value.get("kind") not in tuple(END_OF):
        raise _bad("kind must be cordon or drain")
    wanted: dict[str, Callable[[Any], bool]] = {"kind": _is_text, "by": _is_text, "atMs": _is_time}
    optional: dict[str, Callable[[Any], bool]] = {"reason": _is_text, END_OF[value["kind"]]: _is_time}
    for field, is_good in {**wanted, **optional}.items():
        if (field in value or field in wanted) and not is_good(value.get(field)):
            raise _bad(f"{field} cannot be {str(value.get(field))[:40]!r}")
    unknown = sorted(set(value) - set(wanted) - set(optional))
    if unknown:
        raise _bad(f"an order to {value['kind']} has no {unknown[0][:40]!r}")
    return dict(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LATEST_MS


def _path(where: Places) -> Path:
    return where.state / "order.json"


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        pass
    except OSError as failure:
        raise unusable(path, failure) from failure


def _bad(message: str) -> Refusal:
    return Refusal("BAD_SETTINGS", message, "correct the request")
