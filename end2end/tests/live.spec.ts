import { type Person, unique } from "../support/people";
import { Site } from "../support/site";
import { expect, test, type Page } from "../support/test";

/** The titles of a live list, best first. */
const titles = (page: Page) => page.locator("article.match .row-title a");
const live = (page: Page) => expect(page.getByText("Live", { exact: true })).toBeVisible();

/** Loads a page until it shows so many matches: the work behind the scenes takes its moment. */
async function reloadUntil(page: Page, path: string, count: number): Promise<void> {
  await expect(async () => {
    await page.goto(path);
    await expect(titles(page)).toHaveCount(count, { timeout: 500 });
  }).toPass();
  // Some may have come while the page was open; now all of them came with it.
  await page.goto(path);
}

interface Pair {
  client: Person;
  freelancer: Person;
  skill: string;
}

type NewPerson = (purpose: "client" | "freelancer", url?: string) => Promise<Person>;

/** A client, and a freelancer with a skill that nobody else has. */
async function pair(newPerson: NewPerson, url?: string): Promise<Pair> {
  const [client, freelancer] = [await newPerson("client", url), await newPerson("freelancer", url)];
  const skill = unique("skill");
  await freelancer.saveProfile({ skills: [skill] });
  return { client, freelancer, skill };
}

test("a job that a client posts slides into its rank in the freelancer's open feed @js", async ({ newPerson }) => {
  const { client, freelancer, skill } = await pair(newPerson);
  const page = freelancer.page;
  await client.postJob({ title: "The best of the three", required_skills: skill });
  await client.postJob({ title: "The last of the three", required_skills: `${skill}, ${unique("other")}` });
  await reloadUntil(page, "/matches", 2);
  await live(page);
  await expect(page).toHaveTitle("My matches · 8thDegree");
  await expect(titles(page)).toHaveText([/best/, /last/]);
  await expect(page.locator(".match-new")).toHaveCount(0);

  // The client uses the form, in a browser of their own, while the freelancer watches.
  const form = client.page;
  await form.goto("/jobs/new");
  await form.getByLabel("Title").fill("The middle of the three");
  await form.getByLabel("Description").fill(
    "Our small hotels run on a booking system that has outgrown its database. The tables move to a new server at night.",
  );
  await form.getByLabel("Required skills").fill(skill);
  await form.getByLabel("Nice to have").fill(unique("nice"));
  await form.getByLabel("To", { exact: true }).fill("80");
  await form.getByLabel("Duration").selectOption("weeks");
  await form.getByRole("button", { name: "Publish and find people" }).click();
  await expect(form).toHaveURL(/\/candidates$/);

  await expect(titles(page)).toHaveText([/best/, /middle/, /last/]);
  const card = page.locator("article.match", { hasText: "middle" });
  await expect(card).toHaveClass(/match-new/);
  await expect(card).toContainText("New");
  await expect(card).toContainText("1 of 1 required skill");
  await expect(card.locator(".reason")).not.toHaveCount(0);
  const degrees = Number((await card.locator(".dial-number").innerText()).replace("°", ""));
  expect(degrees).toBeGreaterThanOrEqual(70);
  await expect(page.locator("[aria-live=polite]")).toHaveText(`New match at ${degrees} degrees: The middle of the three`);
  await expect(page).toHaveTitle("(1) My matches · 8thDegree");

  // What slid in is what the page shows when it is loaded, and the client sees the same from the other side.
  await page.reload();
  await expect(titles(page)).toHaveText([/best/, /middle/, /last/]);
  await expect(form.locator("article.match")).toContainText(freelancer.name);
  await expect(form.locator("article.match .dial-number")).toHaveText(`${degrees}°`);
});

test("a new freelancer appears in the client's open list of candidates @js", async ({ newPerson }) => {
  const [client, freelancer] = [await newPerson("client"), await newPerson("freelancer")];
  const skill = unique("skill");
  const id = await client.postJob({ title: "A job that waits for somebody", required_skills: skill });
  const page = client.page;
  await page.goto(`/jobs/${id}/candidates`);
  await expect(page.getByRole("heading", { name: "Looking for people who fit" })).toBeVisible();
  await live(page);
  await freelancer.saveProfile({ skills: [skill], title: "The one who was waited for" });
  const card = page.locator("article.match");
  await expect(card).toHaveCount(1);
  await expect(card).toContainText("The one who was waited for");
  await expect(card).toContainText(freelancer.name);
  await expect(page.getByRole("heading", { name: "Looking for people who fit" })).toHaveCount(0);
  const degrees = (await card.locator(".dial-number").innerText()).replace("°", "");
  await expect(page.locator("[aria-live=polite]")).toHaveText(`New candidate at ${degrees} degrees: ${freelancer.name}`);
  await expect(page).toHaveTitle("(1) Candidates for A job that waits for somebody · 8thDegree");
  // Who pauses leaves the list as it came.
  await freelancer.page.goto("/profile");
  await freelancer.page.getByRole("radio", { name: "Paused" }).check();
  await freelancer.page.getByRole("button", { name: "Save my profile" }).click();
  await expect(card).toHaveCount(0);
});

test("a job that is closed leaves the open feed @js", async ({ newPerson }) => {
  const { client, freelancer, skill } = await pair(newPerson);
  const id = await client.postJob({ title: "A job about to be closed", required_skills: skill });
  await reloadUntil(freelancer.page, "/matches", 1);
  await live(freelancer.page);
  expect((await client.send("/api/close_job", { job_id: id })).status()).toBe(303);
  await expect(titles(freelancer.page)).toHaveCount(0);
  await expect(freelancer.page.getByRole("heading", { name: "Nothing fits yet" })).toBeVisible();
});

test("an edited profile gets the matches that suit it now @js", async ({ newPerson }) => {
  const { client, freelancer } = await pair(newPerson);
  const later = unique("later");
  await client.postJob({ title: "A job for what is learned later", required_skills: later });
  await freelancer.page.goto("/matches");
  await live(freelancer.page);
  await expect(titles(freelancer.page)).toHaveCount(0);
  await freelancer.saveProfile({ skills: [later], version: "1" });
  await expect(titles(freelancer.page)).toHaveText(["A job for what is learned later"]);
});

test("feed, candidates and receipts show the same on loading, without a script as well", async ({ newPerson }) => {
  const { client, freelancer, skill } = await pair(newPerson);
  const second = await newPerson("freelancer");
  await second.saveProfile({ skills: [skill], rate: "85", title: "Somewhat dearer work" });
  const id = await client.postJob({ title: "A job for both of them", required_skills: skill });
  await reloadUntil(freelancer.page, "/matches", 1);
  const degrees = (await freelancer.page.locator(".dial-number").textContent())!;
  await reloadUntil(client.page, `/jobs/${id}/candidates`, 2);
  await expect(client.page.locator("article.match").first()).toContainText(freelancer.name);
  await expect(client.page.locator(".dial-number").first()).toHaveText(degrees);

  await freelancer.page.getByRole("link", { name: "The whole receipt" }).click();
  await expect(freelancer.page).toHaveURL(`/matches/${id}`);
  await client.page.getByRole("link", { name: "The whole receipt" }).first().click();
  await expect(client.page).toHaveURL(new RegExp(`/jobs/${id}/candidates/[0-9a-f-]{36}$`));
  for (const page of [freelancer.page, client.page]) {
    await expect(page.locator(".dial-l .dial-number")).toHaveText(degrees);
    const parts = await page.locator(".receipt-degrees strong").allInnerTexts();
    const sum = parts.map((part) => parseFloat(part)).reduce((a, b) => a + b, 0);
    // Each part is shown rounded down to a tenth.
    expect(Math.abs(sum - parseInt(degrees))).toBeLessThanOrEqual(1);
    await expect(page.getByText(/Policy .* · model lexical/)).toBeVisible();
  }
  await freelancer.page.goto(`/jobs/${id}`);
  await expect(freelancer.page.getByRole("complementary")).toContainText("How it fits you");
});

test("a page without JavaScript says how to see what is new", async ({ newPerson, javaScriptEnabled }) => {
  const { freelancer } = await pair(newPerson);
  await freelancer.page.goto("/matches");
  const note = freelancer.page.locator("noscript p", { hasText: "Reload the page to see what is new." });
  if (javaScriptEnabled) await expect(note).toHaveCount(0);
  else await expect(note).toBeVisible();
});

test("a server that restarts, or is killed, costs an open page nothing @js @once", async ({ newPerson, complaints }) => {
  test.setTimeout(120_000);
  complaints.tolerate(/WebSocket|ERR_CONNECTION_REFUSED/);
  // Workers have their own, should it ever run in two at once.
  const site = new Site(`restart${test.info().parallelIndex}`);
  try {
    await site.start();
    const { client, freelancer, skill } = await pair(newPerson, site.url);
    const page = freelancer.page;
    await client.postJob({ title: "Before the restart", required_skills: skill });
    await reloadUntil(page, "/matches", 1);
    await live(page);
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));

    await site.stop();
    await expect(page.getByText("Connecting…")).toBeVisible();
    await site.start();
    await client.postJob({ title: "After the restart", required_skills: skill });
    await expect(titles(page)).toHaveCount(2, { timeout: 40_000 });
    await live(page);

    // Killed right after the job was taken: whatever of the work was not done is done afterwards.
    await client.postJob({ title: "Just before the end", required_skills: skill });
    await site.stop("SIGKILL");
    await site.start();
    await client.postJob({ title: "After the end", required_skills: skill });
    await expect(titles(page)).toHaveCount(4, { timeout: 60_000 });
    const all = await titles(page).allInnerTexts();
    expect(all.sort()).toEqual(["After the end", "After the restart", "Before the restart", "Just before the end"]);
    expect(await page.evaluate(() => "sameDocument" in window), "the page was never loaded anew").toBe(true);
    await page.reload();
    await expect(titles(page)).toHaveCount(4);
  } finally {
    await site.stop();
  }
});
