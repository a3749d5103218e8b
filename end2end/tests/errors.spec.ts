import { randomUUID } from "node:crypto";

import { expect, test } from "../support/test";

test("an address that leads nowhere says so, in the site's frame", async ({ page }) => {
  for (const path of [
    "/nowhere",
    `/jobs/${randomUUID()}`,
    "/jobs/garbage",
    `/freelancers/${randomUUID()}`,
    "/freelancers/garbage",
    "/pkg/nothing.js/else",
  ]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole("heading").first()).toBeVisible();
    await expect(page.getByRole("link", { name: /8thDegree/ }).first()).toBeVisible();
  }
  await page.goto("/nowhere");
  await expect(page).toHaveTitle("Nothing at this bearing · 8thDegree");
  await page.getByRole("main").getByRole("link", { name: "Browse jobs" }).click();
  await expect(page).toHaveURL("/jobs");
});

test("whoever is not signed in is led to where they can, from every page that needs it", async ({ page }) => {
  const id = randomUUID();
  const paths = ["/matches", `/matches/${id}`, "/profile", "/account", "/my/jobs", "/jobs/new", `/jobs/${id}/edit`];
  for (const path of [...paths, `/jobs/${id}/candidates`]) {
    await page.goto(path);
    await expect(page, path).toHaveURL(`/sign-in?next=${encodeURIComponent(path)}`);
    await expect(page.getByText("Please sign in to go on to that page.")).toBeVisible();
  }
});

test("machines are told in their terms @once", async ({ request }) => {
  expect((await request.get("/healthz")).status()).toBe(200);
  expect((await request.get("/readyz")).status()).toBe(200);
  const metrics = await request.get("/metrics");
  expect(await metrics.text()).toContain("http_requests_total");
  // Without an origin nothing is even looked up.
  const unknown = await request.post("/api/nothing", { headers: { accept: "application/json" } });
  expect(unknown.status()).toBe(403);
  const page = await request.get("/jobs");
  expect(page.headers()["content-security-policy"]).toContain("script-src 'self' 'nonce-");
  expect(page.headers()["x-content-type-options"]).toBe("nosniff");
  expect(page.headers()["x-request-id"]).toBeTruthy();
});
