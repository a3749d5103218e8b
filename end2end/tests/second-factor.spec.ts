// Second factors: an authenticator app, recovery codes, a trusted browser, and passkeys.

import { type CDPSession } from "@playwright/test";

import { expectAccessible, expectNoOverhang } from "../support/axe";
import { appCode, giveMailedCode, givePassword, mailedCode, setUpApp, showWhoItIs } from "../support/factors";
import { type Page, expect, test } from "../support/test";

test("an authenticator app is set up, asked for, and each code taken once", async ({ newPerson, browser, baseURL }) => {
  test.setTimeout(90_000);
  const person = await newPerson("client");
  const { key, codes } = await setUpApp(person.page);
  await expect(person.page.getByRole("link", { name: "Download as text" })).toHaveAttribute("download", /\.txt$/);
  await person.page.getByRole("button", { name: "I have kept them" }).click();
  await expect(person.page.getByText("Your second factors are changed.")).toBeVisible();
  await expect(person.page.getByText("You are signed in nowhere else.")).toBeVisible();
  await person.page.goto("/account/security/codes");
  await expect(person.page.getByText("10 are left.")).toBeVisible();
  await expect(person.page.locator(".codes")).toHaveCount(0);

  const page = await (await browser.newContext({ baseURL })).newPage();
  await givePassword(page, person.email, "?next=%2Faccount");
  await expect(page.getByRole("heading", { name: "One more step" })).toBeVisible();
  await page.goto("/account");
  await expect(page, "half a sign-in opens nothing").toHaveURL(/\/sign-in\?next=%2Faccount$/);
  await page.goto("/sign-in/second?next=%2Faccount");
  await page.getByLabel("Code of your authenticator app").fill("123");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("That code is not right").first()).toBeVisible();
  await page.getByLabel("Trust this browser for 30 days").check();
  // The next one, for the present one may be spent. A clock may be so far ahead, and however slow this
  // is, the code grows no older than the present one.
  const code = appCode(key, 1);
  await page.getByLabel("Code of your authenticator app").fill(code);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page).toHaveURL(/\/account$/);

  await page.getByRole("button", { name: "Sign out on this device" }).click();
  await givePassword(page, person.email, "?next=%2Faccount%2Fdevices");
  await expect(page, "a trusted browser is not asked").toHaveURL(/\/account\/devices$/);
  await page.getByRole("button", { name: /^Do not trust/ }).click();
  await expect(page.getByText("Not trusted any more.")).toBeVisible();

  const other = await (await browser.newContext({ baseURL })).newPage();
  await givePassword(other, person.email);
  await other.getByLabel("Code of your authenticator app").fill(code);
  await other.getByRole("button", { name: "Go on" }).click();
  await expect(other.getByText("was used before").first()).toBeVisible();
  await other.getByText("Not at hand?").click();
  await other.getByLabel("One of your recovery codes").fill(codes[0]!.toUpperCase());
  await other.getByRole("button", { name: "Use this recovery code" }).click();
  await expect(other).not.toHaveURL(/sign-in/);
  await other.goto("/account/security");
  await expect(other.getByText("9 are left")).toBeVisible();

  await other.goto("/account/security/codes");
  await other.getByRole("button", { name: "Make new codes" }).click();
  await other.getByRole("button", { name: "I have kept them" }).click();
  await other.getByRole("button", { name: "Sign out on all other devices" }).click();
  await expect(other).toHaveURL(/\/account\/devices/);
  await person.page.goto("/account");
  await expect(person.page).toHaveURL(/\/sign-in\?next=%2Faccount$/);
});

test("a code by e-mail stands in for an authenticator app, where its owner allows it", async ({ newPerson, browser, baseURL }) => {
  test.setTimeout(90_000);
  const { page, email } = await newPerson("client");
  await setUpApp(page);
  const other = await (await browser.newContext({ baseURL })).newPage();
  await givePassword(other, email, "?next=%2Faccount");
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("One more step");
  await other.getByText("Not at hand?").click();
  await expect(other.getByLabel("One of your recovery codes")).toBeVisible();
  await expect(other.getByRole("button", { name: "Send me a code by e-mail" })).toHaveCount(0);

  await page.goto("/account/security");
  await page.getByRole("button", { name: "Allow codes by e-mail" }).click();
  await expect(page.getByRole("button", { name: "Forbid codes by e-mail" })).toBeVisible();
  // What was begun under the former rules is over.
  await givePassword(other, email, "?next=%2Faccount");
  await other.getByText("Not at hand?").click();
  await other.getByRole("button", { name: "Send me a code by e-mail" }).click();
  await expect(other.getByRole("button", { name: "Send another code" })).toBeVisible();
  await expectNoOverhang(other);
  await expectAccessible(other);
  await giveMailedCode(other, "0000 0000");
  await expect(other.getByText("That code is not right").first()).toBeVisible();
  await giveMailedCode(other, await mailedCode(baseURL!, email));
  await expect(other).toHaveURL(/\/account$/);
});

test("the pages of second factors are for everybody @js", async ({ newPerson }) => {
  test.setTimeout(90_000);
  const { page } = await newPerson("client");
  const look = async () => {
    await expect.soft(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await expectNoOverhang(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page);
    }
  };
  for (const path of ["", "/app", "/codes", "/passkeys"]) {
    await page.goto(`/account/security${path}`);
    await look();
  }
  await page.goto("/account/security/app");
  await page.getByRole("button", { name: "Set up an app" }).click();
  await look();
  await page.getByLabel("Code", { exact: true }).fill(appCode((await page.locator(".secret-key").textContent())!));
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.locator(".codes")).toBeVisible();
  await look();
  await page.goto("/confirm?next=%2Faccount");
  await look();
});

/** An authenticator within the browser, as Chromium's DevTools make one. */
async function virtualAuthenticator(page: Page): Promise<CDPSession> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return devtools;
}

test("a passkey signs its owner in, alone and as the second factor @js", async ({ newPerson, browser, complaints, baseURL }) => {
  test.setTimeout(90_000);
  const { email } = await newPerson("client");
  // Browsers give passkeys to names alone, not to numbers.
  const url = baseURL!.replace("127.0.0.1", "localhost");
  complaints.tolerate(/a request to a stranger: http:\/\/localhost/);
  const context = await browser.newContext({ baseURL: url });
  complaints.watch(context);
  const page = await context.newPage();
  await virtualAuthenticator(page);
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("_options")) asked.push(new URL(request.url()).pathname);
  });

  await givePassword(page, email, "?next=%2Faccount%2Fsecurity");
  await showWhoItIs(page, baseURL!, email);
  await page.getByRole("link", { name: "Add: Passkeys" }).click();
  await page.getByLabel("Name").fill("The blue key");
  // Whoever presses a button twice out of habit is asked once.
  await page.getByRole("button", { name: "Make a passkey" }).dblclick();
  await expect(page.locator(".codes code")).toHaveCount(10);
  expect(asked.splice(0)).toEqual(["/api/passkey_options"]);
  await page.goto("/account/security/passkeys");
  await expect(page.getByText("The blue key", { exact: true })).toBeVisible();
  await page.getByText("Rename").click();
  await page.getByLabel("New name").fill("The green key");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The green key", { exact: true })).toBeVisible();

  const signOut = async () => {
    await page.goto("/account");
    await page.getByRole("button", { name: "Sign out on this device" }).click();
    await expect(page).toHaveURL(`${url}/`);
  };
  await signOut();
  await page.goto("/sign-in?next=%2Faccount");
  await page.getByRole("button", { name: "Sign in with a passkey" }).dblclick();
  await expect(page).toHaveURL(/\/account$/);
  expect(asked).toEqual(["/api/passkey_sign_in_options"]);

  await signOut();
  await givePassword(page, email, "?next=%2Faccount%2Fsecurity");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page).toHaveURL(/\/account\/security$/);

  await page.goto("/confirm?next=%2Faccount%2Fsecurity%2Fpasskeys");
  await expect(page.getByLabel("Password"), "a password is no proof here").toHaveCount(0);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page).toHaveURL(/\/passkeys$/);
  const remove = page.getByRole("button", { name: "Remove The green key" });
  await expect(remove, "the last second factor goes with no single press").toBeHidden();
  await page.getByText("Remove", { exact: true }).click();
  await expect(page.getByText("It is your last second factor.")).toBeVisible();
  await expectNoOverhang(page);
  await expectAccessible(page);
  await remove.click();
  await expect(page.getByText("Your first passkey")).toBeVisible();

  await signOut();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page.getByText("That passkey did not work here")).toBeVisible();
  await context.close();
});
