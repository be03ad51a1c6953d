from __future__ import annotations

import unittest
from pathlib import Path

from multijhub_hub.node_settings import server_log


class ServerLogTest(unittest.TestCase):
    def test_is_another_file_for_every_server(self) -> None:
        servers = [
            ("a", ""),
            ("a", "b"),
            ("a-b", ""),
            ("a+b", ""),
            ("a%2Bb", ""),
            ("a-b", "c"),
            ("a", "b-c"),
            ("a+b", "c"),
        ]
        self.assertEqual(len({server_log(Path("/log"), *server) for server in servers}), len(servers))

    def test_stays_in_its_folder(self) -> None:
        self.assertEqual(server_log(Path("/log"), "alice", ""), Path("/log/alice.log"))
        self.assertEqual(server_log(Path("/log"), "../x", "../y").parent, Path("/log"))


if __name__ == "__main__":
    unittest.main()
