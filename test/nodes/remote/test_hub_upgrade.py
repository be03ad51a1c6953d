from __future__ import annotations

import sqlite3
import unittest
from contextlib import closing

from .agent_sandbox import Sandbox


class HubUpgradeTest(unittest.TestCase):
    def setUp(self) -> None:
        self.node = Sandbox()
        self.addCleanup(self.node.remove)
        self.node.hub_folder.mkdir(parents=True)
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("CREATE TABLE older (id INTEGER)")
        self.assertTrue(self.node.start()["ok"])

    @property
    def database(self) -> str:
        return str(self.node.hub_folder / "jupyterhub.sqlite")

    def tables(self, path: str = "") -> list[str]:
        with closing(sqlite3.connect(path or self.database)) as database:
            return [name for (name,) in database.execute("SELECT name FROM sqlite_master ORDER BY name")]

    def test_keeps_the_database_of_the_former_jupyterhub_apart(self) -> None:
        answer = self.node.start(jupyterhub=self.node.other_jupyterhub("6.0.0"))
        self.assertEqual(answer["result"]["version"], "6.0.0")
        self.assertEqual(self.tables(f"{self.database}.of-5.9.9"), ["older"])

    def test_puts_it_back_and_starts_the_former_again_if_the_new_one_fails(self) -> None:
        self.node.misbehave("ruin 6.0.0")
        answer = self.node.start(jupyterhub=self.node.other_jupyterhub("6.0.0"))
        self.assertEqual(answer["error"]["code"], "HUB_NOT_HEALTHY")
        self.assertIn("cannot start with what I have just made", answer["error"]["message"])
        self.assertIn("as JupyterHub 5.9.9 left it (jupyterhub.sqlite.of-5.9.9)", answer["error"]["message"])
        self.assertIn("runs again", answer["error"]["message"])
        self.assertEqual(self.tables(), ["older"])
        status = self.node.ask("status")["result"]
        self.assertEqual((status["state"], status["version"]), ("ready", "5.9.9"))

    def test_says_so_if_the_former_is_not_there_any_more(self) -> None:
        self.node.misbehave("ruin 6.0.0")
        self.node.version("6.0.0")
        message = self.node.start()["error"]["message"]
        self.assertIn("no hub runs: JupyterHub 5.9.9 is not there any more", message)
        self.assertEqual(self.tables(), ["older"])
