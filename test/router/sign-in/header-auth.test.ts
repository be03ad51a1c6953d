import { describe, expect, it } from "@jest/globals";
import { createHeaderSessions } from "../../../src/router/sign-in/header-auth.ts";
import { createAddressList } from "../../../src/router/sign-in/io/address-list.ts";
import { createVisits } from "../../../src/router/sign-in/visits.ts";
import type { NodeId } from "../../../src/model.ts";
import { requestWith } from "../../support/cookie-header.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const SECRET = "0123456789abcdef";
const MASTER_KEYS = [new Uint8Array(32).fill(3)];
const OPTIONS = {
  masterKeys: () => MASTER_KEYS,
  userHeader: "Remote-User",
  groupsHeader: "Remote-Groups",
  secretHeader: "X-Proxy-Secret",
  secret: SECRET,
  adminUsers: ["carol"],
  adminGroups: ["staff"],
};
const GOOD = { "Remote-User": "alice", "X-Proxy-Secret": SECRET };
const PROXY = "10.1.2.3";

function setUp() {
  const clock = createFakeClock(1_800_000_000_000);
  const visits = createVisits({ store: createMemoryStore(clock), log: createMemoryLog() }, 1000);
  return createHeaderSessions({ clock, visits, isProxy: createAddressList([PROXY]) }, OPTIONS);
}

describe("auth: header", () => {
  it("believes the proxy", async () => {
    const lookup = await setUp().read(requestWith(GOOD, PROXY));
    expect(lookup).toMatchObject({
      kind: "session",
      renewal: [],
      session: { user: "alice", isAdmin: false },
    });
    expect(lookup).not.toHaveProperty("session.lobby");
  });

  it("takes names in any case, groups, and admins from the configuration", async () => {
    const headers = { "REMOTE-user": "Carol", "remote-groups": "lab, staff;x", "x-proxy-secret": SECRET };
    expect(await setUp().read(requestWith(headers, `::ffff:${PROXY}`))).toMatchObject({
      session: { user: "carol", groups: ["lab", "staff", "x"], isAdmin: true },
    });
    const byGroup = { ...GOOD, "Remote-Groups": "staff" };
    expect(await setUp().read(requestWith(byGroup, PROXY))).toMatchObject({ session: { isAdmin: true } });
  });

  it.each([
    ["another address", GOOD, "10.1.2.4"],
    ["loopback", GOOD, "127.0.0.1"],
    ["no secret", { "Remote-User": "alice" }, PROXY],
    ["a wrong secret", { ...GOOD, "X-Proxy-Secret": SECRET.replace("e", "E") }, PROXY],
    ["a longer secret", { ...GOOD, "X-Proxy-Secret": `${SECRET} ` }, PROXY],
    ["an empty secret", { ...GOOD, "X-Proxy-Secret": "" }, PROXY],
    ["no user", { "X-Proxy-Secret": SECRET }, PROXY],
    ["an empty user", { ...GOOD, "Remote-User": "" }, PROXY],
    ["no address", GOOD, ""],
  ])("believes nothing with %s", async (_, headers, address) => {
    expect(await setUp().read(requestWith(headers, address))).toEqual({ kind: "none" });
  });

  it("believes neither of two names", async () => {
    const twice = {
      ...requestWith(GOOD, PROXY),
      rawHeaders: [...Object.entries(GOOD).flat(), "remote-USER", "bob"],
    };
    expect(await setUp().read(twice)).toEqual({ kind: "none" });
  });

  it.each(["../x", "a/b", "a\u0001"])("refuses the name %j", async (name) => {
    expect(await setUp().read(requestWith({ ...GOOD, "Remote-User": name }, PROXY))).toMatchObject({
      kind: "refused",
    });
  });

  it("has one session per user, whose hubs are remembered", async () => {
    const sessions = setUp();
    const lookup = await sessions.read(requestWith(GOOD, PROXY));
    if (lookup.kind !== "session") throw new Error("no session");
    await sessions.addNode(lookup.session, "node2" as NodeId);
    const later = await sessions.read(requestWith(GOOD, PROXY));
    if (later.kind !== "session") throw new Error("no session");
    expect(later.session.id).toBe(lookup.session.id);
    expect(await sessions.visited(later.session)).toEqual(["node2"]);
    const bob = await sessions.read(requestWith({ ...GOOD, "Remote-User": "bob" }, PROXY));
    expect(bob).not.toMatchObject({ session: { id: lookup.session.id } });
  });

  it.each(["", "short"])("does not begin with the secret %j", (secret) => {
    const deps = { clock: createFakeClock(), visits: undefined as never, isProxy: () => true };
    expect(() => createHeaderSessions(deps, { ...OPTIONS, secret })).toThrow(/secret_file/);
  });
});

describe("the list of proxies", () => {
  it.each([
    ["10.0.0.5", ["10.0.0.0/24"], true],
    ["10.0.1.5", ["10.0.0.0/24"], false],
    ["::ffff:10.0.0.5", ["10.0.0.5"], true],
    ["2001:db8::7", ["2001:db8::/32"], true],
    ["127.0.0.1", ["0.0.0.0/0"], false],
    ["::1", ["::/0"], false],
    ["::ffff:127.0.0.1", ["0.0.0.0/0", "::/0"], false],
    ["127.0.0.1", ["0.0.0.0/0", "127.0.0.1"], true],
    ["127.0.0.2", ["127.0.0.0/8"], true],
    ["10.0.0.11", ["10.0.0.0/24"], false],
    ["10.0.0.11", ["10.0.0.0/24", "10.0.0.11"], true],
    ["rubbish", ["0.0.0.0/0"], false],
  ])("%s in %j: %s", (address, entries, expected) => {
    expect(createAddressList(entries, (text) => text === "10.0.0.11")(address)).toBe(expected);
  });

  it.each(["proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "", "10.0.0.0/x"])(
    "refuses %j",
    (entry) => {
      expect(() => createAddressList([entry])).toThrow(/auth\.proxies/);
    },
  );
});
