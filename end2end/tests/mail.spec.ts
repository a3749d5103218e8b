// What goes by mail: the confirmation of an address, a forgotten password, another address.

import { expectAccessible } from "../support/axe";
import { letters, linkTo } from "../support/letters";
import { PASSWORD, unique } from "../support/people";
import { expect, test, type Page } from "../support/test";

const OTHER_PASSWORD = "another good pass phrase";
const site = () => process.env.E2E_BASE_URL!;

async function signUp(page: Page, email: string): Promise<void> {
  await page.goto("/sign-up?for=client");
  await page.getByLabel("Name").fill("Noor Example");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Where you are at home").selectOption("EU");
  await page.getByRole("button", { name: "Create my account" }).click();
  await expect(page).toHaveURL("/sign-up/sent");
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
}

test("a link followed in another browser asks for a password, and the one of the sign-up does not count", async ({ page, browser }) => {
  const email = `${unique()}@example.com`;
  await signUp(page, email);
  const phone = await (await browser.newContext({ baseURL: site() })).newPage();
  await phone.goto(await linkTo(site(), email, "/sign-up/confirm"));
  await expect(phone).toHaveURL("/sign-up/confirm");
  await expect(phone.getByText(email).first()).toBeVisible();
  await phone.getByLabel("Password").fill(OTHER_PASSWORD);
  await phone.getByRole("button", { name: "Open my account" }).click();
  await expect(phone).toHaveURL("/jobs/new");
  await signIn(page, email, PASSWORD);
  await expect(page.locator("#f-password-error")).toBeVisible();
});

test("another letter can be had, and only its link works", async ({ page }) => {
  const email = `${unique()}@example.com`;
  await signUp(page, email);
  const first = await linkTo(site(), email, "/sign-up/confirm");
  await page.getByRole("button", { name: "Send another letter" }).click();
  await expect(page.getByText("We have sent another letter.")).toBeVisible();
  const second = await linkTo(site(), email, "/sign-up/confirm", 2);
  await page.goto(first);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link does not work any more");
  await page.goto(second);
  await page.getByRole("button", { name: "Open my account" }).click();
  await expect(page).toHaveURL("/jobs/new");
});

test("who has an account is told so by letter, and sees what everybody sees", async ({ page, newPerson }) => {
  const person = await newPerson("client");
  await signUp(page, person.email);
  await expect(page.getByText(`A letter is on its way to ${person.email}.`)).toBeVisible();
  await expect.poll(() => letters(site(), person.email)[0]).toContain("You already have an account");
});

test("a forgotten password is replaced, and every device is signed out", async ({ page, newPerson }) => {
  const person = await newPerson("freelancer");
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgotten your password?" }).click();
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByRole("button", { name: "Send me a link" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Look into your mail");
  await page.goto(await linkTo(site(), person.email, "/reset"));
  await expect(page).toHaveURL("/reset");
  await page.getByLabel("New password").fill("password1234");
  await page.getByRole("button", { name: "Use this password" }).click();
  await expect(page.locator("#f-password-error")).toBeVisible();
  await page.getByLabel("New password").fill(OTHER_PASSWORD);
  await page.getByRole("button", { name: "Use this password" }).click();
  await expect(page.getByText("Your password is changed")).toBeVisible();
  await person.page.goto("/account");
  await expect(person.page).toHaveURL(/\/sign-in\?next=/);
  await page.goto("/account/activity");
  await expect(page.getByText("A new password was chosen with a link from an e-mail")).toBeVisible();
});

test("an address changes when both ends have agreed", async ({ page, signIn: enter }) => {
  const person = await enter("client");
  const email = `${unique()}@example.com`;
  await page.goto("/account/email");
  await page.getByLabel("New address").fill(email);
  await page.getByRole("button", { name: "Change the address" }).click();
  await expect(page.getByText(`To become ${email}`)).toBeVisible();
  const ends = [
    await linkTo(site(), email, "/account/email/confirm"),
    await linkTo(site(), person.email, "/account/email/confirm"),
  ];
  for (const [link, heading] of [[ends[0], "Thank you"], [ends[1], "Your address is changed"]]) {
    await page.goto(link);
    await expect(page).toHaveURL("/account/email/confirm");
    await page.getByRole("button", { name: "Yes, change it" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  }
  await page.getByRole("link", { name: "Your account" }).click();
  await expect(page.getByText(email)).toBeVisible();
  await person.send("/api/sign_out", {});
  await signIn(page, email, PASSWORD);
  await expect(page).toHaveURL("/");
  await page.goto("/account/email");
  await expect(page.getByText(email)).toBeVisible();
});

test("the pages that letters lead to are accessible @js", async ({ page, browser, newPerson }) => {
  const email = `${unique()}@example.com`;
  await signUp(page, email);
  await expectAccessible(page);
  const elsewhere = await (await browser.newContext({ baseURL: site() })).newPage();
  const link = await linkTo(site(), email, "/sign-up/confirm");
  for (const one of [page, elsewhere]) {
    await one.goto(link);
    await expect(one.getByRole("button", { name: "Open my account" })).toBeVisible();
    await expectAccessible(one);
  }
  const person = await newPerson("client");
  await person.send("/api/ask_reset", { "form[email]": person.email });
  await page.goto(await linkTo(site(), person.email, "/reset"));
  await expectAccessible(page);
});
