// Pictures of every page for people to look at: E2E_SCREENSHOTS=<folder> npx playwright test
// screenshots. They test nothing and are left out otherwise.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { everybody, members, type Scene } from "../support/pages";
import { test } from "../support/test";

const folder = resolve(process.env.E2E_SCREENSHOTS || "screenshots");

async function picture({ who, views }: Scene): Promise<void> {
  const width = who.viewportSize()!.width;
  mkdirSync(folder, { recursive: true });
  for (const { name, path, then } of views) {
    await who.goto(path);
    await then?.(who);
    for (const scheme of ["light", "dark"] as const) {
      await who.emulateMedia({ colorScheme: scheme });
      await who.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
    }
  }
}

test("pictures of what everybody sees @js", async ({ page }) => {
  test.setTimeout(300_000);
  await picture(await everybody(page));
});

test("pictures of what members see @js", async ({ newPerson }) => {
  test.setTimeout(300_000);
  for (const scene of await members(newPerson)) await picture(scene);
});
