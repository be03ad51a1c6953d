import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Dispatcher, Pool } from "undici";

/** One request to be forwarded, decided and with its headers made. */
export interface Forwarding {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pool: Pool;
  readonly headers: string[];
  /** The protocol of an upgrade. */
  readonly upgrade?: string;
  readonly stalledReaderMs: number;
  /** Makes the browser's headers out of the node's. */
  readonly clientHeaders: (rawHeaders: readonly string[]) => string[];
  /** May answer in the node's place: returns true if it did. */
  readonly intercept: (status: number, rawHeaders: readonly string[]) => boolean;
  /** The node agreed to the upgrade. */
  readonly onUpgrade?: (rawHeaders: readonly string[], socket: Duplex) => void;
  /** Nothing has been answered yet, and nothing will come. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Forwards one request and streams its answer, with back-pressure both ways; a client that leaves ends the
 * request on the node, a node that fails in mid-answer breaks the client's connection. A request without body
 * is sent once more if a kept-alive connection closed under it before any answer; nothing else is.
 */
export function exchange(forwarding: Forwarding): void {
  dispatch(forwarding, true);
}

function dispatch(forwarding: Forwarding, mayRetry: boolean): void {
  const { pool, request, headers, upgrade } = forwarding;
  const hasBody = request.headers["transfer-encoding"] !== undefined || hasLength(request);
  const options: Dispatcher.DispatchOptions = {
    method: request.method as Dispatcher.HttpMethod,
    path: request.url ?? "",
    headers,
    body: hasBody ? request : null,
    ...(upgrade !== undefined && { upgrade }),
  };
  const canRepeat = mayRetry && !hasBody && SAFE.has(request.method ?? "");
  pool.dispatch(options, new Exchange(forwarding, canRepeat));
}

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

function hasLength(request: IncomingMessage): boolean {
  const length = request.headers["content-length"];
  return length !== undefined && length !== "0";
}

const MAX_HELD_BYTES = 16 * 1024;

class Exchange implements Dispatcher.DispatchHandler {
  readonly #forwarding: Forwarding;
  readonly #response: ServerResponse;
  readonly #canRepeat: boolean;
  #abort: ((error?: Error) => void) | undefined;
  #resume: () => void = nothing;
  #stalled: NodeJS.Timeout | undefined;
  #isDone = false;
  #isIntercepted = false;
  #isFlushed = false;
  /** The first bytes of the body, for this turn of the event loop: a small answer leaves in one piece. */
  #held: Buffer | undefined;
  #listensForDrain = false;

  constructor(forwarding: Forwarding, canRepeat: boolean) {
    this.#forwarding = forwarding;
    this.#response = forwarding.response;
    this.#canRepeat = canRepeat;
    this.#response.once("close", this.#onClientClose);
    // A write that comes too late must not end the process.
    if (this.#response.listenerCount("error") === 0) this.#response.on("error", nothing);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#response.destroyed || this.#response.closed) abort(new Error("the client left"));
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    if (status < 200) return true;
    this.#resume = resume;
    const rawHeaders = toStrings(raw);
    if (this.#forwarding.intercept(status, rawHeaders)) {
      this.#isIntercepted = true;
      return true;
    }
    const reason = statusText.replace(/[^\x20-\x7e]/g, "");
    this.#response.writeHead(status, reason, this.#forwarding.clientHeaders(rawHeaders));
    process.nextTick(flush, this);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#isIntercepted) return true;
    if (!this.#isFlushed && this.#held === undefined && chunk.length <= MAX_HELD_BYTES) {
      this.#held = chunk;
      return true;
    }
    if (this.#held !== undefined) this.flush();
    this.#isFlushed = true;
    if (this.#response.write(chunk)) return true;
    this.#awaitDrain();
    return false;
  }

  onComplete(trailers: string[] | null): void {
    this.#finish();
    if (this.#isIntercepted) return;
    if (trailers !== null && trailers.length > 0) this.#addTrailers(toStrings(trailers));
    // As text, which goes with the headers in one write: a buffer would be a second piece.
    if (this.#held === undefined) this.#response.end();
    else this.#response.end(this.#held.toString("latin1"), "latin1");
  }

  onUpgrade(_status: number, raw: Buffer[] | string[] | null, socket: Duplex): void {
    this.#finish();
    this.#forwarding.onUpgrade?.(toStrings(raw ?? []), socket);
  }

  onError(error: Error): void {
    this.#finish();
    const response = this.#response;
    if (this.#isIntercepted || response.destroyed || response.closed) return;
    if (response.headersSent) response.destroy();
    else if (this.#canRepeat && isStaleConnection(error)) dispatch(this.#forwarding, false);
    else this.#forwarding.onFailure(error);
  }

  /** Headers whose body is still to come do not wait for it, nor does its beginning for its end. */
  flush(): void {
    if (this.#isFlushed || this.#isDone) return;
    this.#isFlushed = true;
    if (this.#held === undefined) this.#response.flushHeaders();
    else this.#response.write(this.#held);
    this.#held = undefined;
  }

  #awaitDrain(): void {
    if (!this.#listensForDrain) this.#response.on("drain", this.#onDrain);
    this.#listensForDrain = true;
    this.#stalled ??= setTimeout(this.#onStalled, this.#forwarding.stalledReaderMs);
  }

  readonly #onDrain = (): void => {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    this.#resume();
  };

  readonly #onStalled = (): void => {
    this.#response.destroy();
  };

  readonly #onClientClose = (): void => {
    if (this.#isDone) return;
    this.#finish();
    this.#abort?.(new Error("the client left"));
  };

  #finish(): void {
    this.#isDone = true;
    clearTimeout(this.#stalled);
    this.#response.off("close", this.#onClientClose);
    if (this.#listensForDrain) this.#response.off("drain", this.#onDrain);
  }

  #addTrailers(trailers: readonly string[]): void {
    const pairs: [string, string][] = [];
    for (let i = 0; i + 1 < trailers.length; i += 2) {
      const name = trailers[i] as string;
      if (!NO_TRAILERS.has(name.toLowerCase())) pairs.push([name, trailers[i + 1] as string]);
    }
    if (this.#response.chunkedEncoding) this.#response.addTrailers(pairs);
  }
}

/** What a trailer must not smuggle past the rules for headers. */
const NO_TRAILERS: ReadonlySet<string> = new Set([
  "set-cookie",
  "set-cookie2",
  "content-length",
  "transfer-encoding",
  "clear-site-data",
  "service-worker-allowed",
  "strict-transport-security",
]);

function flush(exchange: Exchange): void {
  exchange.flush();
}

function nothing(): void {
  // nothing to do
}

/** undici's error for a connection that ended; it had carried an answer before, so it was a kept-alive one. */
function isStaleConnection(error: Error): boolean {
  if (!("code" in error) || (error.code !== "UND_ERR_SOCKET" && error.code !== "ECONNRESET")) return false;
  const socket = "socket" in error ? (error.socket as { readonly bytesRead?: number } | null) : null;
  return (socket?.bytesRead ?? 0) > 0;
}

function toStrings(raw: readonly (Buffer | string)[]): string[] {
  return raw.map((item) => (typeof item === "string" ? item : item.toString("latin1")));
}
