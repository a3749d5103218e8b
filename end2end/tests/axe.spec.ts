import { expectAccessible, expectNoOverhang } from "../support/axe";
import { everybody, members, type Scene } from "../support/pages";
import { expect, test } from "../support/test";

/** Looks at each page in both colours. */
async function inspect({ who, views }: Scene): Promise<void> {
  for (const { name, path, then } of views) {
    await test.step(name, async () => {
      await who.emulateMedia({ colorScheme: "light" });
      await who.goto(path);
      await then?.(who);
      expect.soft(await who.getByRole("heading", { level: 1 }).count(), "main headings").toBe(1);
      await expectNoOverhang(who);
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
