// Tokens for programs: made on a page, used without a browser, ended on a page. All of it without
// JavaScript, too.

import { expect, test } from "../support/test";
import { expectAccessible, expectNoOverhang } from "../support/axe";

test("a token is made, shown once, used and revoked", async ({ newPerson, request }) => {
  const { page } = await newPerson("freelancer");
  await page.goto("/account");
  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name: "Tokens" }).click();
  await expect(page.getByText("No tokens yet")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Make a token" }).click();

  await page.locator("form.form").evaluate((form) => ((form as HTMLFormElement).noValidate = true));
  await page.getByRole("button", { name: "Make the token" }).click();
  await expect(page.locator(".error-summary")).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("Name", { exact: true }).fill("Ledger");
  await page.getByLabel(/See who you are/).check();
  await page.getByRole("button", { name: "Make the token" }).click();

  const token = await page.getByLabel("The token").inputValue();
  expect(token).toMatch(/^8th_pat_[0-9a-f]{72}$/);
  await expectAccessible(page);
  await expectNoOverhang(page);
  await expect(page.locator(".account-main .row")).toContainText(`8th_pat_…${token.slice(-4)}`);
  const asked = () => request.get("/api/v1/me", { headers: { authorization: `Bearer ${token}` } });
  expect((await (await asked()).json()).scope).toBe("profile:read");

  await page.goto("/account/tokens");
  await expect(page.getByLabel("The token")).toHaveCount(0);
  await expect(page.getByText("last used")).toBeVisible();
  await page.getByRole("button", { name: "Revoke Ledger" }).click();
  await expect(page.getByText("The token was revoked.")).toBeVisible();
  expect((await asked()).status()).toBe(401);
  await page.goto("/account/activity");
  await expect(page.getByText("You made a token for a program")).toBeVisible();
});
