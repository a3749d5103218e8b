import { unique } from "../support/people";
import { expect, test, type Page } from "../support/test";

const SUMMARY = "I move booking systems of small hotels to new databases, at night, without closing them.";

async function fillProfile(page: Page, skill: string): Promise<void> {
  await page.getByLabel("What you are, in one line").fill("Database engineer for hotels");
  await page.getByLabel("What you do, and what you have done").fill(SUMMARY);
  await page.getByLabel("Skill 1", { exact: true }).fill(skill);
  await page.getByLabel("Level of skill 1", { exact: true }).selectOption("expert");
  await page.getByLabel("Years with skill 1", { exact: true }).fill("9");
  await page.getByRole("radio", { name: "Expert" }).check();
  await page.getByLabel("Rate an hour").fill("75");
  await page.getByLabel("Free hours a week").fill("30");
  await page.getByLabel("Your time zone").selectOption("60");
  await page.getByLabel("Language 1", { exact: true }).selectOption("en");
  await page.getByLabel("Level of language 1", { exact: true }).selectOption("fluent");
  await page.getByLabel("Address of link 1", { exact: true }).fill("https://example.com/work");
}

test("a profile is written, with faults shown at their fields, and then seen by all", async ({
  page,
  signIn,
  newPerson,
}) => {
  const person = await signIn("freelancer");
  const skill = unique("skill");
  await page.goto("/matches");
  await page.getByRole("main").getByRole("link", { name: "Write your profile" }).click();
  await expect(page).toHaveURL("/profile");
  await fillProfile(page, skill);
  await page.getByLabel("What you do, and what you have done").fill("Too short.");
  await page.getByLabel("Rate an hour").fill("a lot");
  await page.getByLabel("Years with skill 1", { exact: true }).fill("99");
  await page.getByRole("button", { name: "Save, and see what fits" }).click();
  await expect(page.locator(".error-summary")).toContainText("3 things need your attention");
  for (const field of ["summary", "rate", "skills"]) await expect(page.locator(`#f-${field}-error`)).toBeVisible();
  await expect(page.getByLabel("What you do, and what you have done")).toHaveValue("Too short.");
  await expect(page.getByLabel("Rate an hour")).toHaveValue("a lot");
  await expect(page.getByLabel("Skill 1", { exact: true })).toHaveValue(skill);
  await expect(page.getByLabel("Your time zone")).toHaveValue("60");
  await expect(page.getByLabel("Address of link 1", { exact: true })).toHaveValue("https://example.com/work");

  await page.getByLabel("What you do, and what you have done").fill(SUMMARY);
  await page.getByLabel("Rate an hour").fill("75");
  await page.getByLabel("Years with skill 1", { exact: true }).fill("9");
  await page.getByRole("button", { name: "Save, and see what fits" }).click();
  await expect(page).toHaveURL("/profile?saved=1");
  await page.getByRole("link", { name: "See it as others do" }).click();
  await expect(page).toHaveURL(/\/freelancers\/[0-9a-f-]{36}$/);

  const visitor = await newPerson("client");
  await visitor.page.goto(page.url());
  await expect(visitor.page.getByRole("heading", { level: 1 })).toHaveText(person.name);
  await expect(visitor.page.getByRole("main")).toContainText(SUMMARY);
  await expect(visitor.page.getByRole("main")).toContainText(skill);
  await expect(visitor.page.getByRole("complementary")).toContainText("€75");
  await expect(visitor.page.getByRole("link", { name: "https://example.com/work" })).toHaveAttribute("rel", /ugc/);
});

test("a paused profile is seen by its owner alone, until it is back", async ({ page, signIn, newPerson }) => {
  const person = await signIn("freelancer");
  await person.saveProfile({ skills: [unique("skill")] });
  await page.goto("/profile");
  const address = await page.getByRole("link", { name: "See it as others do" }).getAttribute("href");
  await page.getByRole("radio", { name: "Paused" }).check();
  await page.getByRole("button", { name: "Save my profile" }).click();
  await expect(page.getByText("Your profile is paused until you make it visible again.")).toBeVisible();
  await page.goto("/matches");
  await expect(page.getByRole("heading", { name: "Your profile is paused" })).toBeVisible();
  expect((await page.goto(address!))?.status()).toBe(200);
  const visitor = await newPerson("client");
  expect((await visitor.page.goto(address!))?.status()).toBe(404);
  await page.goto("/profile");
  await page.getByRole("radio", { name: "Visible to clients" }).check();
  await page.getByRole("button", { name: "Save my profile" }).click();
  await expect(page).toHaveURL("/profile?saved=1");
  expect((await visitor.page.goto(address!))?.status()).toBe(200);
});

test("a profile changed in another window is not overwritten", async ({ page, signIn, context }) => {
  const person = await signIn("freelancer");
  await person.saveProfile({ skills: [unique("skill")] });
  await page.goto("/profile");
  const other = await context.newPage();
  await other.goto("/profile");
  await other.getByLabel("What you are, in one line").fill("Changed in the other window");
  await other.getByRole("button", { name: "Save my profile" }).click();
  await expect(other).toHaveURL("/profile?saved=1");
  await page.getByLabel("What you are, in one line").fill("Changed in this window");
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/save_profile"));
  await page.getByRole("button", { name: "Save my profile" }).click();
  expect((await answered).status()).toBe(409);
  await expect(page.getByRole("alert")).toContainText("changed in another window");
  await expect(page.getByLabel("What you are, in one line")).toHaveValue("Changed in this window");
  await page.goto("/profile");
  await expect(page.getByLabel("What you are, in one line")).toHaveValue("Changed in the other window");
});

test("a client who is no freelancer has no profile and no matches", async ({ page, signIn }) => {
  await signIn("client");
  for (const path of ["/profile", "/matches"]) {
    expect((await page.goto(path))?.status(), path).toBe(403);
    await page.getByRole("main").getByRole("link", { name: /account/i }).click();
    await expect(page).toHaveURL("/account");
  }
});

test("one keeps away from somebody and comes back", async ({ page, signIn, newPerson }) => {
  await signIn("client");
  const other = await newPerson("freelancer");
  await other.saveProfile({ skills: [unique("skill")] });
  await other.page.goto("/profile");
  const address = await other.page.getByRole("link", { name: "See it as others do" }).getAttribute("href");
  await page.goto(address!);
  await page.getByText("Block this person").click();
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await expect(page.getByText("You blocked this person")).toBeVisible();
  await page.getByRole("button", { name: "Unblock this person" }).click();
  await expect(page.getByText("You blocked this person")).toHaveCount(0);
});
