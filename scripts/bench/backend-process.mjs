// A backend that costs next to nothing: the same 1 KB answer to every request head, on kept connections.
import { createServer } from "node:net";

const body = "x".repeat(1024);
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nX-Backend: 1\r\n\r\n${body}`,
);

const server = createServer({ noDelay: true }, (socket) => {
  let rest = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => {
    const heads = (rest + data.toString("latin1")).split("\r\n\r\n");
    rest = heads.pop();
    for (let i = 0; i < heads.length; i += 1) socket.write(answer);
  });
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
