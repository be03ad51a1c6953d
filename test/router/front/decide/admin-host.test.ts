import { expect, it } from "@jest/globals";
import fc from "fast-check";
import { isForAdminHost } from "../../../../src/router/front/decide/admin-host.ts";

const ORIGIN = "https://admin.lab.example.org:8443";

function hosts(...values: readonly string[]): string[] {
  return values.flatMap((value) => ["Host", value]);
}

it.each([
  "admin.lab.example.org",
  "admin.lab.example.org:8443",
  "Admin.LAB.example.org:1",
  "admin.lab.example.org.",
])("knows its host as %s: cookies ignore ports", (host) => {
  expect(isForAdminHost(hosts(host), ORIGIN)).toBe(true);
});

it.each(["lab.example.org", "x.admin.lab.example.org", "admin.lab.example.org.evil.org", "", "a b", "[::1"])(
  "knows another host: %j",
  (host) => {
    expect(isForAdminHost(hosts(host), ORIGIN)).toBe(false);
  },
);

it("takes a request with two hosts for one of the stricter host", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (others) => {
      expect(isForAdminHost(hosts(...others, "admin.lab.example.org"), ORIGIN)).toBe(true);
    }),
  );
});

it("knows no host where none is named", () => {
  expect(isForAdminHost([], ORIGIN)).toBe(false);
});
