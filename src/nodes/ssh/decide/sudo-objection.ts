/** Why sudo did not run a command, in words that follow "sudo on node1"; undefined if the text is not sudo's. */
export function sudoObjection(said: string): string | undefined {
  return OBJECTIONS.find(({ sign }) => sign.test(said))?.words;
}

const OBJECTIONS: readonly { readonly sign: RegExp; readonly words: string }[] = [
  { sign: /sudo: .*(password|terminal|tty)/i, words: "wants a password" },
  { sign: /not allowed to (execute|run)|not in the sudoers|may not run sudo/i, words: "does not allow it" },
  { sign: /sudo: (command )?not found/i, words: "is not installed" },
];
