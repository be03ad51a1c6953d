import { expect, it } from "@jest/globals";
import { AppError, type ErrorCode } from "../src/errors.ts";
import { lossOf, type LossCause } from "../src/node-loss.ts";

const OWN = "the error's own";

it.each<[LossCause, ErrorCode, string, RegExp]>([
  ["name-unknown", "NODE_UNREACHABLE", "getaddrinfo ENOTFOUND node1", /an address that resolves: node1/],
  ["refused", "NODE_UNREACHABLE", "connect ECONNREFUSED", /enable --now sshd/],
  ["no-route", "NODE_UNREACHABLE", "connect EHOSTUNREACH", /switch node1 on/],
  ["no-answer", "NODE_UNREACHABLE", "node1:22 did not answer within 10 s", /firewalls/],
  ["no-answer", "NODE_UNREACHABLE", "something else", /own/],
  ["hung-after-accept", "NODE_TIMEOUT", "node1:22 accepts connections, but did not let us in", /console/],
  ["no-answer", "NODE_TIMEOUT", "told nothing of its load for 10 s", /own/],
  ["host-key-unknown", "HOST_KEY_UNKNOWN", "not pinned", /^multijhub trust node1$/],
  ["host-key-changed", "HOST_KEY_CHANGED", "changed", /trust node1 --replace/],
  ["auth-refused", "SSH_AUTH_REFUSED", "refused", /own/],
  ["ssh-config", "SSH_CONFIG", "bad", /own/],
  ["connection-lost", "TUNNEL_LOST", "closed by the other side", /own/],
  ["agent-missing", "AGENT_MISSING", "not installed", /^multijhub provision node1$/],
  ["agent-outdated", "AGENT_VERSION", "older", /^multijhub provision node1$/],
  ["agent-failed", "AGENT_ANSWER", "nonsense", /own/],
])("%s is behind %s, %s", (cause, code, message, remedy) => {
  const loss = lossOf("node1", new AppError(code, message, { remedy: OWN }));
  expect(loss).toEqual({ cause, remedy: expect.stringMatching(remedy) });
});

it("takes any other failure for a lost connection", () => {
  expect(lossOf("node1", new Error("what?"))).toEqual({ cause: "connection-lost", remedy: "" });
});
