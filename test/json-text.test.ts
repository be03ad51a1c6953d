import { expect, test } from "@jest/globals";
import { z } from "zod";
import { NodeName, parseJsonText } from "../src/json-text.ts";

const Place = z.object({ node: NodeName });

test("reads what fits", () => {
  expect(parseJsonText(Place, '{"node":"node1","more":1}')).toEqual({ node: "node1" });
});

test.each([
  ["no text", undefined],
  ["nothing", ""],
  ["a text cut short", '{"node":"no'],
  ["another shape", '{"nodes":[]}'],
  ["a name that no node can have", '{"node":"../1"}'],
])("makes nothing of %s", (_what, text) => {
  expect(parseJsonText(Place, text)).toBeUndefined();
});
