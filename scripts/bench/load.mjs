import { execFileSync, spawn } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

/** Drives `url` for so many seconds over so many kept connections; resolves with the number of answers. */
export async function drive(target, { seconds, connections, tool }) {
  return tool === "wrk"
    ? driveByWrk(target, seconds, connections)
    : driveByChild(target, seconds, connections);
}

export function loadTool() {
  try {
    execFileSync("wrk", ["-v"], { stdio: "ignore" });
  } catch (error) {
    return error.code === "ENOENT" ? "own loop" : "wrk"; // wrk -v exits with 1
  }
  return "wrk";
}

async function driveByWrk({ port, path, cookie }, seconds, connections) {
  const header = cookie === undefined ? [] : ["-H", `Cookie: ${cookie}`];
  const url = `http://127.0.0.1:${port}${path}`;
  const wrk = spawn("wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, ...header, url]);
  let text = "";
  wrk.stdout.on("data", (data) => (text += data));
  await once(wrk, "close");
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${url} failed under load:\n${text}`);
  return Number(/(\d+) requests in/.exec(text)?.[1]);
}

async function driveByChild(target, seconds, connections) {
  const child = fork(new URL(import.meta.url).pathname, [
    JSON.stringify({ ...target, seconds, connections }),
  ]);
  const [{ answers, failure }] = await once(child, "message");
  child.disconnect();
  if (failure) throw new Error(failure);
  return answers;
}

/** The loop itself: each connection sends its next request when the answer to the last has come. */
function loop({ port, path, cookie, seconds, connections }) {
  const head = cookie === undefined ? "" : `Cookie: ${cookie}\r\n`;
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${head}\r\n`;
  let answers = 0;
  for (let i = 0; i < connections; i += 1) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let bytes = "";
    socket.on("error", (error) => process.send({ failure: String(error) }));
    socket.on("data", (data) => {
      bytes += data.toString("latin1");
      const end = bytes.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(bytes)?.[1] ?? Number.NaN);
      if (end === -1 || bytes.length < end + 4 + length) return;
      if (!bytes.startsWith("HTTP/1.1 200")) process.send({ failure: bytes.slice(0, 200) });
      bytes = "";
      answers += 1;
      socket.write(request);
    });
    socket.write(request);
  }
  setTimeout(() => process.send({ answers }, () => process.exit(0)), seconds * 1000);
}

if (process.argv[1] === new URL(import.meta.url).pathname) loop(JSON.parse(process.argv[2]));
