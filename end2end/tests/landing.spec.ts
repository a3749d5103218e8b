import { expect, test } from "../support/test";

test("the landing page says what this is, with live figures and real matches", async ({ page }) => {
  const matches = page.locator(".hero-match");
  // Right after the start the demonstration's matches are still being worked out.
  await expect(async () => {
    await page.goto("/");
    await expect(matches.first()).toContainText(/\d+°/, { timeout: 500 });
  }).toPass();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("How well do you fit?");
  const figures = page.locator(".stat-value");
  await expect(figures.first()).toBeVisible();
  for (const figure of await figures.allInnerTexts()) expect(figure).toMatch(/\d/);
  await matches.first().click();
  await expect(page).toHaveURL(/\/jobs\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("both kinds of visitors are led to their own sign-up", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("main").getByRole("link", { name: "Find work that fits" }).first().click();
  await expect(page).toHaveURL("/sign-up?for=freelancer");
  await expect(page.getByRole("radio", { name: "I look for work" })).toBeChecked();
  await page.goto("/");
  await page.getByRole("main").getByRole("link", { name: "Post a job" }).first().click();
  await expect(page.getByRole("radio", { name: "I look for people" })).toBeChecked();
});

test("the colours can be chosen and stay chosen", async ({ page }) => {
  const html = page.locator("html");
  const colours = page.getByRole("form", { name: "Colours" });
  const paper = () => html.evaluate((node) => getComputedStyle(node).backgroundColor);
  await page.goto("/jobs?kind=hourly");
  await expect(html).not.toHaveAttribute("data-theme");
  const light = await paper();
  await colours.getByRole("button", { name: "Dark" }).click();
  await expect(html).toHaveAttribute("data-theme", "dark");
  expect(await paper()).not.toBe(light);
  await page.goto("/freelancers");
  await expect(html).toHaveAttribute("data-theme", "dark");
  await expect(colours.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  await page.emulateMedia({ colorScheme: "dark" });
  await colours.getByRole("button", { name: "Light" }).click();
  await expect(html).toHaveAttribute("data-theme", "light");
  expect(await paper()).toBe(light);
  await colours.getByRole("button", { name: "Auto" }).click();
  await expect(html).not.toHaveAttribute("data-theme");
  expect(await paper()).not.toBe(light);
});
