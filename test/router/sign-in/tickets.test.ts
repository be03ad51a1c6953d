import { execFileSync, spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { DEFAULT_SERVER, type NodeId, type ServerName, type UserName } from "../../../src/model.ts";
import { createTickets } from "../../../src/router/sign-in/tickets.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createFakeRandom } from "../../support/fake-random.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PYTHON = process.env["PYTHON"] ?? "python3";
const hasPython = spawnSync(PYTHON, ["-c", "import cryptography"]).status === 0;

const NOW_S = 1_800_000_000;
const node1 = "node1" as NodeId;
const node2 = "node2" as NodeId;
const alice = {
  id: "session-of-alice-1",
  user: "alice" as UserName,
  groups: ["lab"],
};
const { privateKey } = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");

function ticketsWith({ key = privateKey, offsetMs = 0 } = {}) {
  const clock = createFakeClock(NOW_S * 1000);
  const random = createFakeRandom(String(offsetMs));
  return createTickets(
    { clock, random, clockOffsetMs: (node) => (node === node1 ? offsetMs : 0) },
    () => key,
  );
}

type Try = readonly [token: string, use: string, now: number, nonce: string | null];

/** What the verifier that runs on hubs makes of tickets. */
function askHub(
  tries: readonly Try[],
  { keys = [other.privateKey, privateKey], startedAt = NOW_S - 100 } = {},
): Record<string, unknown>[] {
  const pems = keys.map((key) => createPublicKey(key).export({ type: "spki", format: "pem" }));
  const order = { node: "node1", keys: pems, startedAt, tries };
  const folder = join(ROOT, "src/nodes/remote/multijhub_hub");
  const script = join(ROOT, "test/support/ticket-gate.py");
  const answer = execFileSync(PYTHON, [script, folder], { input: JSON.stringify(order), encoding: "utf8" });
  return answer
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const why = hasPython ? "" : ` (NOT RUN: ${PYTHON} has no cryptography; set PYTHON to one that has)`;
(hasPython ? describe : describe.skip)(`a ticket, as the hub's own verifier reads it${why}`, () => {
  it("signs in the browser it was made for, once, on its node, in its time", () => {
    const tickets = ticketsWith();
    const ticket = tickets.login(alice, node1, "nonce of alice");
    const answers = askHub([
      [ticket, "login", NOW_S, "nonce of mallory"],
      [ticket, "login", NOW_S, null],
      [ticket, "introduce", NOW_S, null],
      [tickets.login(alice, node2, "nonce of alice"), "login", NOW_S, "nonce of alice"],
      [ticket, "login", NOW_S + 31, "nonce of alice"],
      [ticket, "login", NOW_S + 29, "nonce of alice"],
      [ticket, "login", NOW_S + 29, "nonce of alice"],
    ]);
    expect(answers).toEqual([
      { refused: "it belongs to another browser" },
      { refused: "this browser did not ask for it, or keeps no cookies" },
      { refused: "it is for another use" },
      { refused: "it is for another node" },
      { refused: expect.stringContaining("expired 1 s ago") },
      { user: "alice", use: "login", session: "session-of-alice-1", groups: ["lab"] },
      { refused: "it was used before" },
    ]);
  });

  it("keeps to the node's clock, however wrong that is", () => {
    for (const offsetS of [-3600, -7, 0, 7, 86_400]) {
      const ticket = ticketsWith({ offsetMs: offsetS * 1000 }).introduce("alice" as UserName, node1);
      const order: Try = [ticket, "introduce", NOW_S + offsetS, null];
      const [answer] = askHub([order], { startedAt: NOW_S + offsetS - 100 });
      expect(answer).toMatchObject({ user: "alice", groups: null });
    }
  });

  it("permits the start it was made for", () => {
    const gpu = { server: "gpu" as ServerName, supersedes: "claim-of-a-dead-server" };
    const orders = [undefined, { server: DEFAULT_SERVER }, gpu].map((start): Try => {
      return [ticketsWith().introduce(alice.user, node1, start), "introduce", NOW_S, null];
    });
    const starts = orders.map((order) => askHub([order])[0]?.["start"]);
    expect(starts).toEqual([undefined, { server: "", supersedes: null }, gpu]);
  });

  it("is nothing with another key, or changed", () => {
    const forged = ticketsWith({ key: other.privateKey }).introduce("alice" as UserName, node1);
    const [header = "", payload = "", signature = ""] = ticketsWith().introduce(alice.user, node1).split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "multijhub-ticket" })).toString("base64url");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const asBob = Buffer.from(JSON.stringify({ ...claims, sub: "bob" })).toString("base64url");
    const answers = askHub(
      [
        forged,
        `${header}.${asBob}.${signature}`,
        `${none}.${payload}.`,
        `${none}.${payload}.${signature}`,
      ].map((token): Try => [token, "introduce", NOW_S, null]),
      { keys: [privateKey] },
    );
    expect(answers.map(({ refused }) => refused)).toEqual([
      "its signature is not the router's",
      "its signature is not the router's",
      "it is malformed",
      "it is malformed",
    ]);
  });

  it("signs out one session, or all", () => {
    const tickets = ticketsWith();
    const answers = askHub([
      [tickets.signOut(alice.user, node1, alice.id), "signout", NOW_S, null],
      [tickets.signOut(alice.user, node1), "signout", NOW_S, null],
    ]);
    expect(answers.map(({ session }) => session)).toEqual(["session-of-alice-1", null]);
  });
});
