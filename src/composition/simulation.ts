import type { Config } from "../config.ts";
import { keyText } from "../model.ts";
import type { ClusterSnapshot, NodeId, NodeSpec, NodeView } from "../model.ts";
import type { Placer } from "../ports.ts";
import { createPlacer } from "../nodes/placement/placer.ts";
import { createGrowth, type Growth } from "../nodes/placement/growth.ts";
import { createReservations } from "../nodes/placement/reservations.ts";
import { createSizeBook, type SizeBook } from "../nodes/placement/size-book.ts";
import type { RunningServer } from "../rebalancing/decide/situation.ts";
import type { Machine, Sampling } from "../simulation/decide/machine.ts";
import type { Policy, Running, Scene } from "../simulation/decide/policy.ts";
import { keyOf } from "../simulation/decide/session.ts";
import { growthOptions, placementPolicy, sizeBounds } from "./placement.ts";
import { rebalancePolicy } from "./rebalancing.ts";
import { createSimulatedRebalancing, type SimulatedRebalancing } from "./simulated-rebalancing.ts";

/** As the configuration has it by default. */
const REBALANCES_EVERY_MS = 600_000;
/** Longer than a simulated start takes: no reservation runs out. */
const EXPIRE_AFTER_MS = 180_000;

/** Agents measure servers four times as often, which changes little and takes long here. */
const MEASURED_EVERY_MS = 120_000;

/** What the router does, by the very placer and reservations it runs with; only clock and samples are simulated. */
export function createRouterPolicy(config: Config, sampling: Sampling, rebalances = false): Policy {
  const placement = policyFor(config, sampling);
  const { maxSampleAgeMs } = placement;
  const rebalancing = rebalances
    ? createSimulatedRebalancing({ ...rebalancePolicy(config), maxSampleAgeMs })
    : undefined;
  const time = { nowMs: 0 };
  const clock = { now: () => time.nowMs };
  const log = { info: () => undefined, warn: () => undefined };
  const reservations = createReservations({ clock }, { expireAfterMs: EXPIRE_AFTER_MS });
  const growth = createGrowth({ clock }, growthOptions(config));
  let snapshot: ClusterSnapshot = { takenAtMs: 0, nodes: [] };
  const cluster = { snapshot: () => snapshot };
  const book = createSizeBook({ clock }, sizeBounds(config));
  const sizes = { expected: book.expected, recall: () => Promise.resolve() };
  const placer = createPlacer({ cluster, reservations, growth, sizes, clock, log }, placement);
  const measure = createMeasuring(growth, book);

  function view(scene: Scene): ClusterSnapshot {
    time.nowMs = scene.nowMs;
    const held = reservations.byNode();
    const growing = growth.byNode();
    const loads = scene.samples();
    const nodes = scene.machines.map((machine, index): NodeView => {
      const load = loads[index];
      const closure = rebalancing?.closures.get(machine.id);
      return {
        spec: specOf(machine),
        state: "up",
        detail: "",
        ...(load && { load }),
        ...(closure && { closure }),
        reservations: held.get(machine.id) ?? [],
        growing: growing.get(machine.id) ?? [],
      };
    });
    return { takenAtMs: scene.nowMs, nodes };
  }

  return {
    place(session, scene) {
      time.nowMs = scene.nowMs;
      measure(scene);
      snapshot = view(scene);
      const placement = placer.place(keyOf(session));
      if (placement.kind === "none") return undefined;
      return scene.machines.findIndex(({ id }) => id === placement.node);
    },
    started(session, { id }, nowMs) {
      time.nowMs = nowMs;
      placer.started(keyOf(session), id);
    },
    reported({ id }, nowMs) {
      time.nowMs = nowMs;
      reservations.noteCount(id, nowMs);
    },
    ...(rebalancing && rebalancingOf(rebalancing, view, placer)),
  };
}

/** What nodes say of the sizes of servers; when somebody comes. */
function createMeasuring(growth: Growth, book: SizeBook): (scene: Scene) => void {
  let measuredMs = -MEASURED_EVERY_MS;
  return (scene) => {
    if (scene.nowMs - measuredMs < MEASURED_EVERY_MS) return;
    measuredMs = scene.nowMs;
    for (const [index, sample] of scene.samples().entries()) {
      const { id } = scene.machines[index] as Machine;
      growth.measured(id, sample.sizes ?? []);
      for (const size of sample.sizes ?? []) book.note(id, size);
    }
  };
}

function rebalancingOf(
  rebalancing: SimulatedRebalancing,
  view: (scene: Scene) => ClusterSnapshot,
  placer: Pick<Placer, "stopped">,
): Pick<Policy, "rebalancesEveryMs" | "rebalance"> {
  return {
    rebalancesEveryMs: REBALANCES_EVERY_MS,
    rebalance(running, scene) {
      const servers = running.map((each) => describe(each, scene));
      const stopped = rebalancing.act(view(scene), servers);
      const ended = running.filter(({ session }) => stopped.has(keyText(keyOf(session))));
      for (const { session, machine } of ended) placer.stopped(keyOf(session), nodeOf(machine, scene));
      return ended.map(({ index }) => index);
    },
  };
}

function nodeOf(machine: number, { machines }: Scene): NodeId {
  return (machines[machine] as Machine).id;
}

/** As its record would tell it. */
function describe({ session, machine, startedAtMs, ...activity }: Running, scene: Scene): RunningServer {
  return {
    key: keyOf(session),
    node: nodeOf(machine, scene),
    startedAtMs,
    process: { pid: 1, startTicks: startedAtMs, bootId: "simulated" },
    activity: { saidAtMs: scene.nowMs, ...activity },
  };
}

/** A site that samples rarely has said that older samples will do. */
function policyFor(config: Config, { everyMs, delayMs }: Sampling) {
  const policy = placementPolicy(config);
  return { ...policy, maxSampleAgeMs: Math.max(policy.maxSampleAgeMs, 2 * everyMs + delayMs) };
}

function specOf({ id }: Machine): NodeSpec {
  return {
    id,
    address: id,
    sshPort: 22,
    become: "none",
    transport: "ssh",
    weight: 1,
    labels: [],
  };
}
