import { z } from "zod";
import {
  type HostPort,
  parseHostPort,
  parseRedisUrl,
  type RedisAccount,
  type RedisPlace,
} from "./discovery/decide/redis-place.ts";

/** What routers share: in-process without a place. */
export interface CacheConfig {
  readonly place?: RedisPlace;
  readonly account: RedisAccount;
  /** Holds the password, if the account does not. */
  readonly passwordFile?: string;
  /** The authority, in PEM, whose certificates count instead of the system's. */
  readonly caFile?: string;
}

const Address = z.string().transform((text, context): HostPort => {
  const address = parseHostPort(text);
  if (address !== undefined) return address;
  context.addIssue({ code: "custom", message: "host:port, or [address]:port" });
  return z.NEVER;
});

const Url = z.string().transform((text, context) => {
  const parsed = parseRedisUrl(text);
  if (parsed !== undefined) return parsed;
  // The text may hold a password: it is not repeated.
  const message = "redis://HOST:PORT, rediss://HOST:PORT, or the absolute path of a Unix socket";
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

const Keys = z.strictObject({
  url: Url.optional(),
  sentinels: z.array(Address).min(1).optional(),
  name: z.string().min(1).optional(),
  cluster: z.array(Address).min(1).optional(),
  username: z.string().min(1).optional(),
  password_file: z.string().optional(),
  ca_file: z.string().optional(),
});
type Keys = z.infer<typeof Keys>;

/** The section `cache` of the configuration file. */
export const CacheSection = Keys.superRefine((keys, context) => {
  for (const message of contradictions(keys)) context.addIssue({ code: "custom", message });
}).transform((keys): CacheConfig => {
  const { url, username, password_file: passwordFile, ca_file: caFile } = keys;
  const place = placeOf(keys);
  return {
    account: { ...url?.account, ...(username !== undefined && { username }) },
    ...(place !== undefined && { place }),
    ...(passwordFile !== undefined && { passwordFile }),
    ...(caFile !== undefined && { caFile }),
  };
});

function placeOf({ url, sentinels, name, cluster }: Keys): RedisPlace | undefined {
  if (sentinels !== undefined) return { kind: "sentinels", sentinels, name: name ?? "" };
  if (cluster !== undefined) return { kind: "cluster", nodes: cluster };
  return url?.place;
}

function contradictions(keys: Keys): string[] {
  const places = placesIn(keys);
  const several = places.length > 1 ? [`give one of ${places.join(" and ")}, not several`] : [];
  return [...several, ...RULES.filter(([isBroken]) => isBroken(keys)).map(([, message]) => message)];
}

function placesIn({ url, sentinels, cluster }: Keys): string[] {
  const places = Object.entries({ url, sentinels, cluster });
  return places.filter(([, place]) => place !== undefined).map(([key]) => key);
}

const RULES: readonly (readonly [isBroken: (keys: Keys) => boolean, message: string])[] = [
  [
    ({ sentinels, name }) => sentinels !== undefined && name === undefined,
    "sentinels need name: what they call the primary",
  ],
  [({ sentinels, name }) => sentinels === undefined && name !== undefined, "name goes with sentinels only"],
  [
    (keys) => keys.password_file !== undefined && placesIn(keys).length === 0,
    "password_file, but no url, sentinels or cluster",
  ],
  [
    (keys) => keys.username !== undefined && placesIn(keys).length === 0,
    "username, but no url, sentinels or cluster",
  ],
  [
    ({ url, password_file }) => password_file !== undefined && url?.account.password !== undefined,
    "a password in url and a password_file: give one",
  ],
  [
    ({ url, username }) => username !== undefined && url?.account.username !== undefined,
    "a username in url and username: give one",
  ],
  [
    ({ url, ca_file }) => ca_file !== undefined && !(url?.place.kind === "server" && url.place.tls),
    "ca_file goes with a url that begins with rediss:// only",
  ],
];
