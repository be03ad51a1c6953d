import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import type { KeySet } from "../../../src/nodes/keys/decide/key-set.ts";
import { createKeyRotation } from "../../../src/nodes/keys/key-rotation.ts";
import { createKeyring } from "../../../src/nodes/keys/keyring.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";

const [NODE1, NODE2, NODE3] = ["node1", "node2", "node3"] as NodeId[] as [NodeId, NodeId, NodeId];
const HOUR = 3_600_000;

/** Three nodes: two whose hubs run, one without a hub. */
async function startRig() {
  const clock = createFakeClock(1_000_000);
  const log = createMemoryLog();
  const { privateKey } = generateKeyPairSync("ed25519");
  const state = {
    keys: { master: { current: new Uint8Array([1]) }, ticket: { current: privateKey } } as KeySet,
    preparedAtMs: 0,
    prepare() {
      state.keys = { ...state.keys, master: { current: new Uint8Array([1]), next: new Uint8Array([2]) } };
      state.preparedAtMs = clock.now();
    },
    readKeys: () => Promise.resolve(state.keys),
    listKeys: () =>
      Promise.resolve(
        state.keys.master.next === undefined
          ? []
          : [{ state: "coming" as const, createdAtMs: state.preparedAtMs }],
      ),
    promoteKeys() {
      const { current, next = current } = state.keys.master;
      state.keys = { ...state.keys, master: { current: next } };
      return Promise.resolve();
    },
  };
  const keyring = createKeyring(state);
  const told = new Map<NodeId, KeySet>();
  const down = new Set<NodeId>();
  const hubs = {
    isTold: (node: NodeId) => told.get(node) === keyring.keys(),
    look: (node: NodeId) =>
      down.has(node)
        ? Promise.reject(new Error("no route"))
        : Promise.resolve(node === NODE3 ? ("absent" as const) : ("ready" as const)),
    ensureReady(node: NodeId) {
      told.set(node, keyring.keys());
      return Promise.resolve();
    },
    suspect: () => undefined,
  };
  const rotation = createKeyRotation(
    { keyring, state, hubs, nodes: () => [NODE1, NODE2, NODE3], clock, log },
    { everyMs: 1000, settledMs: HOUR },
  );
  await rotation.start();
  await clock.advance(0);
  return { clock, log, state, keyring, told, down, rotation };
}

it("does nothing while keys stay as they are", async () => {
  const { clock, told, rotation } = await startRig();
  await clock.advance(10_000);
  expect(told.size).toBe(0);
  await rotation.stop();
});

it("tells the hubs that run, and has the new key take over when what the old one signed is over", async () => {
  const { clock, state, keyring, told, rotation } = await startRig();
  state.prepare();
  await clock.advance(2000);
  expect([...told.keys()]).toEqual([NODE1, NODE2]);
  expect(keyring.masterKeys()).toEqual([new Uint8Array([2]), new Uint8Array([1])]);
  await clock.advance(HOUR - 5000);
  expect(keyring.masterKeys()).toHaveLength(2);
  await clock.advance(10_000);
  expect(keyring.masterKeys()).toEqual([new Uint8Array([2])]);
  expect([NODE1, NODE2].every((node) => told.get(node) === keyring.keys())).toBe(true);
  await rotation.stop();
});

it("waits for a node that cannot be asked, and says so once", async () => {
  const { clock, state, keyring, down, log, rotation } = await startRig();
  down.add(NODE2);
  state.prepare();
  await clock.advance(HOUR + 10_000);
  expect(keyring.masterKeys()).toHaveLength(2);
  expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  down.clear();
  await clock.advance(3000);
  expect(keyring.masterKeys()).toHaveLength(1);
  await rotation.stop();
});

it("takes up a key that an admin had take over before its time", async () => {
  const { clock, state, keyring, rotation } = await startRig();
  state.prepare();
  await clock.advance(2000);
  await state.promoteKeys();
  await clock.advance(2000);
  expect(keyring.masterKeys()).toEqual([new Uint8Array([2])]);
  await rotation.stop();
});
