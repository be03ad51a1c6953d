import { expect, it } from "@jest/globals";
import { sudoObjection } from "../../../../src/nodes/ssh/decide/sudo-objection.ts";

it.each([
  ["sudo: a password is required", "wants a password"],
  ["sudo: a terminal is required to read the password", "wants a password"],
  ["sudo: sorry, you must have a tty to run sudo", "wants a password"],
  ["ops is not in the sudoers file.", "does not allow it"],
  ["Sorry, user ops is not allowed to execute '/usr/bin/sh -c x' as root on node1.", "does not allow it"],
  ["Sorry, user ops may not run sudo on node1.", "does not allow it"],
  ["bash: line 1: sudo: command not found", "is not installed"],
  ["sh: 1: sudo: not found", "is not installed"],
  ["bash: line 1: multijhub-agent: command not found", undefined],
  ["sudo: multijhub-agent: command not found", undefined],
  ["", undefined],
])("reads what sudo says: %s", (said, words) => {
  expect(sudoObjection(said)).toBe(words);
});
