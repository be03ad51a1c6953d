import { readFileSync, statSync } from "node:fs";
import { AppError } from "../errors.ts";

/**
 * The secret in the file that a key of the configuration names, without white space around it.
 * Throws BAD_CONFIG if everybody may read it, or if it is too short to be one.
 */
export function readSecret(file: string, key: string, minLength = 1): string {
  const remedy = `write the secret into the file that ${key} names, for the router alone`;
  try {
    if ((statSync(file).mode & 0o007) !== 0) {
      throw new AppError("BAD_CONFIG", `${file} is open to everybody`, { remedy: `chmod o= ${file}` });
    }
    const secret = readFileSync(file, "utf8").trim();
    if (secret.length >= minLength) return secret;
    throw new AppError("BAD_CONFIG", `${file} holds less than ${minLength} characters`, { remedy });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("BAD_CONFIG", `cannot read ${file}: ${(cause as Error).message}`, { cause, remedy });
  }
}
