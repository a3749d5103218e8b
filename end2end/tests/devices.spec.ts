// Devices: where one is signed in, and how one ends it there.

import { givePassword, showWhoItIs } from "../support/factors";
import { PASSWORD } from "../support/people";
import { expect, test } from "../support/test";

test("one sees one's devices, signs the others out, and changes the password", async ({ newPerson, browser }) => {
  const person = await newPerson("client");
  const elsewhere = await (await browser.newContext({ baseURL: process.env.E2E_BASE_URL })).newPage();
  await givePassword(elsewhere, person.email);
  // What is trusted stands on the page of devices as well.
  await elsewhere.getByLabel("This is my browser").uncheck();
  await showWhoItIs(elsewhere, process.env.E2E_BASE_URL!, person.email);
  await expect(elsewhere).not.toHaveURL(/sign-in/);

  const page = person.page;
  await page.goto("/account/devices");
  await expect(page.locator(".account-main .row")).toHaveCount(2);
  await expect(page.getByText("This device")).toHaveCount(1);
  await page.getByRole("button", { name: "Sign out on all other devices" }).click();
  await expect(page.getByText("Signed out there.")).toBeVisible();
  await expect(page.locator(".account-main .row")).toHaveCount(1);
  await elsewhere.goto("/account");
  await expect(elsewhere).toHaveURL(/\/sign-in\?next=%2Faccount$/);

  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name: "Password" }).click();
  await page.getByLabel("Present password").fill(PASSWORD);
  await page.getByLabel("New password").fill("short");
  await page.locator("form.form").evaluate((form) => ((form as HTMLFormElement).noValidate = true));
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.locator(".error-summary")).toBeVisible();
  // Nothing secret comes back with the page.
  await expect(page.getByLabel("Present password")).toHaveValue("");
  await page.getByLabel("Present password").fill("not this one");
  await page.getByLabel("New password").fill("another good pass phrase");
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("That is not your present password.").first()).toBeVisible();
  await page.getByLabel("Present password").fill(PASSWORD);
  await page.getByLabel("New password").fill("another good pass phrase");
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("Your password is changed")).toBeVisible();

  await page.goto("/account/activity");
  await expect(page.getByText("The password was changed")).toBeVisible();
  await page.goto("/confirm?next=%2Faccount");
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("That is not your password.").first()).toBeVisible();
  await page.getByLabel("Password").fill("another good pass phrase");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page).toHaveURL(/\/account$/);
});
