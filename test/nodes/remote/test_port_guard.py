from __future__ import annotations

import os
import socket
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from multijhub_agent import listeners, places, port_guard, service_record
from multijhub_agent.hub_settings import USUAL_PORTS
from multijhub_agent.protocol import Refusal
from multijhub_agent.service_record import Record

from .agent_sandbox import Sandbox


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


class WarningTest(unittest.TestCase):
    def test_names_the_ports_that_every_user_may_take(self) -> None:
        for first, named in ((1024, ""), (913, ""), (912, "912"), (911, "911, 912"), (0, "910, 911, 912")):
            with self.subTest(first), mock.patch.object(port_guard, "_first_unprivileged", return_value=first):
                found = port_guard.warnings(USUAL_PORTS)
                self.assertEqual(len(found), 1 if named else 0)
                self.assertTrue(all(f"port {named} " in warning and f"is {first};" in warning for warning in found))

    def test_reads_what_the_kernel_says(self) -> None:
        first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
        self.assertEqual(len(port_guard.warnings({"hub": first})), 1)
        self.assertEqual(port_guard.warnings({"hub": first - 1}), [])

    def test_is_part_of_the_answers(self) -> None:
        node = Sandbox()
        self.addCleanup(node.remove)
        low = {"proxy": 1, "hub": 2, "api": 3}
        for verb, given in (("facts", node.settings), ("start-hub", node.settings)):
            warnings = node.ask(verb, given)["result"]["warnings"]
            self.assertTrue(any("ip_unprivileged_port_start" in warning for warning in warnings), verb)
        if not port_guard.warnings(low):
            self.assertEqual(node.ask("facts", {**node.settings, "ports": low})["result"]["warnings"], [])
        self.assertEqual(node.ask("facts", {"ports": 7})["error"]["code"], "BAD_SETTINGS")


if __name__ == "__main__":
    unittest.main()
