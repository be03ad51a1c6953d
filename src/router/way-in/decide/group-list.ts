/** The names that `id --groups --name --zero` printed; of a group without a name it prints the number, which is none. */
export function parseGroupList(text: string): readonly string[] {
  const names = text.split("\0").filter((name) => isGroupName(name) && !/^[0-9]+$/.test(name));
  return [...new Set(names)].toSorted();
}

/** Names of directory services hold spaces and backslashes. */
function isGroupName(text: string): boolean {
  return text !== "" && text.length <= 255 && !/[\p{Cc}\p{Zl}\p{Zp}\ufffd]/u.test(text);
}
