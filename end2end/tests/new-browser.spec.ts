// Signing in with a browser that its owner has not called theirs.

import { expectAccessible, expectNoOverhang } from "../support/axe";
import { giveMailedCode, givePassword, mailedCode } from "../support/factors";
import { expect, test } from "../support/test";

test("a new browser is asked for a code by e-mail, and the same one not again", async ({ newPerson, browser, baseURL }) => {
  test.setTimeout(90_000);
  const { email } = await newPerson("client");
  const page = await (await browser.newContext({ baseURL })).newPage();
  await givePassword(page, email, "?next=%2Faccount");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Is it you?");
  await expectNoOverhang(page);
  await expectAccessible(page);
  const code = await mailedCode(baseURL!, email);
  await page.goto("/account");
  await expect(page, "half a sign-in opens nothing").toHaveURL(/\/sign-in\?next=%2Faccount$/);
  await page.goto("/sign-in/second?next=%2Faccount");
  await giveMailedCode(page, "0000 0000");
  await expect(page.getByText("That code is not right").first()).toBeVisible();
  await giveMailedCode(page, code);
  await expect(page).toHaveURL(/\/account$/);

  await page.getByRole("button", { name: "Sign out on this device" }).click();
  await givePassword(page, email, "?next=%2Faccount");
  await expect(page, "it is known now").toHaveURL(/\/account$/);

  const other = await (await browser.newContext({ baseURL })).newPage();
  await givePassword(other, email, "?next=%2Faccount");
  await giveMailedCode(other, code);
  await expect(other.getByText("That code is not right").first()).toBeVisible();
  await other.getByRole("button", { name: "Send another code" }).click();
  await giveMailedCode(other, await mailedCode(baseURL!, email, 3));
  await expect(other).toHaveURL(/\/account$/);
});

test("the browser in which an address was confirmed is not asked when its owner comes back at once", async ({ page, signIn }) => {
  const { email } = await signIn("client");
  await page.goto("/account");
  await page.getByRole("button", { name: "Sign out on this device" }).click();
  await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
  await givePassword(page, email, "?next=%2Faccount");
  await expect(page).toHaveURL(/\/account$/);
});
