"""Claims among processes that race for one place, as the hubs of many nodes may."""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import unittest
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest import mock

from multijhub_hub import place_claim
from multijhub_hub.claim_file import Claim, Junk, file_name, read_claim
from multijhub_hub.place_claim import PlaceHeld, leave_place, take_place

NAME = file_name("")
RACERS = 50


def claim(node: str, number: int = 0) -> Claim:
    return Claim(f"claim-of-{node}-number-{number}", "alice", "", node, f"boot-of-{node}", 1_800_000_000_000)


def race(path: str, node: str, supersedes: str | None) -> bool:
    """Whether this process got the place."""
    folder = os.open(path, os.O_PATH | os.O_DIRECTORY)
    try:
        take_place(folder, claim(node), supersedes)
        return True
    except PlaceHeld:
        return False
    finally:
        os.close(folder)


def stop_and_start(path: str, node: str, log: str) -> None:
    """Takes the place and leaves it again and again, noting when it held it."""
    folder = os.open(path, os.O_PATH | os.O_DIRECTORY)
    for number in range(10):
        mine = claim(node, number)
        try:
            take_place(folder, mine)
        except PlaceHeld:
            continue
        os.close(os.open(f"{log}/held", os.O_CREAT | os.O_EXCL))  # fails if another holds the place as well
        os.unlink(f"{log}/held")
        leave_place(folder, "", mine.id)
    os.close(folder)


class PlaceClaimTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "runtime"
        self.path.mkdir()
        self.folder = os.open(self.path, os.O_PATH | os.O_DIRECTORY)
        self.addCleanup(os.close, self.folder)
        patience = mock.patch.object(place_claim, "PATIENCE_S", 0.5)
        patience.start()
        self.addCleanup(patience.stop)

    def held(self) -> Claim | Junk | None:
        return read_claim(self.folder, NAME)

    def test_says_who_holds_the_place_and_since_which_boot(self) -> None:
        self.assertIsNone(take_place(self.folder, claim("node1")))
        stored = json.loads((self.path / "jhub-claim-.json").read_text())
        self.assertEqual(
            stored,
            {"version": 1, "id": "claim-of-node1-number-0", "user": "alice", "server": "", "node": "node1",
             "bootId": "boot-of-node1", "createdAtMs": 1_800_000_000_000},
        )  # fmt: skip
        self.assertEqual(os.listdir(self.path), ["jhub-claim-.json"])
        self.assertEqual((self.path / NAME).stat().st_nlink, 1)
        self.assertEqual(file_name("a/b c"), "jhub-claim-a%2Fb%20c.json")

    def test_one_of_many_wins(self) -> None:
        for supersedes in (None, "claim-of-dead-number-0"):
            with self.subTest(supersedes=supersedes), ProcessPoolExecutor(10) as pool:
                if supersedes:
                    (self.path / NAME).unlink()
                    take_place(self.folder, claim("dead"))
                nodes = [f"node{number}" for number in range(RACERS)]
                won = list(pool.map(race, [str(self.path)] * RACERS, nodes, [supersedes] * RACERS))
                self.assertEqual(sum(won), 1)
                winner = self.held()
                self.assertEqual(winner, claim(nodes[won.index(True)]))
                self.assertEqual(os.listdir(self.path), [NAME])

    def test_nobody_ever_holds_a_place_together_with_another(self) -> None:
        with ProcessPoolExecutor(6) as pool:
            nodes = [f"node{number}" for number in range(6)]
            list(pool.map(stop_and_start, [str(self.path)] * 6, nodes, [str(self.path.parent)] * 6))
        self.assertEqual(os.listdir(self.path), [])

    def test_half_a_claim_is_never_seen(self) -> None:
        stop = threading.Event()
        seen: list[Claim | Junk | None] = []

        def watch() -> None:
            while not stop.is_set():
                seen.append(self.held())

        watcher = threading.Thread(target=watch)
        watcher.start()
        for number in range(100):
            take_place(self.folder, claim("node1", number))
        stop.set()
        watcher.join()
        self.assertFalse([found for found in seen if isinstance(found, Junk)])

    def test_another_node_s_claim_stands(self) -> None:
        take_place(self.folder, claim("node2"))
        for supersedes in (None, "", "claim-of-node2-number-1", "claim-of-node2-number-"):
            with self.assertRaises(PlaceHeld) as caught:
                take_place(self.folder, claim("node1"), supersedes)
            self.assertEqual(caught.exception.claim, claim("node2"))
        self.assertEqual(take_place(self.folder, claim("node1"), "claim-of-node2-number-0"), claim("node2"))
        self.assertEqual(self.held(), claim("node1"))

    def test_a_claim_of_the_same_node_is_replaced_whatever_boot_it_names(self) -> None:
        take_place(self.folder, Claim("of-another-boot-of-node1", "alice", "", "node1", "former-boot", 1))
        take_place(self.folder, claim("node1"))
        self.assertEqual(self.held(), claim("node1"))

    def test_a_stop_removes_its_own_claim_only(self) -> None:
        take_place(self.folder, claim("node2"))
        self.assertFalse(leave_place(self.folder, "", claim("node1").id))
        self.assertTrue(leave_place(self.folder, "", claim("node2").id))
        self.assertFalse(leave_place(self.folder, "", claim("node2").id))
        self.assertEqual(os.listdir(self.path), [])

    def test_a_claim_that_is_being_ended_is_left_to_whoever_ends_it(self) -> None:
        take_place(self.folder, claim("node2"))
        marker = self.path / f".{NAME}.{claim('node2').id}.ending"
        marker.symlink_to("somebody-else")
        with self.assertRaises(PlaceHeld):
            take_place(self.folder, claim("node1"), claim("node2").id)
        self.assertFalse(leave_place(self.folder, "", claim("node2").id))
        os.utime(marker, (1, 1), follow_symlinks=False)  # whoever it was is long gone
        take_place(self.folder, claim("node1"), claim("node2").id)
        self.assertEqual(os.listdir(self.path), [NAME])

    def test_what_is_no_claim_holds_nobody_up(self) -> None:
        target = self.path / NAME

        def big() -> None:
            with target.open("wb") as file:
                file.truncate(3 << 30)

        for make in (
            lambda: target.write_bytes(b""),
            lambda: target.write_bytes(b'{"version": 1, "id": "claim-of-no'),
            lambda: target.write_bytes(b"[" * 9000),
            lambda: target.write_text(json.dumps({**claim("node2").__dict__, "node": "../x"})),
            lambda: target.symlink_to("/etc/passwd"),
            lambda: os.mkfifo(target),
            big,
        ):
            make()
            self.assertIsInstance(self.held(), Junk)
            self.assertIsInstance(take_place(self.folder, claim("node1")), Junk)
            self.assertEqual(self.held(), claim("node1"))
            target.unlink()

    def test_whatever_bytes_there_are_the_reading_ends_well(self) -> None:
        noise = random.Random(1)
        sound = json.dumps(claim("node2").__dict__).encode()
        for _ in range(300):
            cut = bytearray(sound[: noise.randrange(len(sound) + 1)])
            for _ in range(noise.randrange(3)):
                cut.insert(noise.randrange(len(cut) + 1), noise.randrange(256))
            (self.path / NAME).write_bytes(bytes(cut))
            self.assertIsInstance(self.held(), (Claim, Junk))

    def test_a_later_version_s_claim_is_a_claim(self) -> None:
        (self.path / NAME).write_text(json.dumps({**claim("node2").__dict__, "version": 2, "more": []}))
        with self.assertRaises(PlaceHeld):
            take_place(self.folder, claim("node1"))


if __name__ == "__main__":
    unittest.main()
