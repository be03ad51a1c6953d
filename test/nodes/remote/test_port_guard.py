from __future__ import annotations

import os
import socket
import tempfile
import unittest
from unittest import mock

from multijhub_agent import listeners, places, port_guard, service_record
from multijhub_agent.protocol import Refusal
from multijhub_agent.service_record import Record


class AdoptionTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.where = places.places(folder.name)
        places.prepare(self.where)

    def owners(self, uid: int) -> Record | None:
        """What is taken for the hub when a process with its marks holds a socket that belongs to `uid`."""
        ours = Record("hub", os.getpid(), 1, "boot", "fingerprint", 1)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            (real,) = listeners.listening([port])
            found = mock.patch.object(port_guard, "listening", lambda _: [real._replace(uid=uid)])
            marked = mock.patch.object(service_record, "adopt", lambda pid, _: ours if pid == os.getpid() else None)
            with found, marked:
                return port_guard.own_listeners({"proxy": 1, "hub": port, "api": 2}, self.where)["hub"]

    def test_adopts_a_socket_of_its_own_account(self) -> None:
        record = self.owners(os.geteuid())
        self.assertEqual(record and record.pid, os.getpid())

    def test_adopts_no_socket_of_another_account(self) -> None:
        with self.assertRaises(Refusal) as caught:
            self.owners(os.geteuid() + 1)
        self.assertEqual(caught.exception.code, "PORT_TAKEN")
        self.assertEqual(list(self.where.run.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
