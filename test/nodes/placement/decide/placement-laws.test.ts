import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { ClusterSnapshot, Gpu, LoadSample, NodeView, Placement } from "../../../../src/model.ts";
import { freeGpus, grantGpus } from "../../../../src/nodes/placement/decide/gpus.ts";
import {
  choose,
  type PlacementPolicy,
  type PlacementRequest,
} from "../../../../src/nodes/placement/decide/placement.ts";
import { createDraw, drawIndex, type Draw } from "../../../../src/simulation/decide/draw.ts";
import { GIB, MIB, nodeView, reservation, serverKey, snapshotOf } from "../../../support/node-views.ts";

/** 100,000 clusters, each made of one seed by cheap draws: fast-check chooses the seeds, and tells the one that fails. */
const CASES_A_LAW = 25_000;
const policy: PlacementPolicy = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: 512 * MIB, cores: 0.25 },
  headroomBytes: 512 * MIB,
  gpus: "assigned",
};

function law(holds: (snapshot: ClusterSnapshot, request: PlacementRequest, draw: Draw) => boolean): void {
  const property = fc.property(fc.noBias(fc.integer({ min: 0, max: 2 ** 32 - 1 })), (seed) => {
    const draw = createDraw(seed);
    return holds(drawCluster(draw), drawRequest(draw), draw);
  });
  fc.assert(property, { numRuns: CASES_A_LAW });
}

function drawCluster(draw: Draw): ClusterSnapshot {
  return snapshotOf(
    ...Array.from({ length: 1 + drawIndex(draw, 5) }, (_, index) => drawNode(draw, `n${index}`)),
  );
}

function drawNode(draw: Draw, id: string): NodeView {
  const totalGib = 4 + drawIndex(draw, 60);
  const starting = ["alice", "bob", "carol"].filter(() => draw() < 0.15);
  const gpus = Array.from({ length: drawIndex(draw, 4) }, (_, index) => drawGpu(draw, index));
  return nodeView(id, {
    state: draw() < 0.1 ? "down" : "up",
    spec: {
      weight: draw() < 0.2 ? 2 : 1,
      labels: draw() < 0.5 ? ["gpu"] : [],
      ...(draw() < 0.4 && { maxServers: drawIndex(draw, 6) }),
    },
    load: {
      takenAtMs: draw() < 0.1 ? -20_000 : 0,
      load1: draw() * 12,
      memoryTotalBytes: totalGib * GIB,
      memoryAvailableBytes: Math.floor(draw() * totalGib * GIB),
      servers: drawIndex(draw, 6),
      ...(gpus.length > 0 && { gpus }),
    },
    reservations: starting.map((user, index) =>
      reservation(id, user, gpus.length > 0 ? { gpus: [`GPU-${index}`] } : {}),
    ),
  });
}

function drawGpu(draw: Draw, index: number): Gpu {
  const holders = draw() < 0.4 ? [{ ...serverKey(draw() < 0.2 ? "alice" : "erin"), uid: 2001 }] : [];
  const memory = { memoryTotalBytes: 40 * GIB, memoryUsedBytes: Math.floor(draw() * 40) * GIB };
  return { kind: "nvidia", id: `GPU-${index}`, index, name: "GPU", ...memory, holders };
}

function drawRequest(draw: Draw): PlacementRequest {
  const learntBytes = draw() < 0.5 ? { learntBytes: Math.floor(draw() * 64) * GIB } : {};
  const labels = draw() < 0.2 ? ["gpu"] : [];
  return { key: serverKey("alice"), labels, gpus: draw() < 0.5 ? 0 : 1 + drawIndex(draw, 2), ...learntBytes };
}

function nodeOf(snapshot: ClusterSnapshot, placement: Placement): NodeView | undefined {
  return placement.kind === "none"
    ? undefined
    : snapshot.nodes.find(({ spec }) => spec.id === placement.node);
}

function mayTake(view: NodeView, { key, labels = [], gpus = 0 }: PlacementRequest): boolean {
  const isLabelled = labels.every((label) => view.spec.labels.includes(label));
  return view.state === "up" && isLabelled && freeGpus(view, key).length >= gpus;
}

function hasRoom({ spec, reservations }: NodeView, load: LoadSample): boolean {
  const others = reservations.filter(({ key }) => key.user !== "alice");
  const heldBytes = others.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const isFresh = load.takenAtMs >= -policy.maxSampleAgeMs;
  const isBelow = load.servers + others.length < (spec.maxServers ?? Infinity);
  return isFresh && isBelow && load.memoryAvailableBytes - heldBytes >= 1024 * MIB;
}

function rankOf({ verdicts }: Placement, id: string): number {
  const rank = verdicts.findIndex(({ node, accepted }) => accepted && node === id);
  return rank === -1 ? Infinity : rank;
}

describe("a placement", () => {
  it("is the same for the same snapshot, in whatever order its nodes come", () => {
    law((snapshot, request, draw) => {
      const turned = snapshot.nodes.toSorted(() => draw() - 0.5);
      const answer = choose(snapshot, request, policy, 0);
      return JSON.stringify(choose(snapshotOf(...turned), request, policy, 0)) === JSON.stringify(answer);
    });
  });

  it("never goes beyond a limit: servers, memory, devices, labels, and never to a node that is silent", () => {
    law((snapshot, request) => {
      const view = nodeOf(snapshot, choose(snapshot, request, policy, 0));
      return view?.load === undefined || (mayTake(view, request) && hasRoom(view, view.load));
    });
  });

  it("loses no reservation: what one server gets, no other is given while it is held", () => {
    law((snapshot, request) => {
      const view = nodeOf(snapshot, choose(snapshot, request, policy, 0));
      const grant = view && grantGpus(view, request);
      if (view === undefined || grant === undefined) return true;
      const held = reservation(view.spec.id, "alice", { gpus: grant.ids });
      const after = { ...view, reservations: [...view.reservations, held] };
      const next = grantGpus(after, { key: serverKey("zoe"), gpus: 1 });
      const beside = next?.ids.every((id) => !grant.ids.includes(id)) ?? true;
      const known = view.reservations
        .filter(({ key }) => key.user !== "alice")
        .flatMap(({ gpus = [] }) => gpus);
      return (
        beside && grant.ids.every((id) => !known.includes(id)) && grant.ids.length === (request.gpus ?? 0)
      );
    });
  });

  it("never ranks a node lower for having more free memory", () => {
    law((snapshot, request, draw) => {
      const chosen = snapshot.nodes[drawIndex(draw, snapshot.nodes.length)] as NodeView;
      const richer = snapshotOf(
        ...snapshot.nodes.map((view) => (view === chosen ? withMemory(view, draw()) : view)),
      );
      const { id } = chosen.spec;
      const before = rankOf(choose(snapshot, request, policy, 0), id);
      return rankOf(choose(richer, request, policy, 0), id) <= before;
    });
  });
});

function withMemory(view: NodeView, share: number): NodeView {
  if (view.load === undefined) return view;
  const { memoryTotalBytes: total, memoryAvailableBytes: free } = view.load;
  return { ...view, load: { ...view.load, memoryAvailableBytes: Math.floor(free + (total - free) * share) } };
}

it("is tried on clusters of which many have a choice and some have none", () => {
  const counts = Array.from({ length: 1000 }, (_, seed) => {
    const draw = createDraw(seed);
    const { verdicts } = choose(drawCluster(draw), drawRequest(draw), policy, 0);
    return verdicts.filter(({ accepted }) => accepted).length;
  });
  expect(counts.filter((count) => count >= 2).length).toBeGreaterThan(200);
  expect(counts.filter((count) => count === 0).length).toBeGreaterThan(100);
});
