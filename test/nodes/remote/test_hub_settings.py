from __future__ import annotations

import unittest
from typing import Any

from multijhub_agent.hub_settings import parse_command, parse_settings, parse_words
from multijhub_agent.protocol import Refusal

TOKEN = "s3cret" * 8
GOOD: dict[str, Any] = {
    "node": "node1",
    "baseUrl": "/n/node1/",
    "ports": {"proxy": 910, "hub": 911, "api": 912},
    "jupyterhub": None,
    "proxyCommand": None,
    "serviceToken": TOKEN,
    "ticketKeys": ["-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"],
    "lobby": True,
    "adminUsers": ["carol"],
}


class HubSettingsTest(unittest.TestCase):
    def refused(self, **changes: Any) -> str:
        with self.assertRaises(Refusal) as caught:
            parse_settings({**GOOD, **changes}, allow_high_ports=False)
        self.assertEqual(caught.exception.code, "BAD_SETTINGS")
        return caught.exception.message

    def test_accepts_what_the_router_sends(self) -> None:
        settings = parse_settings(GOOD, allow_high_ports=False)
        self.assertEqual(
            (settings.base_url, settings.ports["api"], settings.start_timeout_ms), ("/n/node1/", 912, 60_000)
        )

    def test_keeps_the_port_on_loopback_unless_told_to_open_it(self) -> None:
        self.assertFalse(parse_settings(GOOD, allow_high_ports=False).open_port)
        self.assertTrue(parse_settings({**GOOD, "openPort": True}, allow_high_ports=False).open_port)

    def test_names_the_field_and_never_its_value(self) -> None:
        for field, values in {
            "node": ["", "a/b", "..", "-x", 7, None],
            "baseUrl": ["/n/node1", "n/node1/", "//", "/n/../", "/n/a b/"],
            "ports": [
                None,
                {},
                {"proxy": 910},
                {**GOOD["ports"], "hub": 910},
                {**GOOD["ports"], "hub": 8000},
                {**GOOD["ports"], "hub": True},
            ],
            "serviceToken": [None, "short", TOKEN + "\n", TOKEN * 2],
            "nextServiceToken": ["", "short", 7],
            "ticketKeys": [None, "pem", [7], ["-----BEGIN PRIVATE KEY-----\nx"]],
            "lobby": ["yes", 1],
            "openPort": ["yes", 1, None],
            "adminUsers": [None, [""], ["a\nb"]],
            "homeGroup": ["", "-g", "a:b", "a\nb", 7],
            "startTimeoutMs": [0, "60000", 1.5, None],
            "jupyterhub": ["jupyterhub", "", 7, "/a\0b"],
            "proxyCommand": [[], ["node"], "node", ["/node", 7]],
        }.items():
            for value in values:
                with self.subTest(field=field, value=value):
                    message = self.refused(**{field: value})
                    self.assertIn(field, message)
                    self.assertNotIn("s3cret", message)

    def test_high_ports_are_for_tests(self) -> None:
        ports = {"proxy": 9100, "hub": 9101, "api": 9102}
        self.assertEqual(parse_settings({**GOOD, "ports": ports}, allow_high_ports=True).ports, ports)

    def test_commands_are_absolute_or_to_be_found(self) -> None:
        self.assertIsNone(parse_command(None))
        self.assertEqual(parse_words(["/usr/bin/node", "chp"]), ["/usr/bin/node", "chp"])

    def test_the_hub_is_told_nothing_about_how_it_is_started(self) -> None:
        told = parse_settings(GOOD, allow_high_ports=False).for_hub()
        keys = {"service_token", "next_service_token", "ticket_keys"}
        self.assertEqual(set(told), {"node", "base_url", "ports", "lobby", "admin_users", "home_group"} | keys)
