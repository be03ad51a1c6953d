"""Whether the hub answers where its users will look for it: through its proxy."""

from __future__ import annotations

import http.client


def health_status(proxy_port: int, base_url: str, timeout_s: float = 2.0) -> int | None:
    """HTTP status of the hub's health page, or None without an answer. Only 200 is healthy: the proxy says 404
    until the hub has registered itself, 503 while it is away."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy_port, timeout=timeout_s)
    try:
        connection.request("GET", f"{base_url}hub/api/health", headers={"Connection": "close"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
