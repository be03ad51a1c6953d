import { describe, expect, it } from "@jest/globals";
import { createHangBook } from "../../../src/discovery/io/hang-book.ts";

const ALICE = { home: "/home/alice", parent: "/home" };
const BOB = { home: "/home/bob", parent: "/home" };
const CAROL = { home: "/home/carol", parent: "/home" };
const ELSEWHERE = { home: "/srv/dave", parent: "/srv" };

function create() {
  return createHangBook({ firstMs: 4, maxMs: 10 });
}

describe("hang book", () => {
  it("lets a home wait longer each time, up to a limit, and no other", () => {
    const book = create();
    expect(book.waitMs(ALICE, 0)).toBe(0);
    book.hung(ALICE, 0);
    expect([book.waitMs(ALICE, 0), book.waitMs(ALICE, 3), book.waitMs(ALICE, 4)]).toEqual([4, 1, 0]);
    expect(book.waitMs(BOB, 0)).toBe(0);
    book.hung(ALICE, 10);
    expect(book.waitMs(ALICE, 10)).toBe(8);
    book.hung(ALICE, 20);
    expect(book.waitMs(ALICE, 20)).toBe(10);
  });

  it("takes two homes that hang for a file system that does, and asks it through one home at a time", () => {
    const book = create();
    book.hung(ALICE, 0);
    book.hung(BOB, 1);
    expect(book.waitMs(CAROL, 1)).toBe(4);
    expect(book.waitMs(ELSEWHERE, 1)).toBe(0);
    expect(book.waitMs(CAROL, 5)).toBe(0);
    expect(book.waitMs(BOB, 5)).toBe(4);
    book.hung(CAROL, 6);
    expect(book.waitMs(BOB, 6)).toBe(8);
  });

  it("trusts all of them again as soon as one answers, but not the homes that hung", () => {
    const book = create();
    book.hung(ALICE, 0);
    book.hung(BOB, 0);
    book.hung(BOB, 4);
    expect(book.waitMs(CAROL, 20)).toBe(0);
    book.answered(CAROL);
    expect(book.waitMs(CAROL, 20)).toBe(0);
    book.hung(BOB, 20);
    expect([book.waitMs(ALICE, 20), book.waitMs(BOB, 20), book.waitMs(CAROL, 20)]).toEqual([0, 10, 0]);
  });

  it("starts afresh with a home that has answered", () => {
    const book = create();
    book.hung(ALICE, 0);
    book.answered(ALICE);
    book.hung(ALICE, 10);
    expect(book.waitMs(ALICE, 10)).toBe(4);
  });
});
