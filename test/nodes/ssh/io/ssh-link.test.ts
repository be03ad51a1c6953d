import { EventEmitter, once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AppError } from "../../../../src/errors.ts";
import type { SshConnection } from "../../../../src/nodes/ssh/io/ssh-connection.ts";
import { backoffMs, createLink } from "../../../../src/nodes/ssh/io/ssh-link.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { createFixedRandom } from "../../../support/system-clock.ts";

const never = new AbortController().signal;
const down = new AppError("NODE_UNREACHABLE", "node1 is off");

interface FakeConnection extends SshConnection {
  lose(): void;
}

function fakeConnection(): FakeConnection {
  const losing = new EventEmitter();
  const lost = once(losing, "lost").then(() => new AppError("TUNNEL_LOST", "gone"));
  function lose(): void {
    losing.emit("lost");
  }
  return { lost, lose, close: lose } as FakeConnection;
}

function setUp() {
  const clock = createFakeClock();
  const attempts: { readonly succeed: (c: SshConnection) => void; readonly fail: (err: Error) => void }[] =
    [];
  const events: string[] = [];
  const link = createLink({
    connect: (signal) =>
      new Promise((succeed, fail) => {
        attempts.push({ succeed, fail });
        signal.addEventListener("abort", () => {
          fail(signal.reason as Error);
        });
      }),
    onUp: () => events.push("up"),
    onDown: (cause) => events.push(`down ${(cause as AppError).code}`),
    clock,
    random: createFixedRandom(1),
  });
  return { clock, attempts, events, link };
}

describe("link", () => {
  test("shares one attempt among all who wait, and the connection after it", async () => {
    const { clock, attempts, link, events } = setUp();
    const waiting = [link.connection(never), link.connection(never)];
    await clock.advance(0);
    expect(attempts).toHaveLength(1);
    const connection = fakeConnection();
    attempts[0]?.succeed(connection);
    expect(await Promise.all(waiting)).toEqual([connection, connection]);
    expect(await link.connection(never)).toBe(connection);
    expect(events).toEqual(["up"]);
    await link.close();
  });

  test("goes on connecting for the others when one who waits leaves", async () => {
    const { clock, attempts, link } = setUp();
    const leaving = new AbortController();
    const gone = link.connection(leaving.signal);
    const stays = link.connection(never);
    await clock.advance(0);
    leaving.abort(new Error("left"));
    await expect(gone).rejects.toThrow("left");
    const connection = fakeConnection();
    attempts[0]?.succeed(connection);
    expect(await stays).toBe(connection);
    await link.close();
  });

  test("rejects at once between attempts, and tries again after 1, 2, 4 ... at most 30 s", async () => {
    const { clock, attempts, link, events } = setUp();
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      await clock.advance(0);
      const tried = attempts.length;
      attempts.at(-1)?.fail(down);
      await clock.advance(pauseMs - 1);
      await expect(link.connection(never)).rejects.toBe(down);
      expect(attempts).toHaveLength(tried);
      await clock.advance(1);
      expect(attempts).toHaveLength(tried + 1);
    }
    expect(events[0]).toBe("down NODE_UNREACHABLE");
    await link.close();
  });

  test("comes back with a new connection soon after a loss, and callers wait for it", async () => {
    const { clock, attempts, link, events } = setUp();
    await clock.advance(0);
    const first = fakeConnection();
    attempts[0]?.succeed(first);
    await clock.advance(0);
    first.lose();
    await clock.advance(0);
    const waiting = link.connection(never);
    await clock.advance(250);
    const second = fakeConnection();
    attempts[1]?.succeed(second);
    expect(await waiting).toBe(second);
    expect(events).toEqual(["up", "down TUNNEL_LOST", "up"]);
    await link.close();
  });

  test("tries ever more rarely while connections break at once, until one has stood", async () => {
    const { clock, attempts, link } = setUp();
    for (const [pauseMs, stoodMs] of [
      [250, 0],
      [2_000, 100],
      [4_000, 4_999],
      [250, 5_000],
      [250, 0],
      [2_000, 0],
    ] as const) {
      await clock.advance(0);
      const tried = attempts.length;
      const connection = fakeConnection();
      attempts.at(-1)?.succeed(connection);
      await clock.advance(stoodMs);
      connection.lose();
      await clock.advance(pauseMs - 1);
      expect(attempts).toHaveLength(tried);
      await clock.advance(1);
      expect(attempts).toHaveLength(tried + 1);
    }
    await link.close();
  });

  test("closes its connection, says nothing of it, and refuses callers from then on", async () => {
    const { clock, attempts, link, events } = setUp();
    await clock.advance(0);
    const connection = fakeConnection();
    attempts[0]?.succeed(connection);
    await clock.advance(0);
    await link.close();
    await connection.lost;
    expect(events).toEqual(["up"]);
    await expect(link.connection(never)).rejects.toMatchObject({ code: "STOPPING" });
  });

  test("gives up an attempt under way when it is closed", async () => {
    const { clock, link } = setUp();
    const waiting = link.connection(never);
    await clock.advance(0);
    await Promise.all([link.close(), expect(waiting).rejects.toMatchObject({ code: "STOPPING" })]);
  });

  test("backs off between half and all of a growing pause", () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, value) => {
        const pauseMs = backoffMs(failures, createFixedRandom(value));
        const ceiling = Math.min(30_000, 1_000 * 2 ** Math.min(failures, 16));
        expect(pauseMs).toBeGreaterThanOrEqual(ceiling / 2);
        expect(pauseMs).toBeLessThan(ceiling + 1);
      }),
    );
  });
});
