from __future__ import annotations

import json
import stat
import unittest
from typing import Any

from .agent_sandbox import Sandbox

CORDON = {"kind": "cordon", "by": "alice", "atMs": 1000, "untilMs": 2000, "reason": "neuer Kernel für node1"}
DRAIN = {"kind": "drain", "by": "bob", "atMs": 1000}


class NodeOrderTest(unittest.TestCase):
    def setUp(self) -> None:
        self.node = Sandbox()
        self.addCleanup(self.node.remove)
        self.file = self.node.root / "var/lib/multijhub/order.json"

    def order(self, order: object) -> dict[str, Any]:
        return self.node.ask("set-order", {"order": order})

    def test_has_none_at_first(self) -> None:
        self.assertEqual(self.node.ask("order")["result"], {"order": None})
        self.assertFalse(self.file.parent.exists())

    def test_keeps_the_last_one_until_it_is_lifted(self) -> None:
        for order in (CORDON, {**DRAIN, "deadlineMs": 5000}, DRAIN, None, None):
            with self.subTest(order=order):
                self.assertEqual(self.order(order)["result"], {"order": order})
                self.assertEqual(self.node.ask("order")["result"], {"order": order})

    def test_keeps_it_from_other_users(self) -> None:
        self.order(CORDON)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.file.parent.stat().st_mode), 0o700)
        self.assertEqual([path.name for path in self.file.parent.glob("*order*")], ["order.json"])

    def test_refuses_what_is_no_order_and_keeps_the_one_it_has(self) -> None:
        self.order(DRAIN)
        for order in (
            [],
            "cordon",
            {},
            {**DRAIN, "kind": "reboot"},
            {**DRAIN, "kind": ["drain"]},
            {**DRAIN, "by": ""},
            {**DRAIN, "by": "a\x1b[2J"},
            {**DRAIN, "reason": "two\nlines"},
            {**DRAIN, "reason": "x" * 256},
            {**DRAIN, "reason": None},
            {**DRAIN, "atMs": "now"},
            {**DRAIN, "atMs": True},
            {**DRAIN, "atMs": -1},
            {**DRAIN, "deadlineMs": 1 << 60},
            {**DRAIN, "untilMs": 5},
            {"kind": "drain", "by": "bob"},
        ):
            with self.subTest(order=order):
                self.assertEqual(self.order(order)["error"]["code"], "BAD_SETTINGS")
        self.assertEqual(self.node.ask("set-order")["error"]["code"], "BAD_SETTINGS")
        self.assertEqual(self.node.ask("order")["result"], {"order": DRAIN})

    def test_keeps_new_servers_away_while_the_file_cannot_be_read(self) -> None:
        self.order(DRAIN)
        for text in ("", "{", "[]", '{"kind": "cordon"}'):
            self.file.write_text(text)
            order = self.node.ask("order")["result"]["order"]
            self.assertEqual((order["kind"], order["by"]), ("cordon", "multijhub-agent"))
            self.assertIn("order.json cannot be read", order["reason"])
        self.assertEqual(self.order(None)["result"], {"order": None})

    def test_is_in_every_sample(self) -> None:
        process = self.node.spawn(["sample"])
        assert process.stdin and process.stdout
        process.stdin.write('{"everyMs": 100}\n')
        process.stdin.flush()
        self.assertIsNone(json.loads(process.stdout.readline())["sample"]["order"])
        self.order(CORDON)
        while not (seen := json.loads(process.stdout.readline())["sample"]["order"]):
            pass
        self.assertEqual(seen, CORDON)
        process.stdin.close()
        process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(5), 0)
