import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createEventReader } from "../../../../src/nodes/hubs/decide/event-stream.ts";

function read(chunks: readonly string[]): string[] {
  const reader = createEventReader();
  return chunks.flatMap((chunk) => reader.feed(chunk));
}

/** Cuts a text at random places. */
function cut(text: string): fc.Arbitrary<string[]> {
  return fc.array(fc.nat(text.length), { maxLength: 10 }).map((places) => {
    const edges = [0, ...places.toSorted((a, b) => a - b), text.length];
    return edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
  });
}

describe("createEventReader", () => {
  it.each([
    ["one event", "data: a\n\n", ["a"]],
    ["JupyterHub's keep-alive lines", "\n\ndata: a\n\n\n\n\n\ndata: b\n\n", ["a", "b"]],
    ["several data lines", "data: a\ndata: b\n\n", ["a\nb"]],
    ["comments and other fields", ": hello\nevent: x\nid: 1\ndata:a\n\n", ["a"]],
    ["an empty data line", "data\n\n", [""]],
    ["line ends of other systems", "data: a\r\n\r\ndata: b\r\r", ["a", "b"]],
    ["nothing unfinished", "data: a\n", []],
  ])("reads %s", (_, text, events) => {
    expect(read([text])).toEqual(events);
  });

  it("does not depend on where the stream is cut", () => {
    const text = '\n\ndata: {"a": 1}\r\n\r\n: x\ndata: b\ndata: c\n\n\rdata: d\r\r\n\n';
    const whole = read([text]);
    expect(whole).toEqual(['{"a": 1}', "b\nc", "d"]);
    fc.assert(
      fc.property(cut(text), (chunks) => {
        expect(read(chunks)).toEqual(whole);
      }),
    );
  });

  it("drops an event without end and goes on after it", () => {
    const endless = Array.from({ length: 100 }, () => "x".repeat(10_000));
    expect(read(["data: ", ...endless, "\ndata: more\n\n", "data: next\n\n"])).toEqual(["next"]);
  });
});
