// Before the first test: one site with a small demonstration marketplace, for all of them.

import { Site } from "./site";
import { StandIn } from "./stand-in-process";

export default async function setup(): Promise<() => Promise<void>> {
  const [github, acme] = await Promise.all([StandIn.start("github.mjs"), StandIn.start("oidc-provider.mjs")]);
  const site = new Site("main", {
    EIGHTH_PROVIDERS__GITHUB__CLIENT_ID: "eighth",
    EIGHTH_PROVIDERS__GITHUB__CLIENT_SECRET: "eighth-secret",
    EIGHTH_PROVIDERS__GITHUB__WEB: github.url,
    EIGHTH_PROVIDERS__GITHUB__API: github.url,
    EIGHTH_PROVIDERS__OIDC__ACME__ISSUER: acme.url,
    EIGHTH_PROVIDERS__OIDC__ACME__CLIENT_ID: "eighth",
    EIGHTH_PROVIDERS__OIDC__ACME__CLIENT_SECRET: "eighth-secret",
    EIGHTH_PROVIDERS__OIDC__ACME__LABEL: "Acme",
  });
  // More than one page of each list.
  site.seed({ freelancers: 60, jobs: 70, seed: 7 });
  await site.start();
  // The workers start after this and inherit it.
  process.env.E2E_BASE_URL = site.url;
  process.env.E2E_GITHUB = github.url;
  process.env.E2E_ACME = acme.url;
  const redirect = `${site.url}/sign-in/with/acme/callback`;
  await acme.control("clients", [{ client_id: "eighth", client_secret: "eighth-secret", redirect_uris: [redirect] }]);
  return async () => {
    await site.stop();
    github.stop();
    acme.stop();
  };
}
