// Before the first test: one site with a small demonstration marketplace, for all of them; and one
// that limits what its visitors may do, who there come from wherever they say.

import { Site } from "./site";
import { StandIn } from "./stand-in-process";

export default async function setup(): Promise<() => Promise<void>> {
  const [github, acme, google, dns] = await Promise.all([
    StandIn.start("github.mjs"),
    StandIn.start("oidc-provider.mjs"),
    // As the real one does, it has what it says of people in the ID token.
    StandIn.start("oidc-provider.mjs", ["--name", "google", "--claims", "token"]),
    StandIn.start("dns.mjs"),
  ]);
  const site = new Site("main", {
    EIGHTH_PROVIDERS__GITHUB__CLIENT_ID: "eighth",
    EIGHTH_PROVIDERS__GITHUB__CLIENT_SECRET: "eighth-secret",
    EIGHTH_PROVIDERS__GITHUB__WEB: github.url,
    EIGHTH_PROVIDERS__GITHUB__API: github.url,
    EIGHTH_PROVIDERS__GOOGLE__CLIENT_ID: "eighth",
    EIGHTH_PROVIDERS__GOOGLE__CLIENT_SECRET: "eighth-secret",
    EIGHTH_PROVIDERS__GOOGLE__ISSUER: google.url,
    EIGHTH_PROVIDERS__OIDC__ACME__ISSUER: acme.url,
    EIGHTH_PROVIDERS__OIDC__ACME__CLIENT_ID: "eighth",
    EIGHTH_PROVIDERS__OIDC__ACME__CLIENT_SECRET: "eighth-secret",
    EIGHTH_PROVIDERS__OIDC__ACME__LABEL: "Acme",
    EIGHTH_ORGANISATIONS__LOCAL_ISSUERS: "true",
    EIGHTH_ORGANISATIONS__NAME_SERVER: new URL(dns.url).host,
  });
  // More than one page of each list.
  site.seed({ freelancers: 60, jobs: 70, seed: 7 });
  const limited = new Site("limited", { EIGHTH_LIMITS__ENABLED: "true", EIGHTH_SERVER__PROXIES: "1" });
  await Promise.all([site.start(), limited.start()]);
  // The workers start after this and inherit it.
  process.env.E2E_BASE_URL = site.url;
  process.env.E2E_LIMITED_URL = limited.url;
  process.env.E2E_GITHUB = github.url;
  process.env.E2E_ACME = acme.url;
  process.env.E2E_GOOGLE = google.url;
  process.env.E2E_DNS = dns.url;
  for (const [name, provider] of Object.entries({ acme, google })) {
    const redirect = `${site.url}/sign-in/with/${name}/callback`;
    const client = { client_id: "eighth", client_secret: "eighth-secret", redirect_uris: [redirect] };
    await provider.control("clients", [client]);
  }
  return async () => {
    await Promise.all([site.stop(), limited.stop()]);
    github.stop();
    acme.stop();
    google.stop();
    dns.stop();
  };
}
