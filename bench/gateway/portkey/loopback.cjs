// Binds every server of the process to loopback: the gateway itself offers no option for the address.
const { Server } = require("node:net");

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  const callback = rest.find((value) => typeof value === "function");
  const number = typeof port === "object" && port !== null ? port.port : port;
  return listen.call(this, { port: Number(number), host: "127.0.0.1", backlog: 1024 }, callback);
};
