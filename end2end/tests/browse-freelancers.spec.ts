import { allPages, expectRows, filter, filterField, openFilters } from "../support/lists";
import { unique } from "../support/people";
import { expect, test, type Page } from "../support/test";

/** The address of somebody's public page. */
async function addressOf(page: Page): Promise<string> {
  await page.goto("/profile");
  const href = await page.getByRole("link", { name: "See it as others do" }).getAttribute("href");
  return href!;
}

test("each filter narrows the list to what it says", async ({ page, newPerson }) => {
  const [word, skill] = [unique("w"), unique("s")];
  const [cheap, dear] = [await newPerson("freelancer"), await newPerson("freelancer")];
  await cheap.saveProfile({ title: `Cheap work on ${word}`, rate: "30", skills: [skill] });
  await dear.saveProfile({ title: `Dear work on ${word}`, rate: "120" });
  const [low, high] = [await addressOf(cheap.page), await addressOf(dear.page)];
  const both = `/freelancers?q=${word}`;
  await page.goto(`${both}&sort=rate_low`);
  await expectRows(page, [low, high]);
  await page.goto(`${both}&sort=rate_high`);
  await expectRows(page, [high, low]);
  const cases: [string, string, string[]][] = [
    ["Highest rate", "50", [low]],
    ["Skill", skill, [low]],
    ["Region", "Europe & Africa", [low, high]],
    ["Region", "South America", []],
    ["Language", "English", [low, high]],
    ["Language", "Swahili", []],
    ["Experience", "Expert", [low, high]],
    ["Experience", "Entry", []],
  ];
  for (const [label, value, kept] of cases) {
    await page.goto(`${both}&sort=rate_low`);
    await filter(page, label, value);
    await expectRows(page, kept, `${label}: ${value}`);
  }
  await page.goto("/freelancers");
  await filter(page, "Words", `"cheap work" ${word}`);
  await expectRows(page, [low]);
});

test("the pages of a list follow each other without a row twice, and lead back", async ({ page }) => {
  await page.goto("/freelancers?sort=rate_high&language=en");
  const pages = await allPages(page);
  expect(pages.length).toBeGreaterThan(1);
  const all = pages.flat();
  expect(new Set(all).size).toBe(all.length);
  await page.getByRole("link", { name: "First page" }).click();
  await expect(page).toHaveURL((url) => !url.searchParams.has("after") && url.searchParams.get("sort") === "rate_high");
  await openFilters(page);
  await expect(filterField(page, "Order")).toHaveValue("rate_high");
});

test("a row leads to the person's page", async ({ page }) => {
  await page.goto("/freelancers?sort=rate_low");
  const row = page.locator(".row").first();
  const [title, rate] = [await row.locator(".row-title").innerText(), await row.locator(".amount").innerText()];
  await row.getByRole("link").first().click();
  await expect(page.locator(".lede")).toHaveText(title);
  await expect(page.getByRole("complementary")).toContainText(rate);
  await expect(page.getByRole("heading", { name: "Skills" })).toBeVisible();
});

test("a list without a row says so and leads back", async ({ page }) => {
  await page.goto(`/freelancers?q=${unique("nobody")}`);
  await expect(page.getByRole("heading", { name: "Nobody by these marks" })).toBeVisible();
  await page.getByRole("link", { name: "Clear the filters" }).click();
  await expect(page).toHaveURL("/freelancers");
  await expect(page.locator(".row").first()).toBeVisible();
});

for (const query of ["after=garbage", "max=-1", "sort=beauty", "language=xx"]) {
  test(`an address with ${query} is refused in words`, async ({ page }) => {
    const answer = await page.goto(`/freelancers?${query}`);
    expect(answer?.status()).toBe(400);
    await expect(page.locator(".error-summary")).toBeVisible();
  });
}
