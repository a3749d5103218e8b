// Before the first test: one site with a small demonstration marketplace, for all of them.

import { Site } from "./site";

export default async function setup(): Promise<() => Promise<void>> {
  const site = new Site("main");
  // More than one page of each list.
  site.seed({ freelancers: 60, jobs: 70, seed: 7 });
  await site.start();
  // The workers start after this and inherit it.
  process.env.E2E_BASE_URL = site.url;
  return () => site.stop();
}
