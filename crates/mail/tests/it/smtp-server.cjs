// A mail server for tests. Says its port, and then each message it takes, as lines of JSON. What it
// does with a message depends on whom it is for. Ends with its standard input.
"use strict";

const { SMTPServer } = require("smtp-server");

const options = JSON.parse(process.argv[2]);
const seen = new Set();
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const refusal = (responseCode, message) => Object.assign(new Error(message), { responseCode });

const server = new SMTPServer({
  secure: options.tls === "from_the_start",
  hideSTARTTLS: options.tls !== "starttls",
  key: options.key,
  cert: options.cert,
  authOptional: true,
  allowInsecureAuth: true,
  disabledCommands: options.tls === "starttls" ? [] : ["STARTTLS"],
  disableReverseLookup: true,
  logger: false,

  onAuth({ username, password }, session, answer) {
    if (!session.secure) say({ toldInClear: username });
    const known = username === "me@example.com" && password === "p:ä/ss";
    answer(known ? null : refusal(535, "who are you?"), known ? { user: username } : undefined);
  },

  onRcptTo({ address }, session, answer) {
    const user = address.split("@")[0];
    if (user === "nobody") return answer(refusal(550, "there is no such mailbox"));
    if (user === "silence") return;
    if (user === "grey" && !seen.has(address)) {
      seen.add(address);
      return answer(refusal(451, "greylisted, please come back"));
    }
    answer();
  },

  onData(stream, session, answer) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      say({
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map(({ address }) => address),
        user: session.user ?? null,
        encrypted: session.secure,
        mail: Buffer.concat(chunks).toString("latin1"),
      });
      const user = session.envelope.rcptTo[0].address.split("@")[0];
      // Hangs up as soon as the message is taken, without a goodbye.
      answer(null, "taken");
      if (user === "rude") setImmediate(() => server.connections.forEach((open) => open.close()));
    });
  },
});

server.on("error", () => {});
server.listen(0, "127.0.0.1", () => say({ port: server.server.address().port }));
process.stdin.on("end", () => process.exit(0)).resume();
