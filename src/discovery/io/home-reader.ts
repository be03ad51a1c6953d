import { dirname } from "node:path";
import { unlessAborted } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import type { Clock, HomeReader, Log, Service } from "../../ports.ts";
import { createHangBook, type Place } from "./hang-book.ts";
import type { Answer, Question } from "./home-child/protocol.ts";
import { createHomeProcesses, type HomeProcess } from "./home-process.ts";
import { createTurns, inTurn } from "../../turns.ts";

export interface HomeReaderOptions {
  /** How long one home may take to answer. */
  readonly deadlineMs: number;
  /** Homes looked at at the same time. */
  readonly concurrency: number;
  /** For the Node that reads. */
  readonly execArgv?: readonly string[];
}

/** Whoever asks for a home waits in the same queue. */
const EVERYBODY = "everybody";

/** A question over which the process ends by itself as often as this is given up for a while. */
const MAX_LOSSES = 3;

/**
 * Reads homes in a process of its own. A home that does not answer in time takes that process with it: it is killed,
 * which is the one way out of a file system that hangs, and what else was asked of it is asked of the next one.
 */
export function createHomeReader(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  { deadlineMs, concurrency, execArgv = [] }: HomeReaderOptions,
): HomeReader & Service {
  const book = createHangBook({ firstMs: 2 * deadlineMs, maxMs: 60_000 });
  const turns = createTurns(concurrency);
  // A thread for each, and one for Node's own needs.
  const processes = createHomeProcesses({ threads: concurrency + 1, execArgv });
  const late = `it did not answer within ${deadlineMs / 1000} s`;

  async function ask(question: Question, place: Place): Promise<Answer> {
    for (let losses = 0; losses < MAX_LOSSES;) {
      const waitMs = book.waitMs(place, clock.now());
      if (waitMs > 0) throw unreadable(`${late}, and is asked again in ${Math.ceil(waitMs / 1000)} s`);
      const asked = processes.running();
      const outcome = await asked.ask(question, deadlineMs);
      if (outcome.kind === "late") throw giveUp(asked, place);
      if (outcome.kind !== "lost") {
        book.answered(place);
        return outcome;
      }
      // If it was killed for another home, that was not this one's doing.
      if (!asked.isKilled()) losses += 1;
    }
    book.hung(place, clock.now());
    log.error(place, "the process that reads homes ends over this one, or does not start");
    throw unreadable("the process that reads homes ended over it");
  }

  function giveUp(asked: HomeProcess, place: Place): AppError {
    book.hung(place, clock.now());
    if (!asked.isKilled()) {
      log.warn({ ...place, deadlineMs }, "home does not answer, the process that reads homes is replaced");
      asked.kill();
    }
    return unreadable(late);
  }

  async function answerTo(question: Question, path: string, signal: AbortSignal): Promise<Answer> {
    const place = { home: path, parent: dirname(path) };
    const work = inTurn(turns, EVERYBODY, () => ask(question, place));
    const answer = await unlessAborted(work, signal);
    if (answer.kind === "unreadable") throw unreadable(answer.reason);
    return answer;
  }

  return {
    async look(user, home, signal) {
      const answer = await answerTo({ kind: "look", user, home }, home, signal);
      if (answer.kind !== "looked") throw new TypeError("not an answer to a look");
      return answer.look;
    },
    async list(directory, signal) {
      const answer = await answerTo({ kind: "list", directory }, directory, signal);
      if (answer.kind !== "listed") throw new TypeError("not an answer to a list");
      return answer.names;
    },
    start: () => Promise.resolve(),
    stop: () => processes.stop(),
  };
}

function unreadable(reason: string): AppError {
  return new AppError("HOME_UNREADABLE", reason);
}
