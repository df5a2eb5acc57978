// Preloaded into servers that cannot be told where to listen: 127.0.0.1 only, and one line of JSON once they do.
const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const port = typeof args[0] === "object" ? args[0].port : args[0];
  this.once("listening", () => process.stdout.write(JSON.stringify({ port: this.address().port }) + "\n"));
  return listen.call(this, { port: Number(port), host: "127.0.0.1" }, args.find((a) => typeof a === "function"));
};
const log = console.error; // stdout is for the line above
console.log = log;
