import { BlockList, isIP, isIPv4 } from "node:net";
import { AppError } from "../../../errors.ts";

/**
 * Whether an address is in a list of addresses and networks (`10.0.0.0/8`, `2001:db8::1`). A wide network does not
 * take loopback or a node with it: user code runs there, so these count only if they are listed by themselves.
 * Throws BAD_CONFIG for an entry that is neither.
 */
export function createAddressList(
  entries: readonly string[],
  isNode: (address: string) => boolean = () => false,
): (address: string) => boolean {
  const all = blockList(entries);
  const exact = blockList(entries.filter((entry) => !entry.includes("/")));
  const loopback = blockList(entries.filter((entry) => isLoopback(plain(entry.split("/")[0] ?? ""))));
  return (text) => {
    const address = plain(text);
    if (!isIn(all, address)) return false;
    if (isLoopback(address)) return isIn(loopback, address);
    return !isNode(address) || isIn(exact, address);
  };
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) add(list, entry);
  return list;
}

function add(list: BlockList, entry: string): void {
  const [address = "", prefix, ...more] = entry.split("/");
  try {
    if (more.length > 0 || isIP(address) === 0) throw new RangeError("not an address");
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix === "" ? Number.NaN : prefix), familyOf(address));
  } catch (cause) {
    const remedy = "write an address such as 10.0.0.5, or a network such as 10.0.0.0/24";
    throw new AppError("BAD_CONFIG", `auth.proxies: ${entry} is not an address or network`, {
      cause,
      remedy,
    });
  }
}

function isIn(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

/** A dual-stack socket writes IPv4 peers as `::ffff:10.0.0.5`. */
function plain(address: string): string {
  const inner = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  return inner !== undefined && isIPv4(inner) ? inner : address;
}
