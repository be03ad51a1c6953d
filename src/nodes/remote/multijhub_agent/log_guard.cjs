// Loaded into the node's proxy (NODE_OPTIONS=--require): a log that cannot be written, on a full disk, is no reason
// to end and take every user's connection along.
"use strict";
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
