"""Which GPUs a server is told of, and that no two servers of a hub are told of the same."""

from __future__ import annotations

import unittest
from typing import Any

from multijhub_hub.gpu_grant import Grant, parse_grant

try:
    from multijhub_hub.gpus import GpuMixin
except ImportError:  # no traitlets: JupyterHub is not installed
    raise unittest.SkipTest("JupyterHub is not installed here") from None


class Site:
    """As much of a spawner as there has to be."""

    def get_env(self) -> dict[str, str]:
        return {"CUDA_VISIBLE_DEVICES": "7", "MULTIJHUB_GPUS": "made-up", "HOME": "/home/alice"}

    def get_state(self) -> dict[str, Any]:
        return {"pid": 1}

    def load_state(self, state: dict[str, Any]) -> None: ...

    def clear_state(self) -> None: ...


class Spawner(GpuMixin, Site):
    pass


class GrantTest(unittest.TestCase):
    def setUp(self) -> None:
        GpuMixin._spawners.clear()

    def test_is_what_the_server_s_environment_says(self) -> None:
        spawner = Spawner()
        self.assertEqual(spawner.take_gpus(Grant("nvidia", ("GPU-a", "GPU-b"))), [])
        env = spawner.get_env()
        self.assertEqual(env["CUDA_VISIBLE_DEVICES"], "GPU-a,GPU-b")
        self.assertEqual(env["MULTIJHUB_GPUS"], "GPU-a,GPU-b")
        self.assertEqual(env["HOME"], "/home/alice")

    def test_of_none_hides_them_all(self) -> None:
        spawner = Spawner()
        spawner.take_gpus(Grant("amd", ()))
        self.assertEqual(spawner.get_env()["ROCR_VISIBLE_DEVICES"], "")

    def test_is_left_to_the_site_where_the_router_gives_none_out(self) -> None:
        spawner = Spawner()
        spawner.take_gpus(None)
        self.assertEqual(spawner.get_env()["CUDA_VISIBLE_DEVICES"], "7")

    def test_names_what_another_server_has_and_takes_nothing_then(self) -> None:
        alice, bob = Spawner(), Spawner()
        alice.take_gpus(Grant("nvidia", ("GPU-a",)))
        self.assertEqual(bob.take_gpus(Grant("nvidia", ("GPU-a", "GPU-b"))), ["GPU-a"])
        self.assertEqual((bob.gpus, bob.get_state()), ([], {"pid": 1}))
        self.assertEqual(bob.take_gpus(Grant("nvidia", ("GPU-b",))), [])

    def test_stands_over_a_restart_of_the_hub_and_ends_with_the_server(self) -> None:
        before, after, bob = Spawner(), Spawner(), Spawner()
        before.take_gpus(Grant("nvidia", ("GPU-a",)))
        state = before.get_state()
        GpuMixin._spawners.clear()
        after.load_state(state)
        self.assertEqual(bob.take_gpus(Grant("nvidia", ("GPU-a",))), ["GPU-a"])
        after.clear_state()
        self.assertEqual(bob.take_gpus(Grant("nvidia", ("GPU-a",))), [])

    def test_is_read_only_as_a_router_writes_it(self) -> None:
        self.assertIsNone(parse_grant(None))
        self.assertEqual(parse_grant({"kind": "amd", "ids": ["0"]}), Grant("amd", ("0",)))
        for made_up in (
            [], {}, {"kind": "intel", "ids": []}, {"kind": "amd"}, {"kind": "amd", "ids": ["a b"]},
            {"kind": "amd", "ids": [1]}, {"kind": "amd", "ids": ["0"] * 17},
        ):  # fmt: skip
            with self.subTest(made_up), self.assertRaises(ValueError):
                parse_grant(made_up)
