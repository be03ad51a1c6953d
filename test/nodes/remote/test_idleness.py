from __future__ import annotations

import random
import unittest
from dataclasses import replace

from multijhub_record.idleness import Idleness, Sight

QUIET = Sight(work=None, connections=0, marks=(), requests=0, edits=0)


class IdlenessTest(unittest.TestCase):
    def setUp(self) -> None:
        self.idleness = Idleness(0.0)
        self.idleness.saw(QUIET, 10.0)

    def times(self, sight: Sight, now_s: float) -> tuple[float | None, float | None]:
        idle = self.idleness.saw(sight, now_s)
        return idle.since_s, idle.but_tabs_since_s

    def test_is_since_the_first_look_if_nothing_ever_happens(self) -> None:
        self.assertEqual(self.times(QUIET, 100.0), (10.0, 10.0))

    def test_is_none_while_something_computes_and_since_its_end_afterwards(self) -> None:
        self.assertEqual(self.times(replace(QUIET, work="a kernel is busy"), 50.0), (None, None))
        self.assertEqual(self.times(QUIET, 60.0), (60.0, 60.0))
        self.assertEqual(self.times(QUIET, 70.0), (60.0, 60.0))

    def test_leaves_open_tabs_aside_where_that_is_asked(self) -> None:
        self.assertEqual(self.times(replace(QUIET, connections=2), 50.0), (None, 10.0))
        self.assertEqual(self.times(QUIET, 60.0), (60.0, 10.0))

    def test_begins_anew_with_what_a_kernel_or_a_terminal_says(self) -> None:
        self.assertEqual(self.times(replace(QUIET, marks=("said",)), 50.0), (50.0, 50.0))
        self.assertEqual(self.times(replace(QUIET, marks=("said",)), 60.0), (50.0, 50.0))

    def test_begins_anew_with_a_request_and_but_for_tabs_only_with_one_that_changes_something(self) -> None:
        self.assertEqual(self.times(replace(QUIET, requests=1), 50.0), (50.0, 10.0))
        self.assertEqual(self.times(replace(QUIET, requests=2, edits=1), 60.0), (60.0, 60.0))

    def test_says_what_keeps_it(self) -> None:
        sights = (replace(QUIET, work="a kernel is busy", connections=1), replace(QUIET, connections=3), QUIET)
        said = [self.idleness.saw(sight, 20.0).busy_with for sight in sights]
        self.assertEqual(said, ["a kernel is busy", "3 connections to it are open", None])

    def test_is_never_longer_than_since_the_last_sign_of_life_and_with_tabs_never_longer_than_without(self) -> None:
        for seed in range(300):
            with self.subTest(seed):
                chance = random.Random(seed)
                idleness, sight, now_s, used_s = Idleness(0.0), None, 0.0, 0.0
                for _ in range(30):
                    now_s += chance.uniform(0.1, 100)
                    former, sight = sight, _next(chance, sight or QUIET)
                    used_s = now_s if sight != former or sight.work or sight.connections else used_s
                    idle = idleness.saw(sight, now_s)
                    self.assertEqual(idle.since_s, None if sight.work or sight.connections else used_s)
                    self.assertEqual(idle.but_tabs_since_s is None, sight.work is not None)
                    self.assertLessEqual(idle.but_tabs_since_s or 0, used_s)


def _next(chance: random.Random, sight: Sight) -> Sight:
    """Often nothing happens."""
    changes = [{"work": "it computes"}, {"work": None}, {"connections": 1}, {"connections": 0}]
    changes += [{"marks": (chance.random(),)}, {"requests": sight.requests + 1}, *[{}] * 6]
    return replace(replace(sight, work=None), **chance.choice(changes))
