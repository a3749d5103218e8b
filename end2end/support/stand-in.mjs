// What the stand-ins for other people's servers have in common: they listen on the loopback
// interface, print their address once they are ready, and are told what to do next under /control.

import { createServer } from "node:http";
import { parseArgs } from "node:util";

const LONGEST_BODY = 64 * 1024;

/**
 * The options given as `--name value`, as the environment variable `PREFIX_NAME`, or by default.
 * `--until-stdin-closes` ends the process with the one that started it, however that one ends.
 */
export function options(prefix, defaults) {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: "string" }])),
      "until-stdin-closes": { type: "boolean" },
    },
  });
  if (values["until-stdin-closes"]) {
    process.stdin.resume();
    process.stdin.once("end", () => process.exit(0));
  }
  const variable = (name) => process.env[`${prefix}_${name.replaceAll("-", "_").toUpperCase()}`];
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, values[name] ?? variable(name) ?? value]),
  );
}

/**
 * Listens, calls `start` with the server's address, which gives the handlers of requests and of
 * each order under `/control/<name>`, and says where it is.
 */
export function serve(port, start) {
  const server = createServer();
  server.listen(Number(port), "127.0.0.1", () => {
    const address = `http://127.0.0.1:${server.address().port}`;
    const { handle, control } = start(address);
    server.on("request", async (request, response) => {
      try {
        const url = new URL(request.url, address);
        const order = url.pathname.startsWith("/control/") && url.pathname.slice("/control/".length);
        if (!order) return await handle(request, response, url);
        if (!Object.hasOwn(control, order)) return send(response, 404, { error: "no such order" });
        const body = await read(request);
        send(response, 200, control[order](body ? JSON.parse(body) : undefined) ?? {});
      } catch (error) {
        console.error(error);
        if (!response.headersSent) send(response, 500, { error: String(error) });
      }
    });
    console.log(address);
  });
}

export function send(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
}

/** A cookie of the browser: by one, tests that run side by side say who each of them is. */
export function cookie(request, name) {
  const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
  return pairs.find(([key]) => key === name)?.[1];
}

export async function read(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_BODY) throw new Error("the body is too long");
  }
  return text;
}
