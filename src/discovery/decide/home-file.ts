/** A small file of a user's home, parsed. */
export type HomeFile<T> =
  | { readonly kind: "valid"; readonly value: T }
  /** Empty or cut short: somebody may be writing it. Nothing may be concluded from it. */
  | { readonly kind: "unfinished" }
  /** Not what its name promises, in words for a person. */
  | { readonly kind: "odd"; readonly why: string };

/** Longer files are not ours. */
export const MAX_FILE_BYTES = 16_384;

/** The JSON in a file of a home. */
export function parseJson(
  bytes: Uint8Array,
): HomeFile<never> | { readonly kind: "value"; readonly value: unknown } {
  if (bytes.length > MAX_FILE_BYTES) return { kind: "odd", why: "is too long" };
  try {
    return { kind: "value", value: JSON.parse(new TextDecoder().decode(bytes)) as unknown };
  } catch {
    return { kind: "unfinished" };
  }
}
