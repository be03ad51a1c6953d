import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeId, ServerKey, UserName } from "../../src/model.ts";
import { nodeToken } from "../../src/nodes/keys/decide/node-token.ts";
import { createHosts } from "../../src/nodes/inventory/hosts.ts";
import { createHostsFileWatcher } from "../../src/nodes/inventory/io/hosts-file-watcher.ts";
import { createHubApi, type HubApiAdapter } from "../../src/nodes/hubs/io/hub-api.ts";
import { createHubClient, type HubClient } from "../../src/nodes/hubs/io/hub-client.ts";
import { createIdleStops } from "../../src/nodes/orders/io/idle-stops.ts";
import { createNodeDialer } from "../../src/nodes/ssh/io/node-dialer.ts";
import { createAgentRunner } from "../../src/nodes/ssh/io/ssh-agent-runner.ts";
import { createSshPool } from "../../src/nodes/ssh/io/ssh-pool.ts";
import { startAll } from "../../src/lifecycle.ts";
import type { IdleStopOrder, IdleStops } from "../../src/ports.ts";
import { createSystemClock, createSystemRandom } from "../../src/system.ts";
import type { Lab } from "./lab.ts";
import { recordsOf, type PublishedRecord } from "./lab-records.ts";
import { createMemoryLog } from "./memory-log.ts";

/** The router's way to stop idle servers of the lab, put together as the application does it, with the running router's keys. */
export interface LabIdleStops {
  readonly stops: IdleStops;
  readonly client: HubClient;
  readonly hubApi: HubApiAdapter;
  token(node: string): string;
  close(): Promise<void>;
}

export async function createLabIdleStops(lab: Lab): Promise<LabIdleStops> {
  const { LAB_KEY: keyFile = "", LAB_KNOWN_HOSTS = "" } = lab.settings;
  const [clock, random, log] = [createSystemClock(), createSystemRandom(), createMemoryLog()];
  const hosts = createHosts({ file: createHostsFileWatcher(join(lab.dir, "hosts"), { log }), clock, log });
  const specOf = hosts.find;
  const pool = createSshPool(
    { specOf, clock, random, log },
    { knownHostsFiles: [LAB_KNOWN_HOSTS], keyFile, useAgent: false },
  );
  const agent = createAgentRunner({ pool, specOf, clock });
  const client = createHubClient(createNodeDialer({ pool, specOf, clock }), { proxyPortOf: () => 910 });
  function token(node: string): string {
    return nodeToken(readFileSync(join(lab.dir, "router/state/master.key")), node as NodeId);
  }
  const hubApi = createHubApi(client, { tokenOf: token });
  const stops = createIdleStops({ client, hubApi, agent, clock }, { tokensOf: (node) => [token(node)] });
  const stopServices = await startAll([hosts, pool]);
  async function close(): Promise<void> {
    await client.close();
    await stopServices();
  }
  return { stops, client, hubApi, token, close };
}

/** What a server of the lab says of itself, as far as orders go by it. */
export interface IdleRecord extends PublishedRecord {
  readonly user: string;
  readonly startTicks: number;
  readonly bootId: string;
  readonly idleSinceMs?: number;
  readonly idleButTabsSinceMs?: number;
}

/** The first record of the user; undefined while there is none. */
export function idleRecordOf(lab: Lab, user: string): IdleRecord | undefined {
  return recordsOf(lab, user)[0] as IdleRecord | undefined;
}

/** What a plan made now would say of the server: stop, if it has been idle for these last seconds. */
export function orderFor(record: IdleRecord, seconds: number, ignoresTabs = false): IdleStopOrder {
  const { user, node, pid, startTicks, bootId } = record;
  const key: ServerKey = { user: user as UserName, server: "" } as ServerKey;
  const process = { pid, startTicks, bootId };
  return { key, node: node as NodeId, process, idleSinceMs: Date.now() - seconds * 1000, ignoresTabs };
}

/** The record of the user's server, once it says so; fails with the last one. */
export async function untilRecord(
  lab: Lab,
  user: string,
  isSo: (record: IdleRecord) => boolean,
): Promise<IdleRecord> {
  for (const end = Date.now() + UNTIL_MS; ;) {
    const record = idleRecordOf(lab, user);
    if (record !== undefined && isSo(record)) return record;
    await sleep(500);
    if (Date.now() > end) throw new Error(`the server of ${user} says ${JSON.stringify(record)}`);
  }
}

const UNTIL_MS = 75_000;

/** The record of a server that has been idle for some seconds, tabs aside. */
export function untilIdle(lab: Lab, user: string): Promise<IdleRecord> {
  return untilRecord(
    lab,
    user,
    ({ idleButTabsSinceMs = Infinity }) => Date.now() - idleButTabsSinceMs > 4000,
  );
}
