"""What the agent reads off the kernel, and what it shows of it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from multijhub_agent import (
    installation,
    listeners,
    load_sample,
    logs,
    places,
    process_table,
    single_user_servers,
    systemd_unit,
)
from multijhub_agent.accounts import account
from multijhub_agent.protocol import Refusal
from multijhub_agent.service import Service
from multijhub_agent.single_user_servers import ServerProcess, ServerTable, is_server_of

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:038E 00000000:0000 0A 00000000:00000000 00:00000000 00000000  2002        0 4711 1 0000 100 0 0 10 0
   1: 0100007F:038F 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000 100 0 0 10 0
"""
TCP6 = """  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:0390 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000 100 0 0 10 0
"""


class ListenersTest(unittest.TestCase):
    def test_reads_the_kernel_s_tables(self) -> None:
        self.assertEqual(listeners.parse(TCP), [listeners.Listener(910, "127.0.0.1", 2002, 4711)])
        self.assertEqual(listeners.parse(TCP6), [listeners.Listener(912, "::1", 0, 4713)])

    def test_finds_the_process_behind_a_port(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            (found,) = listeners.listening([server.getsockname()[1]])
            self.assertEqual((found.uid, found.address), (os.geteuid(), "127.0.0.1"))
            self.assertIn(os.getpid(), listeners.pids_of(found))


class ProcessTableTest(unittest.TestCase):
    def test_knows_this_process(self) -> None:
        self.assertLessEqual(process_table.start_ticks(os.getpid()) or 0, process_table.ticks_since_boot())
        self.assertEqual(process_table.uid(os.getpid()), os.getuid())
        self.assertGreater(process_table.rss_bytes(os.getpid()), 1 << 20)

    def test_a_zombie_is_gone(self) -> None:
        child = subprocess.Popen(["true"])
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        self.assertIsNone(process_table.start_ticks(child.pid))
        child.wait()
        self.assertEqual(process_table.environment(child.pid), {})


class ServersTest(unittest.TestCase):
    def test_counts_a_server_once_and_only_while_it_listens(self) -> None:
        port = free_port()
        server = (
            f"import socket,subprocess,sys,time; s=socket.create_server(('127.0.0.1',{port})); "
            "subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)']); time.sleep(60)"
        )
        environment = {
            "JUPYTERHUB_USER": "zoe", "JUPYTERHUB_SERVER_NAME": "gpu", "JUPYTERHUB_API_TOKEN": "s3cret",
            "JUPYTERHUB_SERVICE_PREFIX": "/n/node1/user/zoe/gpu/", "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}/x",
        }  # fmt: skip
        account = 65534 if os.geteuid() == 0 else None
        child = subprocess.Popen(
            ["/usr/bin/python3", "-c", server], env=environment, start_new_session=True, user=account
        )
        self.addCleanup(child.wait)
        self.addCleanup(os.killpg, child.pid, 9)
        table = ServerTable()
        found = eventually(lambda: [server for server in table.running() if server.user == "zoe"])
        self.assertEqual([(server.pid, server.server_name) for server in found], [(child.pid, "gpu")])
        self.assertTrue(is_server_of(child.pid, "zoe", "gpu"))
        self.assertFalse(is_server_of(child.pid, "zoe", ""))
        child.kill()
        self.assertEqual(eventually(lambda: not [server for server in table.running() if server.user == "zoe"]), True)

    def test_counts_nobody_who_only_names_a_socket_of_another_process(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            for number in range(3):
                self.spawn_server_process(port, f"/user/zoe/{number}/")
            self.assertEqual(self.found(port), [])

    def test_counts_a_socket_once_whoever_else_holds_it(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            for number in range(3):
                self.spawn_server_process(port, f"/user/zoe/{number}/", [server])
            self.assertEqual(len(self.found(port)), 1)

    def test_counts_only_so_many_servers_of_one_account(self) -> None:
        servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
        for number, server in enumerate(servers):
            self.addCleanup(server.close)
            self.spawn_server_process(server.getsockname()[1], f"/user/zoe/{number}/", [server])
        with mock.patch.object(single_user_servers, "SERVERS_PER_ACCOUNT", 3):
            self.assertEqual(len(self.found(*(server.getsockname()[1] for server in servers))), 3)

    def test_takes_no_process_whose_texts_are_longer_than_any_server_s(self) -> None:
        for accepted, prefix, changes in (
            (True, "/" * 1024, {"JUPYTERHUB_USER": "z" * 255, "JUPYTERHUB_SERVER_NAME": "s" * 255}),
            (False, "/" * 1025, {}),
            (False, "/" + "\u00e9" * 512, {}),
            (False, "/u/", {"JUPYTERHUB_USER": "z" * 256}),
            (False, "/s/", {"JUPYTERHUB_SERVER_NAME": "s" * 256}),
        ):
            with self.subTest(prefix=len(prefix), **changes), socket.create_server(("127.0.0.1", 0)) as server:
                port = server.getsockname()[1]
                self.spawn_server_process(port, prefix, [server], **changes)
                self.assertEqual(bool(self.found(port)), accepted)

    def spawn_server_process(self, port: int, prefix: str, held: Sequence[socket.socket] = (), **changes: str) -> None:
        """A process that says it is a server and does nothing."""
        environment = {
            "JUPYTERHUB_USER": "zoe",
            "JUPYTERHUB_SERVICE_PREFIX": prefix,
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}/",
        }
        child = subprocess.Popen(
            ["sleep", "60"], env={**environment, **changes}, pass_fds=[item.fileno() for item in held]
        )
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)

    def found(self, *ports: int) -> list[ServerProcess]:
        """As root sees it; processes of root's own are no servers, which is not what these tests are about."""
        with mock.patch.object(single_user_servers.os, "geteuid", lambda: 1):
            return [server for server in ServerTable().running() if server.port in ports]


class SampleTest(unittest.TestCase):
    def test_measures_memory_pressure_where_the_kernel_does(self) -> None:
        text = "some avg10=12.50 avg60=0.00 avg300=0.00 total=0\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=0\n"
        self.assertEqual(load_sample.memory_pressure(text), 0.125)
        self.assertIsNone(load_sample.memory_pressure(""))

    def test_has_every_figure(self) -> None:
        sample = load_sample.sample(ServerTable().running(), {"kind": "drain"})
        self.assertEqual(sample["order"], {"kind": "drain"})
        self.assertGreater(sample["memoryTotalBytes"], sample["memoryAvailableBytes"])
        self.assertAlmostEqual(sample["clockMs"] / 1000, time.time(), delta=5)


class LogsTest(unittest.TestCase):
    def test_shows_no_secrets(self) -> None:
        for line in (
            "Authorization: token s3cretvalue", "GET /x?router_token=s3cretvalue&next=/", "cookie_secret=s3cretvalue",
            '{"api_token": "s3cretvalue"}', "known s3cretvalue here", "password: s3cretvalue", "Bearer: s3cretvalue", "code=s3cretvalue",
        ):  # fmt: skip
            with self.subTest(line):
                self.assertNotIn("s3cretvalue", logs.redact(line, ["s3cretvalue"]))
        self.assertNotIn("deadbeef", logs.redact("key deadbeefdeadbeefdeadbeefdeadbeef", []))

    def test_shows_the_end_of_this_start_only(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "hub.log"
            log.write_text("before\n")
            offset = logs.rotate(log)
            log.write_text("before\n" + "".join(f"line {number}\n" for number in range(100)))
            self.assertEqual(logs.tail(log, [], offset)[-1], "line 99")
            self.assertEqual(len(logs.tail(log, [], offset)), logs.TAIL_LINES)
            self.assertEqual(logs.tail(Path(folder) / "none", []), [])


class PlacesTest(unittest.TestCase):
    def test_refuses_a_state_directory_that_cannot_be_used(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "var").write_text("a file")
            with self.assertRaises(Refusal) as caught:
                places.prepare(places.places(folder))
            self.assertEqual(caught.exception.code, "STATE_DIR_UNUSABLE")

    def test_knows_network_file_systems(self) -> None:
        table = (
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
            "2 1 0:5 / /var/lib/multijhub rw shared:1 - nfs4 server:/x rw\n"
            "3 1 0:6 / /var/lib/multi\\040x rw - tmpfs t rw\n"
        )
        self.assertEqual(places.file_system_of("/var/lib/multijhub/hub", table), "nfs4")
        self.assertEqual(places.file_system_of("/var/lib/multijhubx", table), "ext4")
        self.assertEqual(places.file_system_of("/var/lib/multi x/y", table), "tmpfs")

    def test_says_when_the_disk_is_full(self) -> None:
        full = os.statvfs_result((4096, 4096, 1000, 10, 10, 1000, 500, 500, 0, 255))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        where = places.places(folder.name)
        with mock.patch.object(places.os, "statvfs", lambda _: full), self.assertRaises(Refusal) as caught:
            places.prepare(where)
            places.require_room(where)
        self.assertEqual(caught.exception.code, "DISK_FULL")
        in_sqlite = sqlite3.OperationalError("database or disk is full")
        self.assertEqual(places.unusable(Path("/x"), in_sqlite).code, "DISK_FULL")
        locked = places.unusable(Path("/x"), sqlite3.OperationalError("database is locked"))
        self.assertEqual((locked.code, locked.message), ("STATE_DIR_UNUSABLE", "/x cannot be used: database is locked"))
        self.assertEqual(places.unusable(Path("/x"), OSError(28, "No space left on device")).code, "DISK_FULL")

    def test_private_files_are_private(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x"
            places.write_private(path, "1")
            places.write_private(path, "2")
            self.assertEqual((path.read_text(), path.stat().st_mode & 0o777, os.listdir(folder)), ("2", 0o600, ["x"]))
            with self.assertRaises(Refusal):
                places.write_private(Path(folder) / "none" / "x", "1")
            with mock.patch.object(places.os, "fsync", side_effect=OSError(28, "full")), self.assertRaises(Refusal):
                places.write_private(path, "3")
            self.assertEqual((path.read_text(), os.listdir(folder)), ("2", ["x"]))


class InstallationTest(unittest.TestCase):
    def test_compares_releases(self) -> None:
        self.assertEqual(installation.release("6.0.0b1"), (6, 0, 0))
        self.assertLess(installation.release("5.2.1"), installation.SECURE)
        self.assertEqual(len(installation.JupyterHub("/x", "5.2.1").warnings), 1)
        self.assertEqual(installation.JupyterHub("/x", "5.5.4").warnings, [])

    def test_finds_what_is_on_the_path(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, answer in (("jupyterhub", "5.9.9"), ("configurable-http-proxy", "")):
                program = Path(folder) / name
                program.write_text(f"#!/bin/sh\necho {answer}\n")
                program.chmod(0o755)
            with mock.patch.dict(os.environ, {"PATH": folder}):
                self.assertEqual(
                    installation.find_jupyterhub(None), installation.JupyterHub(f"{folder}/jupyterhub", "5.9.9")
                )
                self.assertEqual(installation.find_proxy(None), [f"{folder}/configurable-http-proxy"])
            with mock.patch.dict(os.environ, {"PATH": "/nowhere"}):
                beside = installation.find_proxy(None, f"{folder}/jupyterhub")
                self.assertEqual(beside, [f"{folder}/configurable-http-proxy"])

    def test_knows_accounts_by_their_exact_name(self) -> None:
        self.assertEqual((account("root") or {}).get("uid"), 0)
        for name in ("nobody-here", "", "ro\0ot", "../root", "0"):
            self.assertIsNone(account(name))


class SystemdTest(unittest.TestCase):
    service = Service("hub", ["/x/jupyterhub", "--config", 'a "b" $c%d'], {}, "f", Path("/log/hub.log"))

    def test_leaves_servers_alone_and_takes_each_word_as_it_is(self) -> None:
        lines = systemd_unit.unit_file(self.service, Path("/state/hub.env")).splitlines()
        for needed in ("KillMode=process", "OOMPolicy=continue", "TasksMax=infinity", "EnvironmentFile=/state/hub.env"):
            self.assertIn(needed, lines)
        self.assertIn('ExecStart="/x/jupyterhub" "--config" "a \\"b\\" $$c%%d"', lines)

    def test_starts_a_unit_that_shows_no_secret_and_finds_its_process(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            systemctl = Path(folder) / "systemctl"
            systemctl.write_text(f'#!/bin/sh\necho "$@" >> {folder}/called\n[ "$1" != show ] || echo 4711\n')
            systemctl.chmod(0o755)
            with mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"}):
                pid = systemd_unit.start_unit(self.service, {"SECRET": "s3cret"}, Path(folder), Path(folder))
            self.assertEqual(pid, 4711)
            called = (Path(folder) / "called").read_text().splitlines()
            self.assertEqual(called[:2], ["daemon-reload", "restart multijhub-hub.service"])
            self.assertNotIn("s3cret", (Path(folder) / "multijhub-hub.service").read_text())
            variables = Path(folder) / "hub.env"
            self.assertEqual((variables.read_text(), variables.stat().st_mode & 0o777), ('SECRET="s3cret"\n', 0o600))

    def test_says_what_systemd_said(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            systemctl = Path(folder) / "systemctl"
            systemctl.write_text("#!/bin/sh\necho no such thing >&2\nexit 1\n")
            systemctl.chmod(0o755)
            with mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"}):
                with self.assertRaises(Refusal) as caught:
                    systemd_unit.start_unit(self.service, {}, Path(folder), Path(folder))
            self.assertEqual(caught.exception.message, "systemctl daemon-reload failed: no such thing")

    def test_quotes_the_environment(self) -> None:
        self.assertEqual(systemd_unit.environment_file({"A": 'x "y" \\z'}), 'A="x \\"y\\" \\\\z"\n')


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def eventually(probe):  # type: ignore[no-untyped-def]
    """The first true answer within ten seconds, or the last one."""
    until = time.monotonic() + 10
    while not (answer := probe()) and time.monotonic() < until:
        time.sleep(0.05)
    return answer


if __name__ == "__main__":
    sys.exit(unittest.main())
