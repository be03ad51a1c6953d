"""What the makers' tools print, in the format they document, and what becomes of it; no device is needed."""

from __future__ import annotations

import json
import tempfile
import time
import unittest
from pathlib import Path
from typing import Callable
from unittest import mock

from multijhub_agent import gpus, load_sample, places
from multijhub_agent.gpus import GpuWatch, parse_amd, parse_nvidia
from multijhub_agent.server_sizes import ServerSizes
from multijhub_agent.single_user_servers import ServerProcess, gpus_of

from .agent_sandbox import Sandbox

MIB = 1 << 20
NVIDIA = """0, GPU-11111111-2222-3333-4444-555555555555, NVIDIA A100-SXM4-40GB, 40960, 1024, 37
1, GPU-66666666-7777-8888-9999-000000000000, NVIDIA GeForce GT 710, 2048, [N/A], [Not Supported]
"""
AMD = {
    "card1": {"GPU use (%)": "5", "VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "10485760"},
    "card0": {"Card Series": "Instinct MI210", "VRAM Total Memory (B)": "N/A"},
    "system": {"Driver version": "6.3.6"},
}


class FormatTest(unittest.TestCase):
    def test_reads_nvidia_s_lines(self) -> None:
        first, second = parse_nvidia(NVIDIA)
        self.assertEqual(first, {
            "kind": "nvidia", "id": "GPU-11111111-2222-3333-4444-555555555555", "index": 0, "name": "NVIDIA A100-SXM4-40GB",
            "memoryTotalBytes": 40960 * MIB, "memoryUsedBytes": 1024 * MIB, "use": 0.37,
        })  # fmt: skip
        self.assertEqual((second["memoryUsedBytes"], second["use"]), (0, None))
        self.assertEqual(parse_nvidia(""), [])

    def test_takes_a_message_in_place_of_lines_for_no_answer(self) -> None:
        for text in ("Failed to initialize NVML: Driver/library version mismatch", "No devices were found", "0, a, b"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_nvidia(text)

    def test_reads_amd_s_cards_in_their_order(self) -> None:
        first, second = parse_amd(json.dumps(AMD))
        self.assertEqual((first["id"], first["name"], first["memoryTotalBytes"]), ("0", "Instinct MI210", 0))
        self.assertEqual((second["id"], second["use"], second["memoryUsedBytes"]), ("1", 0.05, 10 * MIB))


class GpuWatchTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def tool(self, script: str) -> GpuWatch:
        path = self.folder / "nvidia-smi"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return GpuWatch(str(self.folder))

    def test_knows_nothing_where_there_is_no_tool(self) -> None:
        self.assertIsNone(GpuWatch(str(self.folder)).seen())

    def test_tells_what_the_tool_says(self) -> None:
        watch = self.tool(f"cat <<'END'\n{NVIDIA}END")
        found = eventually(watch.seen)
        self.assertEqual([gpu["index"] for gpu in found or []], [0, 1])

    def test_waits_for_no_tool_that_hangs(self) -> None:
        began = time.monotonic()
        watch = self.tool("exec sleep 60")
        self.assertIsNone(watch.seen())
        self.assertLess(time.monotonic() - began, 2)

    def test_forgets_what_was_said_long_ago(self) -> None:
        watch = self.tool(f"cat <<'END'\n{NVIDIA}END")
        eventually(watch.seen)
        with mock.patch.object(gpus, "FORGOTTEN_S", 0):
            self.assertIsNone(watch.seen())


class SampleTest(unittest.TestCase):
    def test_tells_of_the_state_directory_s_disk_before_there_is_one(self) -> None:
        disk = load_sample.state_disk(places.places("/nowhere").state)
        assert disk
        self.assertGreater(disk["totalBytes"], disk["freeBytes"])

    def test_has_no_room_without_inodes(self) -> None:
        full = mock.Mock(f_files=10, f_favail=0, f_bavail=1000, f_frsize=4096, f_blocks=2000)
        with mock.patch("os.statvfs", return_value=full):
            self.assertEqual(load_sample.state_disk(Path("/")), {"totalBytes": 2000 * 4096, "freeBytes": 0})

    def test_measures_servers_at_once_and_then_now_and_then(self) -> None:
        sizes = ServerSizes()
        self.assertIsInstance(sizes.look()["sizes"], list)
        later = sizes.look()
        self.assertIsNone(later["sizes"])
        self.assertGreaterEqual(later["serversAgeMs"], 0)
        self.assertGreaterEqual(later["serverBytes"], later["largestServerBytes"])

    def test_carries_all_of_it(self) -> None:
        node = Sandbox()
        self.addCleanup(node.remove)
        process = node.spawn(["sample"])
        assert process.stdin and process.stdout
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        process.stdin.write("{}\n")
        process.stdin.flush()
        sample = json.loads(process.stdout.readline())["sample"]
        for name in ("gpus", "gpuHolders", "stateDisk", "serverBytes", "largestServerBytes", "sizes"):
            self.assertIn(name, sample)

    def test_names_the_devices_a_server_was_given_as_far_as_they_can_be_names(self) -> None:
        server = ServerProcess(1, 1000, 1, "alice", "", "/n/node1/user/alice/", 1)
        for given, expected in (
            ("GPU-a,GPU-b", ["GPU-a", "GPU-b"]),
            ("", []),
            ("x" * 65, []),
            (",".join(str(number) for number in range(99)), [str(number) for number in range(16)]),
        ):
            environment = {"MULTIJHUB_GPUS": given}
            with self.subTest(given), mock.patch(
                "multijhub_agent.process_table.environment", return_value=environment
            ):
                self.assertEqual(gpus_of(server), expected)


def eventually(look: Callable[[], object], seconds: float = 20) -> list[gpus.Gpu] | None:
    until = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > until:
            raise AssertionError(f"nothing in {seconds} s")
        time.sleep(0.01)
    return found  # type: ignore[return-value]
