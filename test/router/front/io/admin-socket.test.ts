import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "undici";
import type { Service } from "../../../../src/ports.ts";
import { createAdminSocket } from "../../../../src/router/front/io/admin-socket.ts";

let folder: string;
let path: string;
const running: Service[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multijhub-"));
  path = join(folder, "admin.sock");
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
  await rm(folder, { recursive: true });
});

async function serve(text: string): Promise<void> {
  const service = createAdminSocket(path, (_request, response) => response.end(text));
  await service.start();
  running.push(service);
}

async function ask(): Promise<string> {
  const client = new Client("http://localhost", { socketPath: path });
  const { body } = await client.request({ method: "GET", path: "/" });
  return body.text().finally(() => client.close());
}

describe("createAdminSocket", () => {
  it("answers its owner only", async () => {
    await serve("hello");
    expect(await ask()).toBe("hello");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("replaces what a dead router left", async () => {
    await writeFile(path, "");
    await serve("anew");
    expect(await ask()).toBe("anew");
  });

  it("refuses to start beside a router that answers", async () => {
    await serve("first");
    const second = createAdminSocket(path, (_request, response) => response.end("second"));
    await expect(second.start()).rejects.toMatchObject({ code: "STATE_DIRECTORY" });
    expect(await ask()).toBe("first");
  });
});
