/** The names a pattern stands for, or what is wrong with it, in words for a person. */
export type Expansion =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

const SPEC = /^(?<first>\d{0,9}|[a-zA-Z])[:-](?<last>\d{1,9}|[a-zA-Z])(?::(?<step>\d{1,9}))?$/;
const REMEDY = 'Write a range as "node[01-16]", "node[1:50]", "node[a:f]" or, with a step, "node[01-16:2]".';

/** Expands every `[first-last:step]` of a host pattern as Ansible does, to at most `limit` names. */
export function expandHostPattern(pattern: string, limit: number): Expansion {
  const parts = pattern.split(/\[([^[\]]*)\]/); // text, range, text, range, ..., text
  let names = [""];
  for (const [index, part] of parts.entries()) {
    const tails = index % 2 === 0 ? literal(part) : expandRange(part, limit);
    if (!tails.ok) return tails;
    if (names.length * tails.names.length > limit) return tooMany(limit);
    names = names.flatMap((head) => tails.names.map((tail) => head + tail));
  }
  return { ok: true, names };
}

function literal(text: string): Expansion {
  return /[[\]]/.test(text) ? refuse("a bracket of the range has no partner") : { ok: true, names: [text] };
}

function expandRange(text: string, limit: number): Expansion {
  const spec = SPEC.exec(text)?.groups;
  if (spec === undefined) return refuse(`"[${text.slice(0, 40)}]" is not a range`);
  const { first = "", last = "" } = spec;
  const step = Number(spec["step"] ?? 1);
  if (step === 0) return refuse(`the step of "[${text}]" is 0`);
  const isLetters = /[a-z]/i.test(first);
  if (isLetters !== /[a-z]/i.test(last)) return refuse(`"[${text}]" goes from a letter to a number`);
  return isLetters ? letters(first, last, step) : numbers(first || "0", last, step, limit);
}

function letters(first: string, last: string, step: number): Expansion {
  const from = first.charCodeAt(0);
  const to = last.charCodeAt(0);
  if (first <= "Z" !== last <= "Z") return refuse(`"${first}" and "${last}" are not of the same case`);
  if (from > to) return refuse(`the range runs backwards, from ${first} to ${last}`);
  return { ok: true, names: sequence(from, to, step).map((code) => String.fromCharCode(code)) };
}

function numbers(first: string, last: string, step: number, limit: number): Expansion {
  const isPadded = first.length > 1 && first.startsWith("0");
  const from = Number(first);
  const to = Number(last);
  if (isPadded && first.length !== last.length)
    return refuse(`"${first}" and "${last}" have different lengths, so the zeros in front are unclear`);
  if (from > to) return refuse(`the range runs backwards, from ${first} to ${last}`);
  if ((to - from) / step >= limit) return tooMany(limit);
  const width = isPadded ? first.length : 0;
  return { ok: true, names: sequence(from, to, step).map((n) => String(n).padStart(width, "0")) };
}

function sequence(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function refuse(message: string): Expansion {
  return { ok: false, message, remedy: REMEDY };
}

function tooMany(limit: number): Expansion {
  return {
    ok: false,
    message: `the range stands for more than ${limit} hosts`,
    remedy: "Check its ends; a range this long is most likely a slip.",
  };
}
