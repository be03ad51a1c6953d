// How long until a router that remembers nothing knows where everybody's server runs: 1,000 servers on 200 nodes, their
// records in 10,000 homes on local disk, among planted ones. Nodes are simulated; reader, sweep and locate are the real ones.
//   npm run bench:recovery [-- --json --homes N --servers N --nodes N]
import { parseArgs } from "node:util";
import { composeDiscovery } from "../../dist/composition/discovery.js";
import { unlessAborted } from "../../dist/deadline.js";
import { parseConfig } from "../../dist/config.js";
import { createMemoryCache } from "../../dist/discovery/io/cache.js";
import { createSystemClock } from "../../dist/system.js";
import { plantHomes } from "./recovery-homes.mjs";
import { simulateNodes } from "./recovery-nodes.mjs";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    homes: { type: "string", default: "10000" },
    servers: { type: "string", default: "1000" },
    nodes: { type: "string", default: "200" },
  },
});
const GIVE_UP_MS = 120_000;
const NO_ASSIGNMENTS = { find: async () => undefined };
/** People who come back at the same time. */
const AT_ONCE = 50;

const homes = plantHomes({
  homes: Number(values.homes),
  servers: Number(values.servers),
  nodes: Number(values.nodes),
});
try {
  report(await recover(AbortSignal.timeout(GIVE_UP_MS)));
} finally {
  homes.remove();
}

async function recover(signal) {
  const clock = createSystemClock();
  const scanned = withResolvers();
  const log = {
    debug() {},
    info: (fields, message) => message.startsWith("all homes") && scanned.resolve(fields),
  };
  log.warn = log.error = (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  const config = parseConfig(`home: {path: "${homes.root}/{user}", deadline: 10s}`, {
    file: "/bench",
    home: "/",
  });
  const { hosts, agent, hubApi, keeper } = simulateNodes(homes);
  const discovery = composeDiscovery(
    config,
    { clock, log, hosts, agent },
    {
      ...{ hubApi, keeper, cluster: { heedLists() {} }, assignments: NO_ASSIGNMENTS },
      cache: { ...createMemoryCache(clock), onReturn() {} },
    },
  );
  const { services } = discovery;
  const startedAt = performance.now();
  try {
    for (const service of services) await service.start();
    const found = await locateAll(discovery.locator, signal);
    const seconds = secondsSince(startedAt);
    await unlessAborted(scanned.promise, signal);
    return { seconds, ...found, allHomesSeconds: secondsSince(startedAt) };
  } finally {
    for (const service of services.toReversed()) await service.stop();
  }
}

/** Everybody who has a server comes back, and so does everybody who would like to be sent to another's. */
async function locateAll(locator, signal) {
  const result = { located: 0, wrongRoutes: 0 };
  const waiting = [...homes.live, ...homes.hostile];
  async function visitor() {
    for (let user = waiting.shift(); user !== undefined; user = waiting.shift()) {
      const location = await locator.locate({ user: user.name, server: "" }, signal);
      const nodes =
        location.kind === "found" ? [location.sighting, ...location.others].map(({ node }) => node) : [];
      if (nodes.some((node) => node !== user.node)) result.wrongRoutes += 1;
      else if (nodes.length > 0) result.located += 1;
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  return result;
}

function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve) => Object.assign(resolvers, { resolve }));
  return resolvers;
}

function secondsSince(startedAt) {
  return Number(((performance.now() - startedAt) / 1000).toFixed(2));
}

function report(result) {
  if (values.json) console.log(JSON.stringify(result));
  else {
    console.log(`${result.located} of ${values.servers} servers located after ${result.seconds} s`);
    console.log(`all ${values.homes} homes read after ${result.allHomesSeconds} s`);
    console.log(`${result.wrongRoutes} wrong routes`);
  }
}
