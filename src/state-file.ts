import { AppError } from "./errors.ts";

/** Does `work` on a file or folder of the state directory. Throws STATE_DIRECTORY if that fails. */
export async function onStateFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const remedy = "The state directory must be writable, and its disk must have room.";
    throw new AppError("STATE_DIRECTORY", `${path} cannot be used`, { cause, remedy });
  }
}

/** For `catch`: this where there is no such file; throws whatever else is wrong. */
export function whenAbsent<T>(otherwise: T): (err: unknown) => T {
  return (err) => {
    if ((err as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw err;
  };
}
