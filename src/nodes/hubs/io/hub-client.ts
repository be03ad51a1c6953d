import type { Dispatcher } from "undici";
import { AppError } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";
import type { NodeDialer } from "../../../ports.ts";
import type { HubAnswer } from "../decide/hub-answers.ts";
import { createHubPools } from "./hub-pools.ts";

export interface HubRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/n/<node>`, for instance `/hub/api/users`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Who is asked, in words; the hub unless said. */
  readonly whom?: string;
}

/** HTTP to the hubs over their nodes' connections. Throws the dialer's errors, HUB_UNREACHABLE and HUB_REFUSED. */
export interface HubClient {
  /** The whole answer, whatever its status; bounded in time and size. */
  call(node: NodeId, request: HubRequest, signal: AbortSignal): Promise<HubAnswer>;
  /** Hands the body of a 200 to `onText` as it comes, and resolves at its end; other answers are returned at once. */
  follow(
    node: NodeId,
    request: HubRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<HubAnswer>;
  /** Closes what is open to a node, for instance because it left the hosts file. */
  forget(node: NodeId): Promise<void>;
  close(): Promise<void>;
}

export interface HubClientOptions {
  readonly proxyPortOf: (node: NodeId) => number;
  readonly dialTimeoutMs?: number;
  readonly callTimeoutMs?: number;
  /** A hub writes to a progress stream every 8 s. */
  readonly silenceTimeoutMs?: number;
  readonly maxAnswerBytes?: number;
}

/** A client with one pool of connections a node. */
export function createHubClient(dialer: NodeDialer, options: HubClientOptions): HubClient {
  const {
    proxyPortOf,
    dialTimeoutMs = 10_000,
    callTimeoutMs = 15_000,
    silenceTimeoutMs = 30_000,
    maxAnswerBytes = 8 * 1024 * 1024,
  } = options;
  const pools = createHubPools(
    (node) => dialer.dial(node, proxyPortOf(node), AbortSignal.timeout(dialTimeoutMs)),
    silenceTimeoutMs,
  );

  function toDispatch(node: NodeId, { method, path, headers = {}, body }: HubRequest, signal: AbortSignal) {
    const host = `127.0.0.1:${proxyPortOf(node)}`;
    return {
      method,
      path: `/n/${node}${path}`,
      headers: { host, ...headers },
      ...(body !== undefined && { body }),
      signal,
    } satisfies Dispatcher.RequestOptions;
  }

  async function call(node: NodeId, request: HubRequest, signal: AbortSignal): Promise<HubAnswer> {
    return bounded(placeOf(node, request), callTimeoutMs, signal, async (both) => {
      function send(): Promise<Dispatcher.ResponseData> {
        return pools.of(node).calls.request(toDispatch(node, request, both));
      }
      // A connection that was closed while idle is noticed by the next request only: reading may be repeated.
      const answer = await send().catch((err: unknown) => {
        if (request.method === "GET" && codeOf(err) === "UND_ERR_SOCKET") return send();
        throw err;
      });
      return {
        status: answer.statusCode,
        text: await readText(placeOf(node, request), answer.body, maxAnswerBytes),
      };
    });
  }

  async function follow(
    node: NodeId,
    request: HubRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<HubAnswer> {
    return bounded(placeOf(node, request), undefined, signal, async (both) => {
      const answer = await pools.of(node).streams.request(toDispatch(node, request, both));
      const status = answer.statusCode;
      if (status !== 200)
        return { status, text: await readText(placeOf(node, request), answer.body, maxAnswerBytes) };
      const decoder = new TextDecoder();
      for await (const chunk of answer.body) onText(decoder.decode(chunk as Buffer, { stream: true }));
      return { status, text: "" };
    });
  }

  return { call, follow, forget: (node) => pools.forget(node), close: () => pools.close() };
}

interface Place {
  readonly node: NodeId;
  readonly words: string;
}

function placeOf(node: NodeId, { whom = "the hub" }: HubRequest): Place {
  return { node, words: `${whom} on ${node}` };
}

/** Runs `work` under a deadline; what it throws becomes the caller's own abort or an `AppError`. */
async function bounded<T>(
  place: Place,
  timeoutMs: number | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const deadline = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  try {
    // A signal of its own for every request: Node warns of more than ten listeners on one.
    return await work(AbortSignal.any(deadline === undefined ? [signal] : [signal, deadline]));
  } catch (err) {
    signal.throwIfAborted();
    if (deadline?.aborted === true) {
      throw unreachable(place, `did not answer within ${(timeoutMs ?? 0) / 1000} s`, err);
    }
    throw appErrorIn(err) ?? unreachable(place, `does not answer (${textOf(err)})`, err);
  }
}

async function readText(
  { node, words }: Place,
  body: Dispatcher.ResponseData["body"],
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) {
      throw new AppError("HUB_REFUSED", `${words} sent an answer of more than ${maxBytes} bytes`, {
        node,
      });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function unreachable({ node, words }: Place, what: string, cause: unknown): AppError {
  const remedy = `Wait a little. If it stays, look at the hub's log on ${node}: journalctl or /var/lib/multijhub.`;
  return new AppError("HUB_UNREACHABLE", `${words} ${what}`, { node, remedy, cause });
}

function appErrorIn(err: unknown): AppError | undefined {
  if (err instanceof AppError) return err;
  const cause = typeof err === "object" && err !== null && "cause" in err ? err.cause : undefined;
  return cause === undefined ? undefined : appErrorIn(cause);
}

function codeOf(err: unknown): unknown {
  return typeof err === "object" && err !== null && "code" in err ? err.code : undefined;
}

function textOf(err: unknown): string {
  const code = codeOf(err);
  return typeof code === "string" ? code : (err as Error).message;
}
