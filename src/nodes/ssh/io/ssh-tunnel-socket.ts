import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { AppError } from "../../../errors.ts";

/** More than this in one SSH write would queue in front of every other channel. */
const MAX_WRITE_BYTES = 64 * 1024;

/** What lies unsent in the connection's socket before its channels must wait. */
const MAX_UNSENT_BYTES = 256 * 1024;

/** Lets writers wait until the connection's socket has drained: one listener, however many wait. */
export interface DrainGate {
  pass(proceed: () => void): void;
}

/** ssh2 ignores its socket's back-pressure, so channels ask here before they go on writing. */
export function createDrainGate(socket: Duplex): DrainGate {
  let waiting: (() => void)[] = [];
  return {
    pass(proceed) {
      const isCongested = socket.writableNeedDrain && socket.writableLength > MAX_UNSENT_BYTES;
      if (socket.destroyed || !isCongested) {
        proceed();
        return;
      }
      if (waiting.push(proceed) > 1) return;
      socket.once("drain", () => {
        const ready = waiting;
        waiting = [];
        for (const next of ready) next();
      });
    },
  };
}

/** ssh2's channel with the internals this file reads: ssh2 is pinned to one version for it. */
interface TunnelChannel extends ClientChannel {
  readonly outgoing: { readonly state: "open" | "eof" | "closing" | "closed" };
  readonly _readableState: { highWaterMark: number };
}

/**
 * A forwarded channel that behaves as a `net.Socket`: back-pressure both ways, half-close, timeouts, and a
 * loss of the connection is an error (TUNNEL_LOST), never an early end. The code is never ECONNRESET,
 * which undici takes for a server closing an idle connection.
 */
export class TunnelSocket extends Duplex {
  readonly connecting = false;
  readonly pending = false;
  readonly encrypted = false;
  bytesRead = 0;
  bytesWritten = 0;
  timeout = 0;
  readonly #channel: TunnelChannel;
  readonly #gate: DrainGate;
  #writing: ((error?: Error | null) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: ClientChannel, gate: DrainGate, { allowHalfOpen = false } = {}) {
    super({ allowHalfOpen, autoDestroy: true, emitClose: true, highWaterMark: MAX_WRITE_BYTES });
    this.#channel = channel as TunnelChannel;
    this.#gate = gate;
    // By default 2 MiB wait here, on top of the 2 MiB of the SSH window.
    this.#channel._readableState.highWaterMark = MAX_WRITE_BYTES;
    channel.on("data", (chunk: Buffer) => {
      this.#onData(chunk);
    });
    channel.on("end", () => {
      this.push(null);
    });
    channel.on("error", (err: Error) => this.destroy(err));
    channel.on("close", () => {
      this.#onClose();
    });
    // Whoever dials attaches listeners a turn later; an error before that must not end the process.
    this.on("error", () => undefined);
  }

  get readyState(): "open" | "closed" {
    return this.destroyed ? "closed" : "open";
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // ssh2 never calls back for a write to a channel that is no longer open.
    if (this.#channel.outgoing.state !== "open") {
      callback(closedWhileWriting());
      return;
    }
    this.#timer?.refresh();
    this.#writing = callback;
    const part = chunk.subarray(0, MAX_WRITE_BYTES);
    const isCurrent = () => !this.destroyed && this.#writing === callback;
    const proceed = () => {
      if (!isCurrent()) return;
      this.#writing = undefined;
      if (part.length === chunk.length) callback();
      else this._write(chunk.subarray(part.length), encoding, callback);
    };
    this.#channel.write(part, (err) => {
      if (!isCurrent()) return;
      if (err) {
        this.#settleWrite(err);
        return;
      }
      this.bytesWritten += part.length;
      this.#gate.pass(proceed);
    });
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.#channel.outgoing.state === "open") this.#channel.end(callback);
    else callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    const channel = this.#channel;
    channel.removeAllListeners("data");
    channel.on("data", () => undefined);
    // A channel keeps its place at the peer until it is closed and what is on the way has been read.
    channel.close();
    channel.resume();
    callback(error);
    this.#settleWrite(error ?? closedWhileWriting());
  }

  /** The connection under the channel is gone. */
  lose(reason: AppError): void {
    this.destroy(reason);
  }

  setTimeout(timeoutMs: number, onTimeout?: () => void): this {
    clearTimeout(this.#timer);
    this.timeout = timeoutMs;
    this.#timer = timeoutMs > 0 ? setTimeout(() => this.emit("timeout"), timeoutMs).unref() : undefined;
    if (onTimeout) this.once("timeout", onTimeout);
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  resetAndDestroy(): this {
    return this.destroy(new AppError("TUNNEL_LOST", "the tunnel was reset"));
  }

  #onData(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    this.#timer?.refresh();
    if (!this.push(chunk)) this.#channel.pause();
  }

  /** The peer closed the channel for good. */
  #onClose(): void {
    if (this.destroyed) return;
    if (!this.#channel.readableEnded)
      this.destroy(new AppError("TUNNEL_LOST", "the tunnel was closed without an end of data"));
    else if (this.writableLength > 0 || this.#writing) this.destroy(closedWhileWriting());
    // Else 'close' follows by itself, once the reader has taken what is left.
    else if (!this.writableEnded) this.end();
  }

  #settleWrite(error: Error): void {
    const callback = this.#writing;
    this.#writing = undefined;
    callback?.(error);
  }
}

function closedWhileWriting(): Error {
  return Object.assign(new Error("the tunnel is closed"), { code: "EPIPE" });
}
