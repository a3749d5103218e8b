// Accessibility as axe-core can judge it.

import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";

const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Expects that axe finds nothing wrong with what is on the page now, by some rules or by all. */
export async function expectAccessible(page: Page, rules?: string[]): Promise<void> {
  // It runs in the page. Without scripts the page is the same, and was judged with them.
  if (test.info().project.use.javaScriptEnabled === false) return;
  // There are no frames, for whose sake it would otherwise open a page of its own each time.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules ? axe.withRules(rules) : axe.withTags(STANDARDS)).analyze();
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id} (${help}): ${node.target.join(" ")}\n${node.html}\n${node.failureSummary}`),
  );
  expect.soft(found, page.url()).toEqual([]);
}

/** Expects that nothing sticks out at the side, so that a phone scrolls one way only. */
export async function expectNoOverhang(page: Page): Promise<void> {
  const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(overhang, `pixels of ${page.url()} stick out at the side`).toBeLessThanOrEqual(0);
}
