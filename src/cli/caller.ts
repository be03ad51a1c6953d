import { userInfo } from "node:os";

/** For the log and for those who wonder: the person behind sudo. */
export function caller(): string {
  return process.env["SUDO_USER"] ?? accountName();
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`; // an account need not have a name
  }
}
