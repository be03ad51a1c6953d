export type Words =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

/**
 * Splits a line of an inventory as a POSIX shell would: quotes group, a backslash takes the next character as it is,
 * and `#` or `;` at the beginning of a word starts a comment.
 */
export function splitWords(line: string): Words {
  const words: string[] = [];
  let rest = line.trimStart();
  while (rest !== "" && !/^[#;]/.test(rest)) {
    const word = readWord(rest);
    if (word === undefined) {
      return { ok: false, message: "a quote is not closed", remedy: "Close it on the same line." };
    }
    words.push(word.text);
    rest = rest.slice(word.length).trimStart();
  }
  return { ok: true, words };
}

const PIECES = [
  { pattern: /^[^\s'"\\]+/, unquote: (piece: string) => piece },
  { pattern: /^'[^']*'/, unquote: (piece: string) => piece.slice(1, -1) },
  {
    pattern: /^"(?:[^"\\]|\\.)*"/s,
    unquote: (piece: string) => piece.slice(1, -1).replace(/\\(["\\])/g, "$1"),
  },
  { pattern: /^\\./s, unquote: (piece: string) => piece.slice(1) },
];

function readWord(text: string): { readonly text: string; readonly length: number } | undefined {
  let word = "";
  let position = 0;
  while (position < text.length && !/\s/.test(text.charAt(position))) {
    const rest = text.slice(position);
    const piece = PIECES.find(({ pattern }) => pattern.test(rest));
    const match = piece?.pattern.exec(rest)?.[0];
    if (piece === undefined || match === undefined) return undefined;
    word += piece.unquote(match);
    position += match.length;
  }
  return { text: word, length: position };
}
