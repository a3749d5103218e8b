// Administration: finding people, looking after their accounts, seeing what they see.

import { expectAccessible, expectNoOverhang } from "../support/axe";
import { appCode, givePassword, setUpApp, showWhoItIs } from "../support/factors";
import { Site } from "../support/site";
import { type Page, expect, test } from "../support/test";

test.describe.configure({ mode: "serial" });

let site: Site;
test.beforeAll(async ({}, info) => {
  site = new Site(`admin${info.parallelIndex}`);
  await site.start();
});
test.afterAll(async () => site.stop());

async function look(page: Page): Promise<void> {
  await expect.soft(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  await expectNoOverhang(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
}

test("an administrator looks after people and sees what they see", async ({ newPerson }) => {
  test.setTimeout(120_000);
  const person = await newPerson("both", site.url);
  const { email, page } = await newPerson("client", site.url);
  await page.goto("/admin/people");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Not yours to enter");
  site.command("appoint", "superadmin", email);
  await givePassword(page, email);
  await showWhoItIs(page, site.url, email);
  await expect(page.getByText("Your role needs a second factor.").first()).toBeVisible();
  const { key } = await setUpApp(page);
  await page.getByRole("button", { name: "I have kept them" }).click();

  await page.goto("/admin/people");
  await look(page);
  await page.getByLabel("Name, address or identifier").fill(person.email);
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("link", { name: person.name }).click();
  await expect(page.getByText(person.email).first()).toBeVisible();
  await look(page);

  await page.getByRole("button", { name: "See what they see" }).click();
  await page.goto("/account");
  await expect(page.getByText(person.email).first()).toBeVisible();
  await expect(page.locator(".view-banner")).toBeVisible();
  await look(page);
  await page.getByRole("button", { name: "Save" }).first().click();
  await expect(page.getByText("can change nothing").first()).toBeVisible();
  await page.goto("/");
  await page.getByRole("button", { name: "Back to your own pages" }).click();
  await expect(page).toHaveURL(/\/admin\/people\/[\w-]+$/);
  await expect(page.locator(".view-banner")).toHaveCount(0);

  await page.getByText("Suspend this account").click();
  await page.getByLabel("Reason").fill("Complaints about payment");
  await page.getByRole("button", { name: "Suspend", exact: true }).click();
  await expect(page.getByText("Suspended, and signed out everywhere.")).toBeVisible();
  await person.page.goto("/account");
  await expect(person.page).toHaveURL(/\/sign-in/);
  await page.getByRole("button", { name: "Let in again" }).click();
  await expect(page.getByText("Let in again.", { exact: true })).toBeVisible();
  await page.goto("/admin/trail");
  await expect(page.getByText("account.suspended").first()).toBeVisible();
  await look(page);

  await page.goto("/account");
  await page.getByRole("button", { name: "Sign out on this device" }).click();
  await givePassword(page, email);
  await page.getByLabel("Code of your authenticator app").fill(appCode(key, 1));
  await page.getByRole("button", { name: "Go on" }).click();
  await page.goto("/admin/people");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("People");
});
