from __future__ import annotations

import json
import os
import signal
import socket
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from multijhub_agent import process_table

from .agent_sandbox import TOKEN, Sandbox


class AgentTest(unittest.TestCase):
    def setUp(self) -> None:
        self.node = Sandbox()
        self.addCleanup(self.node.remove)

    def started(self, **changes: object) -> dict[str, object]:
        answer = self.node.start(**changes)
        self.assertTrue(answer["ok"], answer)
        return dict(answer["result"])

    def refused(self, code: str, **changes: object) -> str:
        answer = self.node.start(**changes)
        self.assertFalse(answer["ok"], answer)
        self.assertEqual(answer["error"]["code"], code)
        self.assertTrue(answer["error"]["remedy"])
        return str(answer["error"]["message"])

    def test_starts_a_hub_once(self) -> None:
        self.assertEqual(self.node.ask("status")["result"]["state"], "absent")
        first = self.started()
        again = self.started()
        self.assertEqual((first["changed"], again["changed"], first["version"]), (True, False, "5.9.9"))
        self.assertEqual(first["pid"], again["pid"])
        status = self.node.ask("status")["result"]
        self.assertEqual(
            (status["state"], status["pid"], status["settingsHash"]), ("ready", first["pid"], first["settingsHash"])
        )
        self.assertEqual((status["ports"], status["logTail"]), (self.node.settings["ports"], []))

    def test_users_programs_hear_when_their_terminal_is_closed(self) -> None:
        """What a hub ignores its servers, terminals and all programs in them ignore: they would outlive the terminal."""
        status = Path(f"/proc/{self.started()['pid']}/status").read_text()
        ignored = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")), 16)
        self.assertFalse(ignored & 1 << signal.SIGHUP - 1)

    def test_two_routers_at_once_get_one_hub(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: self.started(), range(4)))
        self.assertEqual(sorted(bool(result["changed"]) for result in results), [False, False, False, True])
        self.assertEqual(len({result["pid"] for result in results}), 1)

    def test_new_settings_restart_the_hub_and_not_the_proxy(self) -> None:
        self.started()
        hub, proxy = self.node.record("hub"), self.node.record("proxy")
        self.assertTrue(self.started(adminUsers=["carol"])["changed"])
        self.assertNotEqual(self.node.record("hub")["pid"], hub["pid"])
        self.assertEqual(self.node.record("proxy"), proxy)
        self.assertIsNone(process_table.start_ticks(hub["pid"]))

    def test_a_new_fragment_restarts_the_hub_and_a_bad_one_does_not(self) -> None:
        first = self.started()
        folder = self.node.root / "etc/multijhub/hub.d"
        folder.mkdir(parents=True)
        (folder / "10-site.py").write_text("c.JupyterHub.x = (")
        self.assertIn("10-site.py", self.refused("BAD_FRAGMENT"))
        self.assertEqual(self.node.ask("status")["result"]["pid"], first["pid"])
        (folder / "10-site.py").write_text("c.JupyterHub.x = 1")
        self.assertTrue(self.started()["changed"])

    def test_brings_back_whichever_of_the_two_died(self) -> None:
        self.started()
        for name, detail in (("hub", "the hub ended"), ("proxy", "the hub's proxy is not running")):
            self.node.kill(name)
            status = self.node.ask("status")["result"]
            self.assertEqual((status["state"], status["detail"]), ("failing", detail))
            self.assertTrue(self.started()["changed"])
            self.assertEqual(self.node.ask("status")["result"]["state"], "ready")

    def test_recognises_its_processes_when_the_records_are_lost(self) -> None:
        first = self.started()
        for file in (self.node.root / "run/multijhub").glob("*.json"):
            file.unlink()
        self.assertEqual(self.node.ask("status")["result"]["state"], "absent")
        again = self.started()
        self.assertEqual((again["changed"], again["pid"]), (False, first["pid"]))
        self.assertEqual(self.node.ask("status")["result"]["state"], "ready")

    def test_stops_the_hub_alone_or_with_its_proxy(self) -> None:
        self.started()
        proxy = self.node.record("proxy")["pid"]
        self.assertEqual(self.node.ask("stop-hub")["result"], {"changed": True})
        self.assertEqual(self.node.ask("stop-hub")["result"], {"changed": False})
        self.assertIsNotNone(process_table.start_ticks(proxy))
        self.assertEqual(self.node.ask("stop-hub", {"proxy": True})["result"], {"changed": True})
        self.assertIsNone(process_table.start_ticks(proxy))

    def test_never_signals_a_process_that_got_the_hub_s_pid(self) -> None:
        self.started()
        record = self.node.record("hub")
        self.node.kill("hub")
        stranger = {**record, "pid": os.getpid()}
        (self.node.root / "run/multijhub/hub.json").write_text(json.dumps(stranger))
        self.assertEqual(self.node.ask("stop-hub")["result"], {"changed": False})

    def test_refuses_a_port_that_is_taken_and_touches_nothing(self) -> None:
        for name in ("proxy", "hub", "api"):
            with socket.create_server(("127.0.0.1", self.node.settings["ports"][name])):
                message = self.refused("PORT_TAKEN")
            self.assertIn(f"port {self.node.settings['ports'][name]} is taken", message)
            self.assertIn(f"uid {os.getuid()}", message)
            self.assertIn(f"pid {os.getpid()}", message)
            self.assertFalse((self.node.root / "run/multijhub/proxy.json").exists())

    def test_says_so_when_a_stranger_took_the_port_of_a_dead_hub(self) -> None:
        self.started()
        self.node.kill("proxy")
        time.sleep(0.2)
        with socket.create_server(("127.0.0.1", self.node.settings["ports"]["proxy"])):
            self.refused("PORT_TAKEN")
            self.assertEqual(self.node.ask("status")["result"]["state"], "failing")

    def test_a_hub_that_ends_at_once_leaves_nothing_and_no_secret(self) -> None:
        self.node.misbehave("exit")
        message = self.refused("HUB_NOT_HEALTHY")
        self.assertIn("cannot start", message)
        self.assertNotIn(TOKEN, message)
        self.assertIsNone(process_table.start_ticks(self.node.record("proxy")["pid"]))
        status = self.node.ask("status")["result"]
        self.assertEqual(status["state"], "failing")
        self.assertIn("cannot start", "\n".join(status["logTail"]))
        self.assertNotIn(TOKEN, json.dumps(status))

    def test_a_hub_that_never_answers_is_given_up_and_stopped(self) -> None:
        self.node.misbehave("silent")
        self.assertIn("did not answer within 1 s", self.refused("HUB_NOT_HEALTHY", startTimeoutMs=1_000))
        self.assertIsNone(process_table.start_ticks(self.node.record("hub")["pid"]))

    def test_says_starting_while_it_starts(self) -> None:
        self.node.misbehave("slow")
        with ThreadPoolExecutor(1) as pool:
            start = pool.submit(self.started)
            states = set()
            while not start.done():
                states.add(self.node.ask("status")["result"]["state"])
        self.assertEqual(states - {"absent", "ready"}, {"starting"})

    def test_refuses_what_is_missing_or_too_old(self) -> None:
        self.refused("JUPYTERHUB_MISSING", jupyterhub="/nowhere/jupyterhub")
        self.refused("PROXY_MISSING", proxyCommand=["/nowhere/proxy"])
        self.refused("BAD_SETTINGS", baseUrl="/")
        self.node.version("4.1.6")
        self.assertIn("4.1.6", self.refused("JUPYTERHUB_TOO_OLD"))
        self.node.version("5.2.1")
        self.assertIn("JupyterHub 5.2.1 has published", str(self.started()["warnings"]))

    def test_says_which_program_cannot_be_run(self) -> None:
        (self.node.root / "proxy").write_text("#!/nowhere/node\n")
        self.assertIn(f"{self.node.root}/proxy cannot be run", self.refused("HUB_NOT_HEALTHY"))

    def test_keeps_secrets_out_of_sight(self) -> None:
        self.started()
        for name in ("hub", "proxy"):
            pid = self.node.record(name)["pid"]
            self.assertNotIn(TOKEN.encode(), Path(f"/proc/{pid}/cmdline").read_bytes())
            self.assertNotIn(TOKEN.encode(), Path(f"/proc/{pid}/environ").read_bytes())
            self.assertEqual(os.getsid(pid), pid)
        for folder in ("var/lib/multijhub", "run/multijhub"):
            self.assertEqual((self.node.root / folder).stat().st_mode & 0o777, 0o700)
        for path in self.node.hub_folder.iterdir():
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_its_children_do_not_hold_the_channel_open(self) -> None:
        process = self.node.spawn(["start-hub"])
        output, _ = process.communicate(json.dumps(self.node.settings) + "\n", timeout=15)  # returns at EOF of stdout
        self.assertIn('"ok": true', output)
