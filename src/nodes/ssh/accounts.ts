import { unlessAborted } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import type { Account, NodeId } from "../../model.ts";
import type { Accounts, Clock, NodeAgent } from "../../ports.ts";
import { parseAccountAnswer } from "./decide/account-answer.ts";

export interface AccountsDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly clock: Clock;
}

export interface AccountsOptions {
  readonly keepMs?: number;
  /** That there is no such account is believed for a shorter time: it may just have been made. */
  readonly keepAbsentMs?: number;
  readonly timeoutMs?: number;
  readonly maxKept?: number;
}

interface Answer {
  readonly account: Promise<Account | undefined>;
  untilMs: number;
}

/** Accounts as the nodes' own `getent` tells them, kept for a minute. Callers who ask for the same share one question. */
export function createAccounts({ agent, clock }: AccountsDeps, options: AccountsOptions = {}): Accounts {
  const { keepMs = 60_000, keepAbsentMs = 5_000, timeoutMs = 20_000, maxKept = 10_000 } = options;
  const answers = new Map<string, Answer>();

  function ask(text: string, node: NodeId, name: string): Answer {
    const answer: Answer = { account: look(node, name), untilMs: Infinity };
    answer.account.then(
      (account) => {
        answer.untilMs = clock.now() + (account === undefined ? keepAbsentMs : keepMs);
      },
      () => {
        if (answers.get(text) === answer) answers.delete(text);
      },
    );
    answers.set(text, answer);
    forgetOldest();
    return answer;
  }

  /** Has a deadline of its own: it goes on when the first who asked does not wait any more. */
  async function look(node: NodeId, name: string): Promise<Account | undefined> {
    const result = await agent.call(node, "account", { name }, clock.deadline(timeoutMs));
    const answer = parseAccountAnswer(result, name);
    if (answer.ok) return answer.account;
    const remedy = `run: multijhub provision ${node}`;
    throw new AppError("AGENT_ANSWER", `${node} told an account that cannot be read: ${answer.detail}`, {
      remedy,
      node,
    });
  }

  function forgetOldest(): void {
    for (const text of answers.keys()) {
      if (answers.size <= maxKept) return;
      answers.delete(text);
    }
  }

  return {
    find(node, name, signal) {
      const text = `${node}/${name}`;
      const known = answers.get(text);
      if (known !== undefined && known.untilMs > clock.now()) return unlessAborted(known.account, signal);
      answers.delete(text);
      return unlessAborted(ask(text, node, name).account, signal);
    },
  };
}
