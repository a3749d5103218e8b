// Signing in with a browser that its owner has not called theirs.

import { expectAccessible, expectNoOverhang } from "../support/axe";
import { givePassword } from "../support/factors";
import { letters } from "../support/letters";
import { Site } from "../support/site";
import { type Page, expect, test } from "../support/test";

test.describe.configure({ mode: "serial" });

let site: Site;
test.beforeAll(async ({}, info) => {
  site = new Site(`newbrowser${info.parallelIndex}`, { EIGHTH_IDENTITY__CONFIRM_NEW_BROWSERS: "true" });
  await site.start();
});
test.afterAll(async () => site.stop());

/** The code in the newest letter, once so many have come with one. */
async function codeFor(email: string, count: number): Promise<string> {
  let codes: string[] = [];
  await expect
    .poll(() => (codes = letters(site.url, email).flatMap((text) => /\b\d{4} \d{4}\b/.exec(text)?.[0] ?? [])).length)
    .toBe(count);
  return codes[0]!;
}

async function giveCode(page: Page, code: string): Promise<void> {
  await page.getByLabel("Code from our letter").fill(code);
  await page.getByRole("button", { name: "Use this code" }).click();
}

test("a new browser is asked for a code by e-mail, and the same one not again", async ({ newPerson, browser }) => {
  test.setTimeout(90_000);
  const { email } = await newPerson("client", site.url);
  const page = await (await browser.newContext({ baseURL: site.url })).newPage();
  await givePassword(page, email, "?next=%2Faccount");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Is it you?");
  await expectNoOverhang(page);
  await expectAccessible(page);
  const code = await codeFor(email, 1);
  await page.goto("/account");
  await expect(page, "half a sign-in opens nothing").toHaveURL(/\/sign-in\?next=%2Faccount$/);
  await page.goto("/sign-in/second?next=%2Faccount");
  await giveCode(page, "0000 0000");
  await expect(page.getByText("That code is not right").first()).toBeVisible();
  await giveCode(page, code);
  await expect(page).toHaveURL(/\/account$/);

  await page.getByRole("button", { name: "Sign out on this device" }).click();
  await givePassword(page, email, "?next=%2Faccount");
  await expect(page, "it is known now").toHaveURL(/\/account$/);

  const other = await (await browser.newContext({ baseURL: site.url })).newPage();
  await givePassword(other, email, "?next=%2Faccount");
  await giveCode(other, code);
  await expect(other.getByText("That code is not right").first()).toBeVisible();
  await other.getByRole("button", { name: "Send another code" }).click();
  await giveCode(other, await codeFor(email, 3));
  await expect(other).toHaveURL(/\/account$/);
});
