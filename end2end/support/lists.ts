// The lists of jobs and freelancers, which work alike.

import { expect, type Locator, type Page } from "@playwright/test";

/** The rows' addresses, top to bottom. */
export function hrefs(page: Page): Promise<string[]> {
  return page.locator(".rows .row-title a").evaluateAll((links) => links.map((link) => link.getAttribute("href")!));
}

/** Waits until the list has these rows, in this order: an address is shown before its page has come. */
export async function expectRows(page: Page, addresses: (string | undefined)[], why?: string): Promise<void> {
  await expect(async () => expect(await hrefs(page), why).toEqual(addresses)).toPass({ timeout: 15_000 });
}

/** Unfolds the filters where a small screen folds them away. */
export async function openFilters(page: Page): Promise<void> {
  const folded = page.locator("details.filters:not([open]) > summary");
  if (await folded.isVisible()) await folded.click();
}

/** A filter by the beginning of its label, after which it may say "(optional)". */
export function filterField(page: Page, label: string): Locator {
  return page.getByRole("search").getByLabel(new RegExp(`^${label}`));
}

/** Sets one filter, sends the form and waits for the list with it. */
export async function filter(page: Page, label: string, value: string): Promise<void> {
  await openFilters(page);
  const field = filterField(page, label);
  if ((await field.evaluate((node) => node.tagName)) === "SELECT") await field.selectOption({ label: value });
  else await field.fill(value);
  const name = await field.getAttribute("name");
  await page.getByRole("button", { name: "Show results" }).click();
  // Until it has loaded.
  await page.waitForURL((url) => (url.searchParams.get(name!) ?? "") !== "");
}

/** Goes through every page of the present list; gives the rows' addresses, page by page. */
export async function allPages(page: Page): Promise<string[][]> {
  const pages = [await hrefs(page)];
  const next = page.getByRole("link", { name: "Next page" });
  while (await next.isVisible()) {
    const before = page.url();
    await next.click();
    await expect(page).not.toHaveURL(before);
    await expect(page.getByRole("link", { name: "First page" })).toBeVisible();
    pages.push(await hrefs(page));
    expect(pages.length, "an end").toBeLessThan(50);
  }
  return pages;
}
