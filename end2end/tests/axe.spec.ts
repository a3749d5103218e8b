import { expectAccessible } from "../support/axe";
import { everybody, members, type Scene } from "../support/pages";
import { expect, test } from "../support/test";

/** Looks at each page in both colours. */
async function inspect({ who, views }: Scene): Promise<void> {
  for (const { name, path, then } of views) {
    await test.step(name, async () => {
      await who.emulateMedia({ colorScheme: "light" });
      await who.goto(path);
      await then?.(who);
      await expect(who.getByRole("heading", { level: 1 }), "one main heading").toHaveCount(1);
      const { scrollWidth, clientWidth } = await who.evaluate(() => document.documentElement);
      expect(scrollWidth, `${path} sticks out at the side`).toBeLessThanOrEqual(clientWidth);
      await expectAccessible(who);
      await who.emulateMedia({ colorScheme: "dark" });
      await expectAccessible(who, ["color-contrast"]);
    });
  }
}

test("axe finds nothing on the pages that everybody sees @js", async ({ page }) => {
  test.setTimeout(120_000);
  await inspect(await everybody(page));
});

test("axe finds nothing on the pages of those who are signed in @js", async ({ newPerson }) => {
  test.setTimeout(180_000);
  for (const scene of await members(newPerson)) await inspect(scene);
});
