// Before the first test: one site with a small demonstration marketplace, for all of them; and one
// that limits what its visitors may do, who there come from wherever they say.

import { Site } from "./site";
import { StandIn } from "./stand-in-process";

export default async function setup(): Promise<() => Promise<void>> {
  const [github, acme, dns] = await Promise.all(
    ["github.mjs", "oidc-provider.mjs", "dns.mjs"].map((script) => StandIn.start(script)),
  );
  const site = new Site("main", {
    EIGHTH_PROVIDERS__GITHUB__CLIENT_ID: "eighth",
    EIGHTH_PROVIDERS__GITHUB__CLIENT_SECRET: "eighth-secret",
    EIGHTH_PROVIDERS__GITHUB__WEB: github.url,
    EIGHTH_PROVIDERS__GITHUB__API: github.url,
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
  process.env.E2E_DNS = dns.url;
  const redirect = `${site.url}/sign-in/with/acme/callback`;
  await acme.control("clients", [{ client_id: "eighth", client_secret: "eighth-secret", redirect_uris: [redirect] }]);
  return async () => {
    await Promise.all([site.stop(), limited.stop()]);
    github.stop();
    acme.stop();
    dns.stop();
  };
}
