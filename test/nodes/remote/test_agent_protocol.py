from __future__ import annotations

import json
import os
import unittest
from pathlib import Path

from multijhub_agent import VERSION

from .agent_sandbox import AGENT, Sandbox

PACKAGE = Path(__file__).resolve().parents[3] / "package.json"


class ProtocolTest(unittest.TestCase):
    def setUp(self) -> None:
        self.node = Sandbox()
        self.addCleanup(self.node.remove)

    def run_agent(self, words: list[str], text: str = "{}\n", **environment: str) -> tuple[int, str]:
        process = self.node.spawn(words, **environment)
        output, _ = process.communicate(text, timeout=15)
        return process.returncode, output

    def test_is_of_the_package_s_version(self) -> None:
        self.assertEqual(json.loads(PACKAGE.read_text())["version"], VERSION)
        self.assertIn(VERSION, self.run_agent(["--version"])[1])

    def test_says_what_it_does_not_understand(self) -> None:
        for words, text in (
            (["reboot"], "{}\n"),
            ([], "{}\n"),
            (["status"], "[]\n"),
            (["status"], "{\n"),
            (["status"], "x" * 2_000_000),
        ):
            with self.subTest(words=words, text=text[:9]):
                status, output = self.run_agent(words, text)
                self.assertEqual(status, 2)
                self.assertIn("multijhub-agent:", output)

    def test_as_forced_command_runs_only_its_verbs(self) -> None:
        for command in (
            "multijhub-agent facts",
            "sudo -n multijhub-agent facts",
            "/usr/local/bin/multijhub-agent facts",
        ):
            status, output = self.run_agent(["--forced"], SSH_ORIGINAL_COMMAND=command)
            self.assertEqual((status, json.loads(output)["ok"]), (0, True), output)
        for command in ("", "cat /etc/shadow", "multijhub-agent facts; id", "multijhub-agent $(id)", "bash -i"):
            self.assertEqual(self.run_agent(["--forced"], SSH_ORIGINAL_COMMAND=command)[0], 2, command)

    def test_as_forced_command_takes_no_directories_from_the_client(self) -> None:
        status, output = self.run_agent(["--forced"], SSH_ORIGINAL_COMMAND="multijhub-agent status")
        self.assertEqual(status, 0)
        self.assertFalse((self.node.root / "run").exists(), output)

    def test_sampling_ends_with_the_channel(self) -> None:
        process = self.node.spawn(["sample"])
        assert process.stdin and process.stdout
        process.stdin.write('{"everyMs": 100}\n')
        process.stdin.flush()
        for _ in range(3):
            sample = json.loads(process.stdout.readline())["sample"]
            self.assertGreater(sample["cores"], 0)
        process.stdin.close()
        last = process.stdout.read().splitlines()[-1]
        process.stdout.close()
        self.assertEqual(process.wait(5), 0)
        self.assertGreaterEqual(json.loads(last)["result"]["samples"], 3)

    def test_answers_bad_input_as_data(self) -> None:
        for verb, given in (
            ("account", {}),
            ("listeners", {"ports": "22"}),
            ("sample", {"everyMs": 1}),
            ("facts", {"jupyterhub": "x"}),
        ):
            self.assertEqual(self.node.ask(verb, given)["error"]["code"], "BAD_SETTINGS")

    def test_is_executable(self) -> None:
        self.assertTrue(os.access(AGENT, os.X_OK))
