from __future__ import annotations

import json
import unittest

from multijhub_record.activity import Activity, Counts
from multijhub_record.identity import HubServer, Process, hub_server
from multijhub_record.idleness import Idle
from multijhub_record.process_tree import Use
from multijhub_record.record import Attempt, State, document, encode, file_name, idle_times, is_due

ALICE = HubServer("node1", "alice", "", "/n/node1/user/alice/")
ENVIRONMENT = {
    "MULTIJHUB_NODE": "node1",
    "JUPYTERHUB_USER": "alice",
    "JUPYTERHUB_SERVICE_PREFIX": "/n/node1/user/alice/",
    "JUPYTERHUB_API_TOKEN": "canary",
}
IDLE = Counts(kernels_open=1, kernels_busy=0, terminals_open=0, terminals_busy=0, connections=1)
BUSY = Counts(kernels_open=1, kernels_busy=1, terminals_open=0, terminals_busy=0, connections=1)
RESTING = State(IDLE, is_idle=False, is_idle_but_tabs=True)
WORKING = State(BUSY, is_idle=False, is_idle_but_tabs=False)


class HubServerTest(unittest.TestCase):
    def test_is_what_the_hub_told_it(self) -> None:
        self.assertEqual(hub_server(ENVIRONMENT, "/n/node1/user/alice/"), ALICE)

    def test_has_the_name_of_a_named_server(self) -> None:
        named = {**ENVIRONMENT, "JUPYTERHUB_SERVER_NAME": "gpu", "JUPYTERHUB_SERVICE_PREFIX": "/n/node1/user/alice/gpu/"}
        found = hub_server(named, "/n/node1/user/alice/gpu/")
        self.assertEqual(found, HubServer("node1", "alice", "gpu", "/n/node1/user/alice/gpu/"))

    def test_is_no_jupyter_that_the_user_started_in_a_terminal_of_it(self) -> None:
        self.assertIsNone(hub_server(ENVIRONMENT, "/"))

    def test_is_no_server_of_another_hub(self) -> None:
        for missing in ("MULTIJHUB_NODE", "JUPYTERHUB_USER", "JUPYTERHUB_SERVICE_PREFIX"):
            with self.subTest(missing):
                rest = {name: value for name, value in ENVIRONMENT.items() if name != missing}
                self.assertIsNone(hub_server(rest, "/n/node1/user/alice/"))


class DocumentTest(unittest.TestCase):
    def test_says_who_where_and_how_busy(self) -> None:
        process = Process("host1", 1234, 98765, "b00t", 1000)
        counts = Counts(kernels_open=2, kernels_busy=1, terminals_open=3, terminals_busy=2, connections=4)
        idle = {"idleSinceMs": 4500, "idleButTabsSinceMs": 4200}
        activity = Activity(counts, 4000, marks=())
        words = document(ALICE, process, 41234, activity, Use(1 << 20, 1.23456), idle, 5000)
        self.assertEqual(
            json.loads(encode(words)),
            {
                "version": 1,
                "node": "node1",
                "host": "host1",
                "user": "alice",
                "server": "",
                "baseUrl": "/n/node1/user/alice/",
                "port": 41234,
                "pid": 1234,
                "startTicks": 98765,
                "bootId": "b00t",
                "startedAtMs": 1000,
                "writtenAtMs": 5000,
                "lastActivityMs": 4000,
                "kernels": {"open": 2, "busy": 1},
                "terminals": {"open": 3, "busy": 2},
                "connections": 4,
                "idleSinceMs": 4500,
                "idleButTabsSinceMs": 4200,
                "rssBytes": 1048576,
                "cpuSeconds": 1.23,
            },
        )

    def test_stays_small_with_the_longest_names(self) -> None:
        longest = HubServer("n" * 253, "ü" * 255, "\u4e00" * 255, f"/n/{'%C3%BC' * 510}/")
        process = Process("h" * 64, 1 << 22, 1 << 60, "b" * 36, 1 << 42)
        words = document(longest, process, 65535, Activity(IDLE, 0, marks=()), Use(0, 0), {}, 0)
        self.assertLess(len(encode(words)), 16 * 1024)

    def test_can_be_written_whatever_bytes_the_environment_holds(self) -> None:
        encode({"user": b"\xff".decode("utf-8", "surrogateescape")}).decode("utf-8")

    def test_lies_in_a_file_that_names_node_and_pid(self) -> None:
        self.assertEqual(file_name("gpu-1.lab", 77), "jhub-gpu-1.lab-77.json")


class IdleTimesTest(unittest.TestCase):
    def test_are_told_by_the_wall_clock_and_only_while_it_is_idle(self) -> None:
        self.assertEqual(
            idle_times(Idle(40.0, 10.0, None), 100.0, 1_000_000),
            {"idleSinceMs": 940_000, "idleButTabsSinceMs": 910_000},
        )
        self.assertEqual(idle_times(Idle(None, 10.0, "a connection to it is open"), 100.0, 1_000_000), {"idleButTabsSinceMs": 910_000})
        self.assertEqual(idle_times(Idle(None, None, "a kernel is busy"), 100.0, 1_000_000), {})


class DueTest(unittest.TestCase):
    def test_at_first_on_every_change_and_once_a_minute(self) -> None:
        written = Attempt(100, RESTING, is_written=True)
        self.assertTrue(is_due(RESTING, None, 0))
        self.assertTrue(is_due(WORKING, written, 101))
        self.assertTrue(is_due(State(IDLE, is_idle=True, is_idle_but_tabs=True), written, 101))
        self.assertFalse(is_due(RESTING, written, 159))
        self.assertTrue(is_due(RESTING, written, 160))

    def test_less_often_while_it_cannot_be_written(self) -> None:
        failed = Attempt(100, RESTING, is_written=False)
        self.assertFalse(is_due(WORKING, failed, 109))
        self.assertTrue(is_due(RESTING, failed, 110))
