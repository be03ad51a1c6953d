// An SSH server in a process of its own, for machines without sshd: forwards to loopback ports, runs nothing.
import { connect } from "node:net";
import { readFileSync } from "node:fs";
import ssh2 from "ssh2";

const { hostKeyFile, authorizedKeyFile } = JSON.parse(process.argv[2]);
const authorized = ssh2.utils.parseKey(readFileSync(authorizedKeyFile));

const server = new ssh2.Server({ hostKeys: [readFileSync(hostKeyFile)] }, (client) => {
  client.on("error", () => undefined);
  client.on("authentication", (context) => {
    const isKnown = context.method === "publickey" && context.key.data.equals(authorized.getPublicSSH());
    if (isKnown) context.accept();
    else context.reject(["publickey"]);
  });
  client.on("session", (accept) => {
    accept().on("exec", (acceptExec) => acceptExec().exit(0) ?? undefined);
  });
  client.on("tcpip", (accept, reject, { destIP, destPort }) => {
    const socket = connect({ host: destIP, port: destPort, noDelay: true });
    socket.once("error", () => reject());
    socket.once("connect", () => {
      const channel = accept();
      channel.on("error", () => socket.destroy());
      socket.on("error", () => channel.destroy());
      socket.pipe(channel).pipe(socket);
    });
  });
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
