import { showWhoItIs } from "../support/factors";
import { linkTo } from "../support/letters";
import { PASSWORD, type Purpose, unique } from "../support/people";
import { expect, test, type Page } from "../support/test";

async function fillSignUp(page: Page, email: string, purpose: string): Promise<void> {
  await page.getByRole("radio", { name: purpose }).check();
  await page.getByLabel("Name").fill("Noor Example");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Where you are at home").selectOption("EU");
}

async function fillSignIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The navigation, which on phones is a bar at the bottom. */
const navigation = (page: Page) => page.getByRole("navigation", { name: "Main" });

/** Looks into the mail and follows the link, in the same browser. */
async function openByLetter(page: Page, email: string): Promise<void> {
  await expect(page).toHaveURL("/sign-up/sent");
  await expect(page.getByText(`A letter is on its way to ${email}.`)).toBeVisible();
  await page.goto(await linkTo(process.env.E2E_BASE_URL!, email, "/sign-up/confirm"));
  await expect(page.getByLabel("Password")).toHaveCount(0);
  await page.getByRole("button", { name: "Open my account" }).click();
}

test.describe("signing up", () => {
  const cases: { purpose: Purpose; choice: string; next: string; sees: string[]; not: string[] }[] = [
    { purpose: "freelancer", choice: "I look for work", next: "/profile", sees: ["My matches"], not: ["My jobs"] },
    { purpose: "client", choice: "I look for people", next: "/jobs/new", sees: ["My jobs"], not: ["My matches"] },
    { purpose: "both", choice: "Both", next: "/profile", sees: ["My matches", "My jobs"], not: [] },
  ];
  for (const { purpose, choice, next, sees, not } of cases) {
    test(`as ${purpose} leads to the first step`, async ({ page }) => {
      await page.goto("/sign-up");
      const email = `${unique()}@example.com`;
      await fillSignUp(page, email, choice);
      await page.getByRole("button", { name: "Create my account" }).click();
      await openByLetter(page, email);
      await expect(page).toHaveURL(next);
      for (const text of sees) await expect(navigation(page).getByRole("link", { name: text })).toBeVisible();
      for (const text of not) await expect(navigation(page).getByRole("link", { name: text })).toHaveCount(0);
    });
  }

  test("with faults keeps what was typed, except the password", async ({ page }) => {
    // Browsers take it for an address; nobody can be reached there.
    const wrong = "noor@example";
    await page.goto("/sign-up?next=%2Fjobs%3Fkind%3Dfixed");
    await fillSignUp(page, wrong, "Both");
    const answered = page.waitForResponse((response) => response.url().endsWith("/api/sign_up"));
    await page.getByRole("button", { name: "Create my account" }).click();
    expect((await answered).status()).toBe(422);
    const email = page.getByLabel("E-mail address");
    await expect(email).toHaveAttribute("aria-invalid", "true");
    await expect(email).toHaveValue(wrong);
    await expect(page.locator("#f-email-error")).toContainText("such as name@example.com");
    await expect(page.getByLabel("Name")).toHaveValue("Noor Example");
    await expect(page.getByRole("radio", { name: "Both" })).toBeChecked();
    await expect(page.getByLabel("Where you are at home")).toHaveValue("EU");
    await expect(page.getByLabel("Password")).toHaveValue("");
    await page.getByRole("alert").getByRole("link", { name: /E-mail address/ }).click();
    await expect(page).toHaveURL(/#f-email$/);
    // With another address it works, and leads to where the person was going.
    const right = `${unique()}@example.com`;
    await email.fill(right);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create my account" }).click();
    await openByLetter(page, right);
    await expect(page).toHaveURL("/jobs?kind=fixed");
  });
});

test.describe("signing in", () => {
  test("with a wrong password says no more than that, and keeps the address", async ({ page, newPerson }) => {
    const person = await newPerson("freelancer");
    await page.goto("/sign-in");
    await fillSignIn(page, person.email, "something else entirely");
    const wrong = "The e-mail address or the password is not right.";
    await expect(page.locator("#f-password-error")).toHaveText(wrong);
    await expect(page.getByLabel("E-mail address")).toHaveValue(person.email);
    await expect(page.getByLabel("Password")).toHaveValue("");
    // Whether somebody has an account is nobody's business.
    await fillSignIn(page, `${unique()}@example.com`, PASSWORD);
    await expect(page.locator("#f-password-error")).toHaveText(wrong);
  });

  test("leads to the page that asked for it, and signing out ends it", async ({ page, newPerson, baseURL }) => {
    const person = await newPerson("client");
    await page.goto("/my/jobs");
    await expect(page).toHaveURL("/sign-in?next=%2Fmy%2Fjobs");
    await fillSignIn(page, person.email, PASSWORD);
    await showWhoItIs(page, baseURL!, person.email);
    await expect(page).toHaveURL("/my/jobs");
    await expect(page.getByRole("heading", { level: 1, name: "My jobs" })).toBeVisible();
    await page.getByText("Account of").locator("xpath=ancestor::summary").click();
    await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
    await expect(page).toHaveURL("/");
    await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
    await page.goto("/my/jobs");
    await expect(page).toHaveURL(/\/sign-in\?next=/);
  });

  test("never leads to another site", async ({ page, newPerson, baseURL }) => {
    const person = await newPerson("client");
    await page.goto("/sign-in?next=https%3A%2F%2Fevil.example%2F");
    await fillSignIn(page, person.email, PASSWORD);
    await showWhoItIs(page, baseURL!, person.email);
    await expect(page).toHaveURL("/");
  });
});

test("one's account can be changed", async ({ page, signIn }) => {
  await signIn("client");
  await page.goto("/account");
  await page.getByLabel("Name", { exact: true }).fill("Sasha Renamed");
  await page.getByRole("radio", { name: "Both" }).check();
  await page.getByRole("main").getByRole("button", { name: "Save", exact: true }).click();
  await expect(page).toHaveURL("/account?saved=1");
  await expect(page.getByText("Your account is saved.")).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Sasha Renamed");
  await expect(navigation(page).getByRole("link", { name: "My matches" })).toBeVisible();
});

test("an account with open jobs stays a client's", async ({ page, signIn }) => {
  const person = await signIn("client");
  await person.postJob({ required_skills: unique("s") });
  await page.goto("/account");
  await page.getByRole("radio", { name: "I look for work" }).check();
  await page.getByRole("main").getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.locator("#f-purpose-error")).toContainText("Close them before");
  await expect(page.getByRole("radio", { name: "I look for work" })).toBeChecked();
});

test("what one sends after being signed out is kept, and goes through once one is signed in again", async ({ page, signIn }) => {
  const person = await signIn("client");
  await page.goto("/jobs/new");
  const title = `Half an hour of writing ${unique("w")}`;
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Description").fill("This took a while to write and must not be lost for want of a session.");
  await page.getByLabel("Required skills").fill("Writing");
  await page.getByLabel("To", { exact: true }).fill("500");
  await page.getByLabel("Duration").selectOption("days");
  await person.send("/api/sign_out", {});
  await page.getByRole("button", { name: "Save as draft" }).click();
  await expect(page.getByRole("heading", { name: "Please sign in again" })).toBeVisible();
  await person.send("/api/sign_in", { "form[email]": person.email, "form[password]": PASSWORD });
  await page.getByRole("button", { name: "Then send it again" }).click();
  await expect(page.getByRole("link", { name: title })).toBeVisible();
});
