// A real OpenID provider for tests: people sign in and agree without a page of its own, so that a
// browser, or a plain HTTP client with cookies, only follows redirects.
//
//   node end2end/support/oidc-provider.mjs --port 0 --clients '[…]' --accounts '{…}'
//
// It prints its address, which is its issuer. `POST /control/…` (JSON) tells it what to do:
//
//   sign-in      {"account": "ada"} or {"error": "access_denied"}: how the next ones end
//   clients      [{…}]: who may send people here from now on, in place of the former ones
//   account      {"id": "ada", "claims": {…}}: adds or replaces a person
//   clock        {"ahead": 120}: its time differs from ours by so many seconds
//   rotate-keys  signs with a new key and publishes no other
//   counts       answers how often each path was asked for
//   issued       answers the tokens that were given out
//
// A `login_hint` that names an account, and a cookie `at_<name>` that does, go before `sign-in`.

import { generateKeyPairSync, randomBytes } from "node:crypto";

import Provider from "oidc-provider";

import { cookie, options, serve } from "./stand-in.mjs";

const chosen = options("OIDC", {
  port: "0",
  clients: JSON.stringify([
    { client_id: "eighth", client_secret: "eighth-secret", redirect_uris: ["http://127.0.0.1:3000/callback"] },
  ]),
  accounts: JSON.stringify({
    ada: { email: "ada@example.com", email_verified: true, name: "Ada Lovelace", groups: ["engineers"] },
  }),
  // Several on one machine have cookies of their own.
  name: "acme",
  // `token` puts the claims of the scopes into the ID token; `userinfo` keeps it thin.
  claims: "userinfo",
});

const accounts = new Map(Object.entries(JSON.parse(chosen.accounts)));
const cookieKeys = [randomBytes(32).toString("hex")];
const counts = {};
const issued = [];
let next = { account: accounts.keys().next().value };

const realNow = Date.now;
const setClock = ({ ahead }) => {
  Date.now = () => realNow() + ahead * 1000;
};

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = randomBytes(8).toString("hex");
  return { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" };
}

/** All providers of one process share what they store, so that a sign-in outlives a new key. */
function newProvider(issuer) {
  const provider = new Provider(issuer, {
    clients: JSON.parse(chosen.clients),
    jwks: { keys: [newKey()] },
    cookies: {
      keys: cookieKeys,
      names: {
        session: `_session_${chosen.name}`,
        interaction: `_interaction_${chosen.name}`,
        resume: `_interaction_resume_${chosen.name}`,
      },
    },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    conformIdTokenClaims: chosen.claims !== "token",
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) =>
      accounts.has(id) ? { accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) } : undefined,
    // Everybody agrees to everything.
    loadExistingGrant: async (ctx) => {
      const { client, session, params } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(params.scope);
      await grant.save();
      return grant;
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 3600, Interaction: 600, Session: 600 },
  });
  provider.on("grant.success", ({ body }) => issued.push(body.access_token, body.id_token));
  return { provider, handle: provider.callback() };
}

serve(chosen.port, (issuer) => {
  let current = newProvider(issuer);

  async function interact(request, response) {
    const { params } = await current.provider.interactionDetails(request, response);
    const named = [params.login_hint, cookie(request, `at_${chosen.name}`)].find((id) => accounts.has(id));
    const account = named ?? next.account;
    const result = next.error && !named
      ? { error: next.error, error_description: "Told so by the test." }
      : { login: { accountId: account } };
    await current.provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
  }

  return {
    handle(request, response, url) {
      counts[url.pathname] = (counts[url.pathname] ?? 0) + 1;
      if (url.pathname.startsWith("/interaction/")) return interact(request, response);
      return current.handle(request, response);
    },
    control: {
      "sign-in": (order) => void (next = order),
      clients: (order) => {
        chosen.clients = JSON.stringify(order);
        current = newProvider(issuer);
      },
      account: ({ id, claims }) => void accounts.set(id, claims),
      clock: setClock,
      "rotate-keys": () => void (current = newProvider(issuer)),
      counts: () => counts,
      issued: () => issued,
    },
  };
});
