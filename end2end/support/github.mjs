// Speaks GitHub's part of a sign-in, from its documentation: "Authorizing OAuth apps", "Troubleshooting
// OAuth app access token request errors" and the REST pages "Get the authenticated user" and "List
// email addresses for the authenticated user". Web pages and API share one address.
//
//   node end2end/support/github.mjs --port 0 --client-id … --client-secret …
//
// It prints its address. `POST /control/…` (JSON) tells it what to do:
//
//   sign-in  {"user": {…}, "emails": […]}: who comes next; {"error": "access_denied"}: they say no
//   refuse   {"refuse": true}: the API takes no token any more
//   person   {"id": "x", "user": {…}, "emails": […]}: who comes from a browser with the cookie
//            `at_github=x`, whatever was said by `sign-in`
//   scopes   {"scopes": "read:user"}: what people grant, whatever was asked for
//   issued   answers the tokens that were given out

import { createHash, randomBytes } from "node:crypto";

import { cookie, options, read, send, serve } from "./stand-in.mjs";

const chosen = options("GITHUB", { port: "0", "client-id": "eighth", "client-secret": "eighth-secret" });

const codes = new Map();
const tokens = new Map();
const people = new Map();
let refuse = false;
let granted;
let next = {
  user: { id: 583231, login: "octocat", name: "The Octocat" },
  emails: [
    { email: "octocat@example.com", primary: true, verified: true, visibility: "private" },
    { email: "old@example.com", primary: false, verified: true, visibility: null },
  ],
};

const secret = () => randomBytes(20).toString("hex");

function authorize(request, response, { searchParams }) {
  const person = people.get(cookie(request, "at_github")) ?? next;
  if (searchParams.get("client_id") !== chosen["client-id"]) {
    return send(response, 404, { message: "Not Found" });
  }
  const back = new URL(searchParams.get("redirect_uri"));
  if (person.error) {
    back.searchParams.set("error", person.error);
    back.searchParams.set("error_description", "The user has denied your application access.");
  } else {
    const code = secret();
    const scopes = granted ?? searchParams.get("scope");
    codes.set(code, {
      person,
      scopes,
      redirect: searchParams.get("redirect_uri"),
      challenge: searchParams.get("code_challenge"),
      method: searchParams.get("code_challenge_method"),
    });
    back.searchParams.set("code", code);
  }
  back.searchParams.set("state", searchParams.get("state"));
  response.writeHead(302, { location: back.toString() }).end();
}

/** Errors come with the status 200, as GitHub sends them. */
async function exchange(request, response) {
  const form = new URLSearchParams(await read(request));
  const wrong = (error) => send(response, 200, { error, error_description: "…", error_uri: "/apps/…" });
  if (form.get("client_id") !== chosen["client-id"] || form.get("client_secret") !== chosen["client-secret"]) {
    return wrong("incorrect_client_credentials");
  }
  const code = codes.get(form.get("code"));
  codes.delete(form.get("code"));
  const hash = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
  if (!code || (code.method === "S256" && code.challenge !== hash)) return wrong("bad_verification_code");
  if (code.redirect !== form.get("redirect_uri")) return wrong("redirect_uri_mismatch");
  const token = `gho_${secret()}`;
  tokens.set(token, code);
  send(response, 200, {
    access_token: token,
    scope: code.scopes.split(" ").join(","),
    token_type: "bearer",
  });
}

function api(request, response, what) {
  if (!request.headers["user-agent"]) {
    return send(response, 403, { message: "Request forbidden by administrative rules." });
  }
  const token = /^bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const access = refuse ? undefined : tokens.get(token);
  if (!access) return send(response, 401, { message: "Bad credentials" });
  if (what === "emails" && !access.scopes.split(" ").includes("user:email")) {
    return send(response, 404, { message: "Not Found" });
  }
  send(response, 200, access.person[what]);
}

serve(chosen.port, () => ({
  handle(request, response, url) {
    const route = `${request.method} ${url.pathname}`;
    if (route === "GET /login/oauth/authorize") return authorize(request, response, url);
    if (route === "POST /login/oauth/access_token") return exchange(request, response);
    if (route === "GET /user") return api(request, response, "user");
    if (route === "GET /user/emails") return api(request, response, "emails");
    send(response, 404, { message: "Not Found" });
  },
  control: {
    "sign-in": (order) => void (next = order),
    person: ({ id, ...person }) => void people.set(id, person),
    refuse: (order) => void (refuse = order.refuse),
    scopes: (order) => void (granted = order.scopes),
    issued: () => [...tokens.keys()],
  },
}));
