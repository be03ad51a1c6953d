"""Reads one JSON object {"node", "keys", "now", "startedAt", "tries": [[token, use, now, nonce|null], ...]} and prints,
for each try, what the hub's own verifier makes of it. Argument: the folder of multijhub_hub."""

import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

sys.path.insert(0, str(Path(sys.argv[1]).parent))
from multijhub_hub import ticket  # noqa: E402


def verify(pem, signature, message):
    try:
        load_pem_public_key(pem.encode()).verify(signature, message)
    except InvalidSignature:
        return False
    return True


order = json.load(sys.stdin)
gate = ticket.TicketGate(order["node"], order["keys"], verify, lambda: now - order["startedAt"])
for token, use, now, nonce in order["tries"]:
    try:
        accepted = gate.accept(token, use, now, nonce)
        answer = {"user": accepted.user, "use": accepted.use, "session": accepted.session, "groups": accepted.groups}
        if accepted.start is not None:
            answer["start"] = {"server": accepted.start.server, "supersedes": accepted.start.supersedes}
    except ticket.TicketRefused as refused:
        answer = {"refused": str(refused)}
    print(json.dumps(answer))
