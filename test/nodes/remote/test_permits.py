from __future__ import annotations

import unittest

from multijhub_hub.permits import LIFETIME_S, Permit, Permits


class PermitsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 1000.0
        self.permits = Permits(lambda: self.now)

    def test_is_good_for_one_start_of_one_server(self) -> None:
        self.permits.keep("alice", Permit("gpu", "claim-of-node2-is-dead"))
        for user, server in (("alice", ""), ("bob", "gpu"), ("alice", "gp")):
            self.assertIsNone(self.permits.take(user, server))
        self.assertEqual(self.permits.take("alice", "gpu"), Permit("gpu", "claim-of-node2-is-dead"))
        self.assertIsNone(self.permits.take("alice", "gpu"))

    def test_is_good_for_a_minute(self) -> None:
        self.permits.keep("alice", Permit(""))
        self.now += LIFETIME_S
        self.assertIsNone(self.permits.take("alice", ""))

    def test_the_newest_counts_and_old_ones_are_forgotten(self) -> None:
        for number in range(50):
            self.permits.keep(f"user{number}", Permit(""))
        self.now += LIFETIME_S
        self.permits.keep("alice", Permit("", "first-claim-of-all"))
        self.permits.keep("alice", Permit("", "second-claim-of-all"))
        self.assertEqual(len(self.permits._kept), 1)
        self.assertEqual(self.permits.take("alice", ""), Permit("", "second-claim-of-all"))
