import { describe, it } from "@jest/globals";
import fc from "fast-check";

import { keyText } from "../../../src/model.ts";
import type { Plan, StopMove } from "../../../src/plan.ts";
import { isClosedByUs, whyNotCounted } from "../../../src/rebalancing/decide/node-use.ts";
import { plan } from "../../../src/rebalancing/decide/planner.ts";
import type { RebalancePolicy } from "../../../src/rebalancing/decide/policy.ts";
import type { PastMove, Situation } from "../../../src/rebalancing/decide/situation.ts";
import { GIB } from "../../support/node-views.ts";
import { anyPolicy, anySituation, applied } from "../../support/any-situation.ts";
import {
  DEFAULT_POLICY,
  HOUR,
  MINUTE,
  nodeAt,
  NOW,
  server,
  situation,
} from "../../support/plan-situations.ts";

/** 100,000 cases together: balanced clusters are made quickest, and more of them. */
const RUNS = { numRuns: 4_600 };
const BALANCED_RUNS = { numRuns: 50_000 };

function holds(check: (what: Situation, policy: RebalancePolicy, made: Plan) => void): void {
  fc.assert(
    fc.property(anySituation, anyPolicy, (what, policy) => {
      check(what, policy, plan(what, policy, "p1"));
    }),
    RUNS,
  );
}

function stopsOf({ moves }: Plan): readonly StopMove[] {
  return moves.filter((move) => move.kind === "stop-server");
}

/** By the rules as a person would state them, not by the planner's own code. */
function isSaidIdle(stop: StopMove, { servers }: Situation, { idle }: RebalancePolicy): boolean {
  const found = servers.find(({ key, node }) => key.user === stop.key.user && node === stop.node);
  const { activity, process } = found ?? {};
  if (activity === undefined || process !== stop.process) return false;
  const sinceMs = stop.ignoresTabs ? activity.idleButTabsSinceMs : activity.idleSinceMs;
  const leastMs = stop.ignoresTabs ? (idle.ignoreTabsAfterMs ?? Infinity) : idle.afterMs;
  const isFresh = NOW - activity.saidAtMs <= 3 * MINUTE;
  return isFresh && sinceMs === stop.idleSinceMs && NOW - sinceMs >= leastMs;
}

/** Neither kept by its owner nor newly started or moved. */
function isUndisturbed(stop: StopMove, { servers, kept, past }: Situation): boolean {
  const own = servers.filter(({ key, node }) => key.user === stop.key.user && node === stop.node);
  const isRested = own.every(({ startedAtMs = 0 }) => NOW - startedAtMs >= HOUR);
  const moves = past.moves.filter(({ key }) => key.user === stop.key.user);
  return (
    isRested && (kept.get(keyText(stop.key)) ?? 0) <= NOW && moves.every(({ atMs }) => NOW - atMs >= HOUR)
  );
}

function ensure(isSo: boolean, made: unknown): void {
  if (!isSo) throw new Error(JSON.stringify(made, undefined, 1));
}

function count<T>(list: readonly T[], isOne: (each: T) => boolean): number {
  return list.filter(isOne).length;
}

describe("a plan", () => {
  it("never exceeds a cap, with what was done lately", () => {
    holds(({ past, atMs }, { caps, settleMs }, made) => {
      const stops = stopsOf(made);
      if (stops.length === 0) return;
      const all: readonly PastMove[] = [
        ...past.moves,
        ...stops.map(({ key, node }) => ({ key, node, atMs })),
      ];
      const lately = all.filter((move) => atMs - move.atMs < settleMs);
      ensure(lately.length <= caps.perRun, made);
      for (const stop of stops) {
        ensure(count(lately, ({ node }) => node === stop.node) <= caps.perNode, made);
        const own = count(all, (each) => each.key.user === stop.key.user && atMs - each.atMs < 24 * HOUR);
        ensure(own <= caps.perUserPerDay, made);
      }
    });
  });

  it("never stops a server that is in use, lately used, kept, newly started or moved, out of date or silent", () => {
    holds((what, policy, made) => {
      for (const stop of stopsOf(made)) {
        ensure(isSaidIdle(stop, what, policy) && isUndisturbed(stop, what), made);
      }
    });
  });

  it("never makes the worst node worse, and no node hot", () => {
    holds((_, { hotAbove, hysteresis }, made) => {
      const worst = Math.max(...made.nodes.map(({ before = 0 }) => before));
      for (const { before = 0, after = 0 } of made.nodes) {
        ensure(after <= before || after <= hotAbove - hysteresis + 0.001, made);
        ensure(after <= Math.max(worst, hotAbove - hysteresis) + 0.001, made);
      }
    });
  });

  it("sends nobody from a hot node to one that then has more to carry for its weight", () => {
    holds(({ cluster }, _, made) => {
      const stops = stopsOf(made);
      if (stops.some(({ why }) => why === "draining-node")) return;
      for (const { node, expectedOn } of stops.filter(({ why }) => why === "hot-node")) {
        const shares = [node, expectedOn].map((id) => {
          const { before = 0, after = 0 } = made.nodes.find((each) => each.node === id) ?? {};
          const { weight = 1 } = cluster.nodes.find(({ spec }) => spec.id === id)?.spec ?? {};
          return (id === node ? before : after) / weight;
        });
        ensure((shares[1] ?? 1) < (shares[0] ?? 0), made);
      }
    });
  });

  it("stops no more on a hot node than cools it", () => {
    holds(({ servers }, { hotAbove, hysteresis }, made) => {
      for (const { node, after = 0 } of made.nodes) {
        const stops = stopsOf(made).filter((stop) => stop.node === node);
        const last = stops.at(-1);
        if (last === undefined || stops.some(({ why }) => why !== "hot-node")) continue;
        const { activity } =
          servers.find((each) => each.node === node && each.key.user === last.key.user) ?? {};
        const isStillHot = after + (activity?.memoryBytes ?? 0) / (100 * GIB) > hotAbove - hysteresis - 0.001;
        ensure(isStillHot, made);
      }
    });
  });

  it("expects what comes of it", () => {
    holds((what, policy, made) => {
      const then = plan(applied(what, made), policy, "p2");
      for (const [index, { after = 0 }] of made.nodes.entries()) {
        ensure(Math.abs(after - (then.nodes[index]?.before ?? 0)) < 0.002, [made, then]);
      }
    });
  });

  it("proposes nothing more once it is carried out", () => {
    holds((what, policy, made) => {
      const then = plan(applied(what, made), policy, "p2");
      ensure(then.moves.length === 0, [made, then]);
    });
  });

  it("never closes the last open node, nor touches what a person has closed", () => {
    holds((what, { maxSampleAgeMs }, made) => {
      const closes = made.moves.filter(({ kind }) => kind === "cordon");
      const counted = applied(what, made).cluster.nodes.filter(
        (view) => whyNotCounted(view, maxSampleAgeMs, NOW) === undefined,
      );
      ensure(closes.length === 0 || counted.some(({ closure }) => closure === undefined), made);
      for (const { kind, node } of made.moves) {
        const view = what.cluster.nodes.find(({ spec }) => spec.id === node);
        if (kind === "cordon") ensure(view?.closure === undefined, made);
        if (kind === "uncordon") ensure(view !== undefined && isClosedByUs(view), made);
      }
    });
  });

  it("leaves every owner one of two servers of a name", () => {
    holds(({ servers }, _, made) => {
      for (const stop of stopsOf(made)) {
        const all = count(servers, ({ key }) => key.user === stop.key.user);
        const ended = count(stopsOf(made), ({ key }) => key.user === stop.key.user);
        ensure(ended === 1 && (stop.why !== "duplicate" || all > 1), made);
      }
    });
  });

  it("says why, for every move and for none", () => {
    holds((_, __, made) => {
      ensure((made.moves.length === 0) === (made.nothing !== undefined), made);
      const words = [
        ...(made.nothing === undefined ? [] : [made.nothing]),
        ...made.moves.flatMap(({ reasons }) => (reasons.length === 0 ? [""] : reasons)),
        ...made.leftAlone.map(({ why }) => why),
        ...made.nodes.map((node) => node.words),
      ];
      for (const each of words) ensure(/^\S.*\S$/.test(each) && !/undefined|NaN|Infinity/.test(each), made);
      if (made.nothing !== undefined) {
        ensure(/^(balanced|no candidates|too little is known|off): ./.test(made.nothing), made);
      }
    });
  });

  it("is the same whatever the order in which things were found", () => {
    const shuffled = anySituation.chain((what) =>
      fc
        .tuple(whole(what.cluster.nodes), whole(what.servers), whole(what.hubs), whole(what.past.moves))
        .map(([nodes, servers, hubs, moves]): readonly [Situation, Situation] => [
          what,
          { ...what, cluster: { ...what.cluster, nodes }, servers, hubs, past: { ...what.past, moves } },
        ]),
    );
    fc.assert(
      fc.property(shuffled, anyPolicy, ([one, other], policy) => {
        const plans = [one, other].map((each) => JSON.stringify(plan(each, policy, "p1")));
        ensure(plans[0] === plans[1], plans);
      }),
      RUNS,
    );
  });

  it("is empty, and says balanced, where no node stands out", () => {
    const anyLevel = fc.tuple(
      fc.noBias(fc.nat(90)),
      fc.array(fc.noBias(fc.nat(9)), { minLength: 1, maxLength: 6 }),
    );
    const anyIdle = fc.uniqueArray(fc.nat(20), { maxLength: 8 });
    fc.assert(
      fc.property(anyLevel, anyIdle, anyPolicy, ([level, above], idle, { caps }) => {
        const nodes = above.map((more, index) => nodeAt(`node${index}`, level + more));
        const servers = idle.map((each) => server(`user${each}`, `node${each % nodes.length}`));
        const made = plan(situation(nodes, servers), { ...DEFAULT_POLICY, caps }, "p1");
        ensure(made.moves.length === 0 && made.nothing?.startsWith("balanced: ") === true, made);
      }),
      BALANCED_RUNS,
    );
  });
});

describe("plans an hour apart", () => {
  /** The same world an hour later, in which every owner who came back works. */
  function anHourLater(what: Situation): Situation {
    const moves = what.past.moves.map((move) => ({ ...move, atMs: move.atMs - HOUR }));
    const started = what.servers.map((each) => ({ ...each, startedAtMs: (each.startedAtMs ?? 0) - HOUR }));
    return { ...what, servers: started, past: { ...what.past, moves } };
  }

  it("come to rest, and undo nothing that they did", () => {
    fc.assert(
      fc.property(anySituation, anyPolicy, (first, policy) => {
        const done: string[] = [];
        let what = first;
        for (let made = plan(what, policy, "p"); made.moves.length > 0; made = plan(what, policy, "p")) {
          done.push(
            ...made.moves.map(
              ({ kind, node, ...move }) => `${kind} ${node} ${("key" in move && keyText(move.key)) || ""}`,
            ),
          );
          ensure(done.length < 100, done);
          what = anHourLater(applied(what, made));
        }
        ensure(new Set(done).size === done.length, done);
      }),
      { numRuns: 1_000 },
    );
  });
});

function whole<T>(list: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });
}
