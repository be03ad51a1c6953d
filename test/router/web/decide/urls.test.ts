import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { nextPlace, nodeOfPlace } from "../../../../src/router/sign-in/decide/sign-in.ts";
import { safeNext } from "../../../../src/router/web/decide/urls.ts";

const ORIGINS = ["https://lab.example.org", "http://127.0.0.1:8000"];

/** Places made of what attacks on redirects are made of. */
const place = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        "/",
        "//",
        "\\",
        "\t",
        "\n",
        "\r",
        " ",
        "..",
        ".",
        "@",
        ":",
        "evil.example",
        "https:",
        "javascript:",
        "%2f",
        "%5c",
        "%09",
        "?",
        "#",
        "n",
        "\u3002",
        "\uff0f",
        "\0",
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join("")),
  fc.webPath(),
);

describe("safeNext", () => {
  it("never leaves the origin, as browsers read URLs", () => {
    fc.assert(
      fc.property(place, fc.constantFrom(...ORIGINS), fc.boolean(), (text, origin, isPrefixed) => {
        const wanted = isPrefixed ? `/${text}` : text;
        const next = safeNext(wanted);
        if (next === undefined) return;
        expect(new URL(next, origin).origin).toBe(origin);
        expect(new URL(next, `${origin}/login?node=x`).origin).toBe(origin);
        expect(next).toBe(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps ordinary places as they are", () => {
    fc.assert(
      fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
        const wanted = `/${path.replace(/^\/+/, "")}?${query}`;
        expect(safeNext(wanted)).toBe(wanted);
      }),
    );
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "\\\\evil",
    "http:/x",
    "javascript:alert(1)",
    "",
    " /x",
    "/x y",
    "/\nx",
    "/é",
  ])("refuses %j", (text) => {
    expect(safeNext(text)).toBeUndefined();
  });
});

describe("a place to go", () => {
  it("is forgotten when it is too long to travel", () => {
    expect(nextPlace(`/${"x".repeat(2999)}`)).toBeDefined();
    expect(nextPlace(`/${"x".repeat(3000)}`)).toBeUndefined();
  });

  it.each([
    ["/n/node1/user/alice/lab", "node1"],
    ["/n/node1/", "node1"],
    ["/n/node1", undefined],
    ["/n/../x/", undefined],
    ["/n/%6eode1/", undefined],
    ["/user/alice/n/node1/", undefined],
  ])("%s belongs to node %s", (text, node) => {
    expect(nodeOfPlace(text)).toBe(node);
  });
});
