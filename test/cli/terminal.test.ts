import { describe, expect, it } from "@jest/globals";
import { createTerminal } from "../../src/cli/terminal.ts";

describe("the terminal", () => {
  it("shows what a hostile node says, and does nothing of it", () => {
    const shown: string[] = [];
    const terminal = createTerminal(
      (text) => shown.push(text),
      (text) => shown.push(text),
    );
    terminal.out("node1  up\tüber\r\u001b]0;title\u0007\n");
    terminal.err("node2: \u009b2J\u007f\n");
    expect(shown).toEqual(["node1  up\tüber\ufffd\ufffd]0;title\ufffd\n", "node2: \ufffd2J\ufffd\n"]);
  });
});
