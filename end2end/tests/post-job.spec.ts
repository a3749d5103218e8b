import { randomUUID } from "node:crypto";

import { unique } from "../support/people";
import { expect, test, type Page } from "../support/test";

const DESCRIPTION =
  "Two hundred episodes of a radio play have to be cut, cleaned of hiss and set to one loudness.\n\nA few at a time.";

/** A job with no more than it needs, as a browser sends it. */
const SMALL_JOB = {
  "form[title]": "Cut a radio play once",
  "form[description]": DESCRIPTION,
  "form[required_skills]": "Audio editing",
  "form[budget_kind]": "fixed",
  "form[budget_max]": "500",
  "form[currency]": "EUR",
  "form[duration]": "weeks",
  "form[work_place]": "remote",
};

async function fillJob(page: Page, title: string, skill: string): Promise<void> {
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Description").fill(DESCRIPTION);
  await page.getByLabel("Required skills").fill(`${skill}, audio editing`);
  await page.getByLabel("Nice to have").fill("Radio");
  await page.getByRole("radio", { name: "By the hour" }).check();
  await page.getByLabel("From", { exact: true }).fill("30");
  await page.getByLabel("To", { exact: true }).fill("45.50");
  await page.getByLabel("Currency").selectOption("EUR");
  await page.getByLabel("Duration").selectOption("months");
  await page.getByLabel("Hours a week").fill("12");
  await page.getByRole("radio", { name: "Remote" }).check();
  await page.getByRole("checkbox", { name: "Europe & Africa" }).check();
}

test("a job goes from draft through preview and edit to candidates, and is closed", async ({
  page,
  signIn,
  newPerson,
}) => {
  await signIn("client");
  const stranger = await newPerson("both");
  const [word, skill] = [unique("w"), unique("skill")];
  await page.goto("/jobs/new");
  await fillJob(page, `Cut a radio play ${word}`, skill);
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page).toHaveURL(/\/jobs\/[0-9a-f-]{36}$/);
  const address = new URL(page.url()).pathname;
  await expect(page.getByRole("heading", { level: 2, name: "Your draft" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("€30–45.50 an hour");
  await expect(page.locator(".prose p")).toHaveCount(2);
  // A draft is nobody else's, and no search engine's.
  await expect(page.locator('script[type="application/ld+json"]')).toHaveCount(0);
  expect((await stranger.page.goto(address))?.status()).toBe(404);
  await page.goto("/my/jobs");
  await expect(page.locator(".row", { hasText: word })).toContainText("Draft");

  await page.goto(address);
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page).toHaveURL(`${address}/edit`);
  await expect(page.getByLabel("Description")).toHaveValue(DESCRIPTION);
  await expect(page.getByRole("checkbox", { name: "Europe & Africa" })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "South America" })).not.toBeChecked();
  await page.getByLabel("Title").fill(`Cut and clean a radio play ${word}`);
  await page.getByRole("button", { name: "Publish and find people" }).click();
  await expect(page).toHaveURL(`${address}/candidates`);
  await expect(page.getByRole("heading", { level: 1, name: "Candidates" })).toBeVisible();
  await stranger.page.goto(`/jobs?q=${word}`);
  await stranger.page.getByRole("link", { name: `Cut and clean a radio play ${word}` }).click();
  await expect(stranger.page.getByRole("complementary")).toContainText("12 a week");

  await page.goto(address);
  await page.getByText("Close this job", { exact: true }).click();
  await page.getByRole("button", { name: "Yes, close this job" }).click();
  await expect(page).toHaveURL(address);
  await expect(page.getByRole("main")).toContainText("matched no more");
  await stranger.page.goto(`/jobs?q=${word}`);
  await expect(stranger.page.getByRole("heading", { name: "No job matches these filters" })).toBeVisible();
  expect((await stranger.page.goto(address))?.status()).toBe(200);
  await expect(stranger.page.getByRole("main")).toContainText("Closed");
  expect((await page.goto(`${address}/edit`))?.status()).toBe(409);
});

test("a draft is published from its preview", async ({ page, signIn }) => {
  const person = await signIn("client");
  const id = await person.postJob({ required_skills: unique("skill") }, "draft");
  await page.goto(`/jobs/${id}/candidates`);
  await expect(page.getByRole("heading", { name: "This job is still a draft" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "To the draft" }).click();
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page).toHaveURL(`/jobs/${id}/candidates`);
  await page.goto("/my/jobs");
  await expect(page.locator(".row")).toContainText("Open");
});

test("faults are shown at their fields and nothing that was typed is lost", async ({ page, signIn }) => {
  await signIn("client");
  await page.goto("/jobs/new");
  const id = await page.locator('input[name="job_id"]').inputValue();
  await fillJob(page, "A title that is fine", "Rust");
  await page.getByLabel("Description").fill("Short.");
  await page.getByLabel("From", { exact: true }).fill("90");
  await page.getByLabel("Hours a week").fill("99");
  await page.getByRole("radio", { name: "On site" }).check();
  await page.getByRole("checkbox", { name: "South America" }).check();
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/create_job"));
  await page.getByRole("button", { name: "Publish and find people" }).click();
  expect((await answered).status()).toBe(422);
  const faulty = ["description", "budget_max", "weekly_hours", "location", "regions"];
  await expect(page.locator(".error-summary")).toContainText(`${faulty.length} things need your attention`);
  for (const field of faulty) await expect(page.locator(`#f-${field}-error`), field).toBeVisible();
  await expect(page.locator("#f-title-error")).toHaveCount(0);
  for (const [label, value] of [
    ["Title", "A title that is fine"],
    ["Description", "Short."],
    ["Required skills", "Rust, audio editing"],
    ["Nice to have", "Radio"],
    ["Hours a week", "99"],
    ["Duration", "months"],
    ["Currency", "EUR"],
  ]) {
    await expect(page.getByLabel(label), label).toHaveValue(value);
  }
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("90");
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("45.50");
  await expect(page.getByRole("radio", { name: "On site" })).toBeChecked();
  for (const region of ["Europe & Africa", "South America"]) {
    await expect(page.getByRole("checkbox", { name: region })).toBeChecked();
  }
  await expect(page.locator('input[name="job_id"]')).toHaveValue(id);
  // Nothing was written.
  expect((await page.goto(`/jobs/${id}`))?.status()).toBe(404);
});

test("a form sent twice adds one job", async ({ page, signIn }) => {
  const person = await signIn("client");
  const form = { job_id: randomUUID(), intent: "draft", ...SMALL_JOB };
  for (let i = 0; i < 2; i += 1) expect((await person.send("/api/create_job", form)).status()).toBe(303);
  await page.goto("/my/jobs");
  await expect(page.locator(".row", { hasText: SMALL_JOB["form[title]"] })).toHaveCount(1);
});

test("a job changed in another window is not overwritten", async ({ page, signIn, context }) => {
  const person = await signIn("client");
  const id = await person.postJob({ required_skills: unique("skill") });
  await page.goto(`/jobs/${id}/edit`);
  const other = await context.newPage();
  await other.goto(`/jobs/${id}/edit`);
  await other.getByLabel("Title").fill("The title from the other window");
  await other.getByRole("button", { name: "Save changes" }).click();
  await expect(other).toHaveURL(`/jobs/${id}`);
  await page.getByLabel("Title").fill("The title from this window");
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/edit_job"));
  await page.getByRole("button", { name: "Save changes" }).click();
  expect((await answered).status()).toBe(409);
  await expect(page.getByRole("alert")).toContainText("changed in another window");
  await expect(page.getByLabel("Title")).toHaveValue("The title from this window");
  await page.goto(`/jobs/${id}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The title from the other window");
});

test("another client's job can be read and nothing else", async ({ page, signIn, newPerson }) => {
  const owner = await newPerson("client");
  const id = await owner.postJob({ title: "A job of somebody else", required_skills: unique("skill") });
  const other = await signIn("client");
  expect((await page.goto(`/jobs/${id}`))?.status()).toBe(200);
  await expect(page.getByRole("link", { name: "Edit" })).toHaveCount(0);
  for (const path of [`/jobs/${id}/edit`, `/jobs/${id}/candidates`, `/jobs/${id}/candidates/${randomUUID()}`]) {
    expect((await page.goto(path))?.status(), path).toBe(404);
    await expect(page.getByRole("main")).not.toContainText("A job of somebody else");
  }
  for (const action of ["close_job", "publish_job"]) {
    expect((await other.send(`/api/${action}`, { job_id: id })).status(), action).toBe(404);
  }
  await page.goto(`/jobs/${id}`);
  await expect(page.getByRole("main")).not.toContainText("Closed");
});

test("posting is for clients", async ({ page, signIn }) => {
  const person = await signIn("freelancer");
  expect((await page.goto("/jobs/new"))?.status()).toBe(403);
  await expect(page.getByRole("main")).toContainText("Posting jobs is for clients");
  const answer = await person.send("/api/create_job", { job_id: randomUUID(), ...SMALL_JOB });
  expect(answer.status()).toBe(403);
});
