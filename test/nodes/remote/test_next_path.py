from __future__ import annotations

import unittest

from multijhub_hub.next_path import safe_next


class NextPathTest(unittest.TestCase):
    def test_keeps_paths_of_this_node(self) -> None:
        for path in (
            "/n/node1/user/alice/lab",
            "/n/node1/hub/token?a=b#c",
            "/n/node1/user/b%C3%B6b/lab/tree/a..b",
            "/n/node1/",
        ):
            with self.subTest(path):
                self.assertEqual(safe_next(path, "/n/node1/", "/home"), path)

    def test_replaces_everything_else(self) -> None:
        for path in (
            "", "/", "lab", "/n/node1", "/n/node10/", "/n/node2/", "//evil/n/node1/", "https://evil/n/node1/", "/\\evil",
            "/n/node1/\\..\\x", "/n/node1/../x", "/n/node1/%2e%2e/x", "/n/node1/a/..%2fx", "/n/node1/x\r\ny", "/n/node1/ x", "/n/node1/é",
        ):  # fmt: skip
            with self.subTest(path):
                self.assertEqual(safe_next(path, "/n/node1/", "/home"), "/home")
