from __future__ import annotations

import itertools
import random
import re
import unittest

from multijhub_hub.unit_name import unit_name

SEED = 20261120
AWKWARD = "ab-_.:@\\%~x25é\N{SNOWMAN}"


class UnitNameTest(unittest.TestCase):
    def test_of_plain_names_is_what_the_site_says(self) -> None:
        self.assertEqual(unit_name("jupyter-alice-singleuser", ""), "jupyter-alice-singleuser")
        self.assertEqual(unit_name("jupyter-alice-singleuser", "second"), "jupyter-alice-singleuser__second")

    def test_differs_for_any_two_servers(self) -> None:
        draw = random.Random(SEED)
        words = {"".join(draw.choices(AWKWARD, k=draw.randint(1, 5))) for _ in range(300)}
        words |= {"a", "b", "a-b", "a_b", "a__b", "a_2db", "a%2db", "a.service", "-", "_", "__", "é", "_c3_a9"}
        pairs = [(f"jupyter-{user}", server) for user, server in itertools.product(words, ["", *words])]
        names = {unit_name(*pair) for pair in pairs}
        self.assertEqual(len(names), len(pairs), f"seed {SEED}")
        self.assertEqual([name for name in names if not re.fullmatch(r"[A-Za-z0-9_-]+", name)], [])
