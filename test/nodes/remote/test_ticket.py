"""Tickets, with a verifier of the test's own: the real one is tested on a real hub."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from multijhub_hub.ticket import HEADER, TicketGate, TicketRefused, nonce_hash, session_id

NOW = 1_800_000_000.5


def verify(key: str, signature: bytes, message: bytes) -> bool:
    return hmac.compare_digest(signature, hmac.new(key.encode(), message, "sha256").digest())


def encode(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(claims: Any, key: str = "router", header: Any = HEADER) -> str:
    message = f"{encode(header)}.{encode(claims)}"
    return f"{message}.{encode(hmac.new(key.encode(), message.encode(), 'sha256').digest())}"


def claims(**changes: Any) -> dict[str, Any]:
    given = {"sub": "alice", "aud": "node1", "iat": 1_800_000_000, "exp": 1_800_000_030, "jti": "a", "use": "introduce"}
    return {key: value for key, value in {**given, **changes}.items() if value is not None}


class TicketTest(unittest.TestCase):
    def setUp(self) -> None:
        self.gate = TicketGate("node1", ["old-router", "router"], verify, age=lambda: 100.0)

    def refusal(self, token: str, use: str = "introduce", now: float = NOW, nonce: str | None = None) -> str:
        with self.assertRaises(TicketRefused) as caught:
            self.gate.accept(token, use, now, nonce)
        return str(caught.exception)

    def test_says_whom_it_is_for(self) -> None:
        ticket = self.gate.accept(sign(claims(sid="s", groups=["g"])), "introduce", NOW)
        self.assertEqual((ticket.user, ticket.session, ticket.groups), ("alice", "s", ["g"]))

    def test_accepts_any_valid_key(self) -> None:
        self.assertEqual(self.gate.accept(sign(claims(), key="old-router"), "introduce", NOW).user, "alice")
        self.assertIn("signature", self.refusal(sign(claims(jti="b"), key="stranger")))

    def test_works_once(self) -> None:
        token = sign(claims())
        self.gate.accept(token, "introduce", NOW)
        self.assertIn("used before", self.refusal(token))
        self.assertIn("used before", self.refusal(token, now=NOW + 29))

    def test_works_once_among_threads(self) -> None:
        def attempt(_: int) -> bool:
            try:
                self.gate.accept(token, "introduce", NOW)
                return True
            except TicketRefused:
                return False

        token = sign(claims())
        with ThreadPoolExecutor(8) as pool:
            self.assertEqual(sum(pool.map(attempt, range(64))), 1)

    def test_remembers_no_longer_than_it_must(self) -> None:
        for number in range(50):
            self.gate.accept(sign(claims(jti=str(number))), "introduce", NOW)
        later = claims(iat=1_800_000_100, exp=1_800_000_130)
        self.gate.accept(sign(later), "introduce", NOW + 100)
        self.assertEqual(len(self.gate._seen), 1)

    def test_a_refused_ticket_is_not_used_up(self) -> None:
        token = sign(claims(use="login", bnd=nonce_hash("mine")))
        self.refusal(token, use="login", nonce="another")
        self.assertEqual(self.gate.accept(token, "login", NOW, nonce="mine").user, "alice")

    def test_a_login_needs_the_nonce_of_its_browser(self) -> None:
        bound = claims(use="login", bnd=nonce_hash("mine"))
        self.assertIn("another browser", self.refusal(sign(bound), "login", nonce="yours"))
        self.assertIn("did not ask", self.refusal(sign(bound), "login"))
        self.assertIn("another browser", self.refusal(sign(claims(use="login")), "login", nonce="mine"))

    def test_refuses_with_the_reason(self) -> None:
        for changes, reason in (
            ({"aud": "node2"}, "another node"),
            ({"aud": ["node1"]}, "another node"),
            ({"use": "login"}, "another use"),
            ({"iat": 1_799_999_960, "exp": 1_799_999_990}, "expired 10 s ago"),
            ({"iat": 1_800_000_059, "exp": 1_800_000_089}, "58 s in the future"),
            ({"exp": 1_800_000_031}, "too long"),
            ({"iat": 1_799_999_000, "exp": 1_800_000_030}, "too long"),
            ({"sub": ""}, "names no user"),
            ({"sub": "x" * 256}, "names no user"),
            ({"sub": 7}, "malformed"),
            ({"jti": ""}, "malformed"),
            ({"iat": "1800000000"}, "malformed"),
            ({"iat": True}, "malformed"),
            ({"exp": float("nan")}, "malformed"),
            ({"exp": float("inf")}, "malformed"),
            ({"groups": "admins"}, "malformed"),
            ({"bnd": 1}, "malformed"),
        ):
            with self.subTest(changes):
                self.assertIn(reason, self.refusal(sign(claims(**changes))))

    def test_refuses_what_an_earlier_process_may_have_seen(self) -> None:
        gate = TicketGate("node1", ["router"], verify, age=lambda: NOW + 1 - 1_800_000_001.2)
        with self.assertRaisesRegex(TicketRefused, "older than this hub"):
            gate.accept(sign(claims()), "introduce", NOW + 1)
        self.assertEqual(gate.accept(sign(claims(iat=1_800_000_001)), "introduce", NOW + 1).user, "alice")

    def test_goes_on_when_the_node_s_clock_is_set(self) -> None:
        for number, step in enumerate((-600, 600, 0)):
            moved = claims(iat=1_800_000_000 + step, exp=1_800_000_030 + step, jti=str(number))
            self.assertEqual(self.gate.accept(sign(moved), "introduce", NOW + step).user, "alice")

    def test_refuses_any_other_header(self) -> None:
        for header in (
            {"alg": "none", "typ": HEADER["typ"]},
            {"alg": "EdDSA"},
            {**HEADER, "kid": "x"},
            [],
            None,
            "EdDSA",
        ):
            with self.subTest(header):
                self.assertEqual(self.refusal(sign(claims(), header=header)), "it is malformed")

    def test_refuses_junk(self) -> None:
        good = sign(claims())
        for junk in (
            "a",
            "..",
            "a.b.c",
            good + ".x",
            good + "!",
            good.replace(".", "=.", 1),
            "é.é.é",
            "x" * 5000,
            sign([1]),
            sign(b"[" * 3000),
        ):
            with self.subTest(junk[:40]):
                self.refusal(junk)
        self.assertEqual(self.refusal(""), "there is no ticket")

    def test_session_ids_differ_from_node_to_node(self) -> None:
        self.assertEqual(session_id("s", "node1"), hashlib.sha256(b"s\0node1").hexdigest())
        self.assertNotEqual(session_id("s", "node1"), session_id("s", "node2"))
