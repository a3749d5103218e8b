// Signing in with accounts at other sites: a stand-in for GitHub, and a real OpenID provider, once
// under its own name and once in place of Google.

import { randomInt } from "node:crypto";

import { showWhoItIs } from "../support/factors";
import { PASSWORD, unique } from "../support/people";
import { control } from "../support/stand-in-process";
import { expect, test, type Page } from "../support/test";

interface Somebody {
  id: string;
  email: string;
}

/** Somebody with an account at each of the other sites, in the browser of this page. */
async function somebody(page: Page, email = `${unique("p-")}@example.com`): Promise<Somebody> {
  const id = unique("id");
  const user = { id: randomInt(1, 2 ** 47), login: id, name: "Noor Elsewhere" };
  const emails = [{ email, primary: true, verified: true, visibility: null }];
  await control(process.env.E2E_GITHUB!, "person", { id, user, emails });
  const claims = { email, email_verified: true, name: "Noor Elsewhere" };
  await control(process.env.E2E_ACME!, "account", { id, claims });
  await control(process.env.E2E_GOOGLE!, "account", { id, claims });
  await cameFrom(page, id);
  return { id, email };
}

/** Has a browser signed in at the other sites. */
async function cameFrom(page: Page, id: string): Promise<void> {
  const url = process.env.E2E_BASE_URL!;
  await page.context().addCookies([
    { name: "at_github", value: id, url },
    { name: "at_acme", value: id, url },
    { name: "at_google", value: id, url },
  ]);
}

async function finish(page: Page): Promise<void> {
  await expect(page).toHaveURL("/sign-up/finish");
  await page.getByRole("radio", { name: "I look for people" }).check();
  await page.getByLabel("Where you are at home").selectOption("EU");
  await page.getByRole("button", { name: "Create my account" }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.goto("/account");
  await page.getByRole("button", { name: "Sign out on this device" }).click();
  await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
}

const row = (page: Page, site: string) => page.locator(".account-main .row", { hasText: site });

for (const site of ["GitHub", "Google", "Acme"]) {
  test(`one joins with ${site}, and signs in with it here and elsewhere`, async ({ page, browser, baseURL }) => {
    const { id, email } = await somebody(page);
    await page.goto("/sign-up");
    await page.getByRole("button", { name: `Continue with ${site}` }).click();
    await expect(page.getByText(email)).toBeVisible();
    await expect(page.getByLabel("Name")).toHaveValue("Noor Elsewhere");
    await finish(page);
    await expect(page).toHaveURL("/jobs/new");
    await signOut(page);
    await page.goto("/my/jobs");
    await expect(page).toHaveURL("/sign-in?next=%2Fmy%2Fjobs");
    await page.getByRole("button", { name: `Continue with ${site}` }).click();
    await expect(page, "who has just joined here is not asked").toHaveURL("/my/jobs");
    await expect(page.getByRole("heading", { level: 1, name: "My jobs" })).toBeVisible();

    const elsewhere = await (await browser.newContext({ baseURL })).newPage();
    await cameFrom(elsewhere, id);
    await elsewhere.goto("/sign-in?next=%2Fmy%2Fjobs");
    await elsewhere.getByRole("button", { name: `Continue with ${site}` }).click();
    await showWhoItIs(elsewhere, baseURL!, email);
    await expect(elsewhere).toHaveURL("/my/jobs");
  });
}

test("an account is connected by its owner alone, and the last way in stays", async ({ page }) => {
  const { email } = await somebody(page);
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Continue with Acme" }).click();
  await finish(page);
  await expect(page).toHaveURL("/jobs/new");

  // The same address at another site: nothing is connected by itself.
  await signOut(page);
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Continue with GitHub" }).click();
  await expect(page.getByText("You have an account already")).toBeVisible();
  await page.getByRole("button", { name: "Continue with Acme" }).click();
  await expect(page).toHaveURL("/");

  await page.goto("/account/connections");
  await expect(row(page, "Acme")).toContainText(email);
  await page.getByRole("button", { name: "Disconnect Acme" }).click();
  await expect(page.getByText("This is your only way in.")).toBeVisible();
  await page.getByRole("button", { name: "Connect GitHub" }).click();
  await expect(page.getByText("From now on you can sign in with it, too.")).toBeVisible();
  await page.getByRole("button", { name: "Disconnect Acme" }).click();
  await expect(page.getByText("It no longer lets you in.")).toBeVisible();
  await expect(row(page, "Acme")).toContainText("Not connected");

  // Without a password so far; one is chosen after the sign-in a moment ago.
  await page.goto("/account/password");
  await expect(page.getByLabel("Present password")).toHaveCount(0);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("Your password is changed")).toBeVisible();
  await page.goto("/account/activity");
  await expect(page.getByText("Another site became a way to sign in").first()).toBeVisible();
});

test("one who says no is led back, and told so", async ({ page }) => {
  const { id } = await somebody(page);
  await control(process.env.E2E_GITHUB!, "person", { id, error: "access_denied" });
  await page.goto("/sign-in?next=%2Fjobs");
  await page.getByRole("button", { name: "Continue with GitHub" }).click();
  await expect(page.getByText("You did not agree at GitHub.")).toBeVisible();
  await expect(page).toHaveURL(/\/sign-in\?trouble=declined/);
});

test("without a password one confirms where one comes from", async ({ page }) => {
  await somebody(page);
  await page.goto("/sign-up");
  await page.getByRole("button", { name: "Continue with Acme" }).click();
  await finish(page);
  await expect(page).toHaveURL("/jobs/new");
  await page.goto("/confirm?next=%2Faccount%2Fpassword");
  await expect(page.getByLabel("Password")).toHaveCount(0);
  await page.getByRole("button", { name: "Confirm with Acme" }).click();
  await expect(page).toHaveURL("/account/password");
});
