from __future__ import annotations

import hashlib
import hmac
import json
import random
import unittest
from typing import Any

from multijhub_hub.node_settings import NodeSettings
from multijhub_hub.order_key import key_for_start, order_key
from multijhub_record.identity import HubServer, Process
from multijhub_record.idleness import Idle
from multijhub_record.orders import LIFETIME_MS, MAX_BYTES, NoOrder, Order, Orders, kept_because, take_key

ALICE = HubServer("node1", "alice", "gpu", "/n/node1/user/alice/gpu/")
PROCESS = Process("host1", 1234, 98765, "b00t", 1000)
KEY = "k" * 64


def mac(purpose: str, signed: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), f"{purpose}\0{signed}".encode(), hashlib.sha256).hexdigest()


def body(words: Any, key: str = KEY, purpose: str = "order") -> bytes:
    signed = json.dumps(words)
    return json.dumps({"signed": signed, "mac": mac(purpose, signed, key)}).encode()


class OrdersTest(unittest.TestCase):
    def setUp(self) -> None:
        self.orders = Orders("start", KEY, ALICE, PROCESS)

    def words(self, now_ms: int = 1000, **over: object) -> dict[str, Any]:
        given = json.loads(self.orders.challenge(now_ms))
        self.assertEqual(given["mac"], mac("challenge", given["signed"]))
        target = {"node": "node1", "user": "alice", "server": "gpu", "pid": 1234, "startTicks": 98765, "bootId": "b00t"}
        wish = {"idleForMs": 3_600_000, "ignoresTabs": False}
        return {**json.loads(given["signed"]), **target, **wish, **over}

    def objection(self, words: dict[str, Any], now_ms: int = 2000) -> str | None:
        return self.orders.read(body(words), now_ms).objection

    def test_are_read_as_the_router_signed_them(self) -> None:
        words = self.words(ignoresTabs=True)
        self.assertEqual(self.orders.read(body(words), 2000), Order(words["challenge"], 3600.0, True, None))

    def test_are_carried_out_once(self) -> None:
        words = self.words()
        self.assertIsNone(self.objection(words))
        self.assertEqual(self.objection(words), "the order was given before")

    def test_grow_old(self) -> None:
        self.assertIsNone(self.objection(self.words(), 1000 + LIFETIME_MS))
        self.assertEqual(self.objection(self.words(), 1001 + LIFETIME_MS), "the order is too old")
        self.assertEqual(self.objection(self.words(5000), 4999), "the order is too old")

    def test_of_another_server_or_process_are_not_carried_out(self) -> None:
        others = {"node": "node2", "user": "bob", "server": "", "pid": 1235, "startTicks": 1, "bootId": "b00t2"}
        for name, value in [*others.items(), ("pid", "1234"), ("pid", True), ("user", None)]:
            with self.subTest(name=name, value=value):
                self.assertEqual(self.objection(self.words(**{name: value})), "it is another server, or another process of it")

    def test_are_none_if_anything_in_them_was_touched(self) -> None:
        sound = body(self.words())
        for seed in range(2000):
            chance = random.Random(seed)
            touched = bytearray(sound)
            for _ in range(chance.randrange(1, 4)):
                touched[chance.randrange(len(touched))] = chance.randrange(256)
            if _meaning(bytes(touched)) == _meaning(sound):
                continue
            with self.subTest(seed), self.assertRaises(NoOrder):
                self.orders.read(bytes(touched), 2000)

    def test_are_none_without_the_key_of_this_start_and_this_purpose(self) -> None:
        for sealed in (body(self.words(), key="j" * 64), body(self.words(), purpose="answer"), self.orders.challenge(1000)):
            with self.subTest(sealed), self.assertRaises(NoOrder):
                self.orders.read(sealed, 2000)

    def test_are_none_in_any_other_form(self) -> None:
        forms = [b"", b"{", b"[]", b"7", b'{"signed": 1, "mac": "x"}', b'{"signed": "x", "mac": 1}', b"\xff", b"[" * 5000]
        forms += [body([]), body("x"), body(None), body({**self.words(), "padding": "x" * MAX_BYTES})]
        for name in ("challenge", "idleForMs", "ignoresTabs"):
            for value in (None, -1, 1.5, "now", [], True if name == "idleForMs" else 10**30):
                forms.append(body(self.words(**{name: value})))
        for form in forms:
            with self.subTest(form[:200]), self.assertRaises(NoOrder):
                self.orders.read(form, 2000)

    def test_are_forgotten_when_they_could_not_be_given_again(self) -> None:
        for at_ms in range(1000, 101_000, 1000):
            self.objection(self.words(at_ms), at_ms)
        self.assertLessEqual(len(self.orders._used), LIFETIME_MS // 1000 + 1)

    def test_have_answers_that_name_them(self) -> None:
        order = self.orders.read(body(self.words()), 2000)
        for kept_by, said in ((None, {"answer": "stopping"}), ("a kernel is busy", {"answer": "kept", "why": "a kernel is busy"})):
            answer = json.loads(self.orders.answer(order, kept_by))
            self.assertEqual(answer["mac"], mac("answer", answer["signed"]))
            self.assertEqual(json.loads(answer["signed"]), {"challenge": order.challenge, **said})


class KeptBecauseTest(unittest.TestCase):
    def test_asks_for_all_of_the_time_and_a_moment_at_least(self) -> None:
        idle = Idle(100.0, 40.0, None)
        self.assertIsNone(kept_because(idle, Order("c", 60.0, False, None), 160.0))
        self.assertEqual(kept_because(idle, Order("c", 60.1, False, None), 160.0), "it was used 60 s ago")
        self.assertEqual(kept_because(idle, Order("c", 0.0, False, None), 101.0), "it was used 1 s ago")

    def test_leaves_tabs_aside_only_if_it_is_told_to(self) -> None:
        idle = Idle(None, 40.0, "2 connections to it are open")
        self.assertEqual(kept_because(idle, Order("c", 60.0, False, None), 160.0), "2 connections to it are open")
        self.assertIsNone(kept_because(idle, Order("c", 60.0, True, None), 160.0))
        busy = Idle(None, None, "a kernel is busy")
        self.assertEqual(kept_because(busy, Order("c", 0.0, True, None), 160.0), "a kernel is busy")


class OrderKeyTest(unittest.TestCase):
    def test_is_another_for_every_node_user_server_start_and_token(self) -> None:
        words = ("token", "node1", "alice", "", "start")
        others = [("token2", *words[1:]), *[(*words[:i], f"{words[i]}2", *words[i + 1 :]) for i in range(1, 5)]]
        others += [("token", "node1", "", "alice", "start"), ("token", "node1", "ali", "ce", "start")]
        keys = {order_key(*one) for one in [words, *others]}
        self.assertEqual(len(keys), 8)

    def test_is_given_with_the_name_of_the_start_and_is_of_the_token_that_stays(self) -> None:
        settings = NodeSettings("node1", "/n/node1/", {}, "current", [], False, [], next_service_token="next")
        given = key_for_start(settings)
        environment = {"MULTIJHUB_ORDER_KEY": given(Spawner()), "HOME": "/home/alice"}
        start, key = take_key(environment) or ("", "")
        self.assertEqual(key, order_key("next", "node1", "alice", "gpu", start))
        self.assertNotEqual(given(Spawner()), given(Spawner()))
        self.assertEqual(environment, {"HOME": "/home/alice"})
        self.assertIsNone(take_key(environment))


class Spawner:
    class user:
        name = "alice"

    name = "gpu"


def _meaning(sealed: bytes) -> object:
    """Some bytes may differ without a difference, such as blanks between the words."""
    try:
        envelope = json.loads(sealed)
        return envelope["signed"], envelope["mac"]
    except (KeyError, TypeError, ValueError):
        return None
