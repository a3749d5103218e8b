import { allPages, expectRows, filter, filterField, hrefs, openFilters } from "../support/lists";
import { unique } from "../support/people";
import { expect, test } from "../support/test";

/** Two jobs that differ in everything one can filter by, under words that nobody else uses. */
test.describe("filters", () => {
  const cases: { label: string; value: string; keeps: "near" | "far" }[] = [
    { label: "Payment", value: "By the hour", keeps: "near" },
    { label: "Payment", value: "Fixed price", keeps: "far" },
    { label: "Budget from", value: "5000", keeps: "far" },
    { label: "Place", value: "Remote", keeps: "near" },
    { label: "Place", value: "On site", keeps: "far" },
    { label: "Open to people in", value: "South America", keeps: "far" },
    { label: "Open to people in", value: "Europe & Africa", keeps: "near" },
    { label: "Language", value: "Swahili", keeps: "far" },
    { label: "Experience", value: "Entry", keeps: "far" },
    { label: "Experience", value: "Expert", keeps: "near" },
  ];

  test("each narrows the list to what it says", async ({ page, newPerson }) => {
    const client = await newPerson("client");
    const word = unique("w");
    const [nearSkill, farSkill] = [unique("near"), unique("far")];
    const near = await client.postJob({
      title: `Near job about ${word}`,
      required_skills: nearSkill,
      "regions][": ["EU", "NA"],
    });
    const far = await client.postJob({
      title: `Far job about ${word}`,
      required_skills: farSkill,
      budget_kind: "fixed",
      budget_min: "9000",
      budget_max: "9500",
      work_place: "on_site",
      location: "Montevideo",
      "regions][": ["SA"],
      "languages][": ["sw"],
      experience: "entry",
    });
    const both = `/jobs?q=${word}`;
    await page.goto(both);
    expect((await hrefs(page)).sort()).toEqual([`/jobs/${near}`, `/jobs/${far}`].sort());
    for (const { label, value, keeps } of cases) {
      await page.goto(both);
      await filter(page, label, value);
      await expectRows(page, [`/jobs/${keeps === "near" ? near : far}`], `${label}: ${value}`);
    }
    await page.goto("/jobs");
    await filter(page, "Skill", farSkill);
    await expectRows(page, [`/jobs/${far}`]);
    await page.goto("/jobs");
    await filter(page, "Search", `${word} -far`);
    await expectRows(page, [`/jobs/${near}`]);
  });
});

test("the address holds the filters, and whoever gets it sees the same list", async ({ page, newPerson }) => {
  await page.goto("/jobs");
  await filter(page, "Payment", "By the hour");
  await filter(page, "Order", "Highest budget first");
  const url = page.url();
  expect(url).toContain("kind=hourly");
  expect(url).toContain("sort=budget");
  await openFilters(page);
  await expect(filterField(page, "Payment")).toHaveValue("hourly");
  const other = await newPerson("freelancer");
  await other.page.goto(url);
  await openFilters(other.page);
  await expect(filterField(other.page, "Payment")).toHaveValue("hourly");
  await expect(filterField(other.page, "Order")).toHaveValue("budget");
  for (const amount of await other.page.locator(".rows .amount").allInnerTexts()) expect(amount).toContain("an hour");
  await other.page.getByRole("link", { name: "Clear all" }).click();
  await expect(other.page).toHaveURL("/jobs");
});

test("orders put the rows where they belong", async ({ page, newPerson }) => {
  const client = await newPerson("client");
  const word = unique("w");
  const ids: string[] = [];
  for (const amount of ["300", "900", "600"]) {
    const title = `A job about ${word} for ${amount}`;
    ids.push(await client.postJob({ title, budget_kind: "fixed", budget_min: amount, budget_max: amount }));
  }
  const [low, high, middle] = ids.map((id) => `/jobs/${id}`);
  await page.goto(`/jobs?q=${word}&sort=budget`);
  await expectRows(page, [high, middle, low]);
  await page.goto(`/jobs?q=${word}&sort=newest`);
  await expectRows(page, [middle, high, low]);
});

test("the pages of a list follow each other without a row twice, and lead back", async ({ page }) => {
  // In an order in which what other tests post stays where it is.
  await page.goto("/jobs?sort=budget&language=en");
  const first = await hrefs(page);
  expect(first).toHaveLength(20);
  await expect(page.getByRole("link", { name: "First page" })).toHaveCount(0);
  const pages = await allPages(page);
  expect(pages.length).toBeGreaterThan(1);
  const all = pages.flat();
  expect(new Set(all).size).toBe(all.length);
  await page.goBack();
  await page.goForward();
  await page.getByRole("link", { name: "First page" }).click();
  await expect(page).toHaveURL((url) => !url.searchParams.has("after") && url.searchParams.get("sort") === "budget");
  await expect(page.locator(".row")).toHaveCount(20);
});

test("a row leads to its job, with its terms in words and for search engines", async ({ page }) => {
  await page.goto("/jobs?sort=budget");
  const row = page.locator(".row").first();
  const [title, budget] = [await row.locator(".row-title").innerText(), await row.locator(".amount").innerText()];
  await row.getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
  await expect(page.locator("header .amount")).toHaveText(budget);
  await expect(page).toHaveTitle(`${title} · 8thDegree`);
  const data = await page.locator('script[type="application/ld+json"]').textContent();
  const posting = JSON.parse(data!);
  expect(posting).toMatchObject({ "@type": "JobPosting", title, employmentType: "CONTRACTOR" });
  expect(posting.baseSalary.currency).toMatch(/^[A-Z]{3}$/);
  expect(Date.parse(posting.datePosted)).not.toBeNaN();
});

test("a list without a row says so and leads back", async ({ page }) => {
  await page.goto(`/jobs?q=${unique("nothing")}`);
  await expect(page.getByRole("heading", { name: "No job matches these filters" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Clear filters" }).click();
  await expect(page).toHaveURL("/jobs");
  await expect(page.locator(".row").first()).toBeVisible();
});

for (const [query, said] of [
  ["after=garbage", "This list cannot be shown"],
  ["after=1~00000000000000000000000000000000'--", "This list cannot be shown"],
  ["min=a+lot", "Please look at the marked filters"],
  ["kind=weekly", "Please look at the marked filters"],
  ["region=%F0%9F%8C%8D", "Please look at the marked filters"],
]) {
  test(`an address with ${query} is refused in words`, async ({ page }) => {
    const answer = await page.goto(`/jobs?${query}`);
    expect(answer?.status()).toBe(400);
    await expect(page.getByRole("main")).toContainText(said);
    await page.getByRole("link", { name: "Show all jobs" }).click();
    await expect(page).toHaveURL("/jobs");
  });
}
