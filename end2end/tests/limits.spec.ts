// What happens to those who try too often, and to those beside them. The server of these tests limits
// its visitors, and believes them where they come from: each test has networks of its own.

import { randomInt } from "node:crypto";
import { type Browser, type BrowserContext } from "@playwright/test";

import { expectAccessible } from "../support/axe";
import { showWhoItIs } from "../support/factors";
import { PASSWORD, enter, unique } from "../support/people";
import { type Complaints, expect, test, type Page } from "../support/test";

const site = () => process.env.E2E_LIMITED_URL!;

const part = () => randomInt(1, 0xffff).toString(16);
/** An address in a network in which nobody has been. */
const nowhere = () => `2001:db8:${part()}:${part()}::1`;

/** A browser in a network. */
async function browserAt(browser: Browser, complaints: Complaints, address: string): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: site(),
    extraHTTPHeaders: { "x-forwarded-for": address },
  });
  complaints.watch(context);
  return context;
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
}

const send = (context: BrowserContext, path: string, form: Record<string, string>) =>
  context.request.post(site() + path, { form, headers: { accept: "text/html", origin: site() }, maxRedirects: 0 });

const newcomer = () => ({
  "form[display_name]": "Noor Example",
  "form[email]": `${unique()}@example.com`,
  "form[password]": PASSWORD,
  "form[region]": "EU",
  "form[purpose]": "client",
});

test("whoever guesses waits longer and longer, and nobody waits with them", async ({ browser, complaints }) => {
  const owner = await browserAt(browser, complaints, nowhere());
  const { email } = await enter(owner, site(), "client");
  const here = nowhere();
  const stranger = await browserAt(browser, complaints, here);
  const page = await stranger.newPage();
  for (let attempt = 1; attempt <= 9; attempt++) {
    const answer = await send(stranger, "/api/sign_in", { "form[email]": email, "form[password]": "a wrong one, surely" });
    expect(answer.status(), `attempt ${attempt} is judged`).toBe(422);
  }
  // The tenth comes too soon, and so does whatever follows it as soon.
  await expect(async () => {
    await signIn(page, email, "a wrong one, surely");
    await expect(page.getByText(/There were too many wrong attempts\. Please wait/)).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(page.getByLabel("E-mail address")).toHaveValue(email);
  await expectAccessible(page);

  // The owner comes to the same network, with the browser on which they have signed in before.
  await owner.setExtraHTTPHeaders({ "x-forwarded-for": here });
  const own = await owner.newPage();
  await send(owner, "/api/sign_out", {});
  await signIn(own, email, PASSWORD);
  await expect(own).toHaveURL("/");
  // And from elsewhere it goes with any browser.
  const elsewhere = await (await browserAt(browser, complaints, nowhere())).newPage();
  await signIn(elsewhere, email, PASSWORD);
  await showWhoItIs(elsewhere, site(), email);
  await expect(elsewhere).toHaveURL("/");
});

test("who asks too often is told what to do, as a page and as JSON, and who is known goes on", async ({ browser, complaints }) => {
  const here = nowhere();
  const known = await browserAt(browser, complaints, here);
  const { email } = await enter(known, site(), "client");
  const stranger = await browserAt(browser, complaints, here);
  const page = await stranger.newPage();
  let headers: Record<string, string> = {};
  // Every two seconds one more is let in, which may just be the one of the page.
  await expect(async () => {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail address").fill("nobody@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    for (let status = 0; status !== 429; ) {
      status = (await send(stranger, "/api/sign_in", { "form[email]": "nobody" })).status();
      expect([422, 429]).toContain(status);
    }
    const refused = page.waitForResponse((response) => response.url().endsWith("/api/sign_in"));
    await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
    headers = (await refused).headers();
    expect((await refused).status()).toBe(429);
  }).toPass();
  expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  expect(headers["ratelimit-policy"]).toBe('"credentials";q=30;w=60');
  expect(headers.ratelimit).toMatch(/^"credentials";r=0;t=\d+$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Too often");
  await expect(page.getByText(/Please wait (a second|\d+ seconds), then go back and send it once more\./)).toBeVisible();
  await expectAccessible(page);

  const ask = () =>
    stranger.request.post(`${site()}/api/sign_in`, {
      form: { "form[email]": "nobody" },
      headers: { accept: "application/json", origin: site() },
    });
  let program = await ask();
  while (program.status() !== 429) program = await ask();
  expect(await program.json()).toMatchObject({ kind: "too_many", retry_after: expect.any(Number) });

  const own = await known.newPage();
  await send(known, "/api/sign_out", {});
  await signIn(own, email, PASSWORD);
  await expect(own).toHaveURL("/");
});

test("where many accounts were made, one more takes a moment or a minute", async ({ browser, complaints, javaScriptEnabled }) => {
  const here = nowhere();
  const context = await browserAt(browser, complaints, here);
  const page = await context.newPage();
  await page.goto("/sign-up?for=client");
  await expect(page.getByText("Many accounts were made from your network")).toHaveCount(0);
  for (let account = 1; account <= 5; account++) {
    expect((await send(context, "/api/sign_up", newcomer())).status(), `account ${account}`).toBe(303);
  }
  await page.goto("/sign-up?for=client");
  if (javaScriptEnabled) {
    await expect(page.getByText("Your browser has worked out what was asked of it.")).toBeVisible();
  } else {
    await expect(page.getByText(/Please wait for \d+ seconds before you send this form\./)).toBeVisible();
  }
  await expectAccessible(page);
  await page.getByLabel("Name").fill("Noor Example");
  await page.getByLabel("E-mail address").fill(`${unique()}@example.com`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Where you are at home").selectOption("EU");
  await page.getByRole("button", { name: "Create my account" }).click();
  if (javaScriptEnabled) {
    await expect(page).toHaveURL("/sign-up/sent");
    return;
  }
  // What is left of the minute is said, and nothing but the password has to be typed again.
  await expect(page.locator(".error-summary")).toContainText("Many accounts were made from your network today");
  await expect(page.getByText(/Please wait for \d+ seconds before you send this form\./)).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Noor Example");
  await expectAccessible(page);
});

test("a form sent before the work is done goes off when it is @js", async ({ browser, complaints }) => {
  const context = await browserAt(browser, complaints, nowhere());
  for (let account = 1; account <= 5; account++) await send(context, "/api/sign_up", newcomer());
  const page = await context.newPage();
  // Hashes are not to be had before the form was sent.
  await page.addInitScript(() => {
    const digest = crypto.subtle.digest.bind(crypto.subtle);
    const sent = new Promise((resolve) => addEventListener("submit", resolve, { capture: true, once: true }));
    crypto.subtle.digest = (...wanted) => sent.then(() => digest(...wanted));
  });
  await page.goto("/sign-up?for=client");
  await page.getByLabel("Name").fill("Noor Example");
  await page.getByLabel("E-mail address").fill(`${unique()}@example.com`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Where you are at home").selectOption("EU");
  await page.getByRole("button", { name: "Create my account" }).click();
  await expect(page).toHaveURL("/sign-up/sent");
});
