// What a placement decision costs in CPU time, which other work on the machine changes little: npm run bench:placement [-- --json] [--rounds N]
import { parseArgs } from "node:util";
import { choose } from "../../dist/nodes/placement/decide/placement.js";

const GIB = 1024 ** 3;
const POLICY = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: GIB / 2, cores: 0.25 },
  headroomBytes: GIB / 2,
  gpus: "assigned",
};
const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "9" } },
});

/** Nodes as a site has them: each with servers, every tenth with GPUs, some full, down or about to start servers. */
function snapshotOf(count) {
  const nodes = Array.from({ length: count }, (_, index) => {
    const id = `node${index}`;
    const starting = index % 5 === 0 ? [reservation(id, index)] : [];
    return {
      spec: {
        id,
        address: id,
        sshPort: 22,
        become: "none",
        transport: "ssh",
        weight: 1,
        labels: index % 10 === 0 ? ["gpu"] : [],
        ...(index % 7 === 0 && { maxServers: 4 }),
      },
      state: index % 33 === 0 ? "down" : "up",
      detail: "",
      reservations: starting,
      growing: [{ key: { user: `user${index}`, server: "" }, memoryBytes: GIB }],
      load: {
        takenAtMs: 0,
        clockOffsetMs: 0,
        cores: 16,
        load1: (index % 23) / 2,
        memoryTotalBytes: 64 * GIB,
        memoryAvailableBytes: (20 + (index % 37)) * GIB,
        servers: index % 9,
        users: index % 9,
        ...(index % 10 === 0 && { gpus: [0, 1, 2, 3].map((number) => gpu(number, index)) }),
      },
    };
  });
  return { takenAtMs: 0, nodes };
}

function reservation(node, index) {
  return { key: { user: `new${index}`, server: "" }, node, memoryBytes: GIB / 2, expiresAtMs: 1e6 };
}

function gpu(number, index) {
  const holders = number < index % 4 ? [{ user: `user${number}`, server: "" }] : [];
  const device = { kind: "nvidia", id: `GPU-${number}`, index: number, name: "GPU" };
  return { ...device, memoryTotalBytes: 40 * GIB, memoryUsedBytes: number * GIB, holders };
}

function microsecondsOf(snapshot, decisions) {
  const began = process.cpuUsage();
  for (let each = 0; each < decisions; each += 1) {
    const request = { key: { user: "alice", server: "" }, gpus: each % 10 === 0 ? 1 : 0 };
    const { verdicts } = choose(snapshot, request, POLICY, 0);
    if (verdicts[0].reasons.length === 0) throw new Error("no reasons");
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / decisions;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const results = [10, 100, 1000].map((nodes) => {
  const snapshot = snapshotOf(nodes);
  const decisions = Math.ceil(20_000 / nodes);
  microsecondsOf(snapshot, decisions);
  const rounds = Array.from({ length: Number(values.rounds) }, () => microsecondsOf(snapshot, decisions));
  return { nodes, microseconds: Math.round(median(rounds) * 10) / 10 };
});

if (values.json) console.log(JSON.stringify({ results }));
else
  for (const { nodes, microseconds } of results) console.log(`${nodes} nodes: ${microseconds} µs a decision`);
