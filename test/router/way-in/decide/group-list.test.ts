import { expect, it } from "@jest/globals";
import { parseGroupList } from "../../../../src/router/way-in/decide/group-list.ts";

it.each([
  ["", []],
  ["staff\0ml\0", ["ml", "staff"]],
  ["domain users\0LAB\\ml\0ml@lab.example.org\0", ["LAB\\ml", "domain users", "ml@lab.example.org"]],
  ["ml\0ml\0", ["ml"]],
  ["ml\u00004711\0", ["ml"]],
  ["ml\0two\nlines\0\u001b[2J\0", ["ml"]],
  [`${"x".repeat(256)}\0ml\0`, ["ml"]],
])("reads %j", (text, groups) => {
  expect(parseGroupList(text)).toEqual(groups);
});
