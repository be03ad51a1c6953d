"""Reads one JSON object {"node", "keys", "now", "startedAt", "tries": [[token, use, now, nonce|null], ...]} and prints,
for each try, what the hub's own verifier makes of it. Argument: the folder of multijhub_hub."""

import importlib.util
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

spec = importlib.util.spec_from_file_location("ticket", sys.argv[1] + "/ticket.py")
ticket = importlib.util.module_from_spec(spec)
sys.modules["ticket"] = ticket
spec.loader.exec_module(ticket)


def verify(pem, signature, message):
    try:
        load_pem_public_key(pem.encode()).verify(signature, message)
    except InvalidSignature:
        return False
    return True


order = json.load(sys.stdin)
gate = ticket.TicketGate(order["node"], order["keys"], verify, order["startedAt"])
for token, use, now, nonce in order["tries"]:
    try:
        accepted = gate.accept(token, use, now, nonce)
        answer = {"user": accepted.user, "use": accepted.use, "session": accepted.session, "groups": accepted.groups}
    except ticket.TicketRefused as refused:
        answer = {"refused": str(refused)}
    print(json.dumps(answer))
