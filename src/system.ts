import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { Clock, Log, Random } from "./ports.ts";

/** The machine's own clock, randomness and log: what the ports of the kernel are in production. */

export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(rethrowReason(signal)),
    deadline: (ms) => AbortSignal.timeout(ms),
  };
}

export function createSystemRandom(): Random {
  return {
    next: () => Math.random(),
    token: (bytes) => randomBytes(bytes).toString("base64url"),
  };
}

/** JSON lines on stderr: stdout belongs to the answers of commands. */
export function createLog(level: string): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}

/** Node's timers reject with their own AbortError; the port promises the signal's reason. */
function rethrowReason(signal: AbortSignal): (err: unknown) => never {
  return (err) => {
    throw signal.aborted ? signal.reason : err;
  };
}
