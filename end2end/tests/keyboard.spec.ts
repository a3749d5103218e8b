import { expectRows } from "../support/lists";
import { unique } from "../support/people";
import { expect, test } from "../support/test";

test("the first key leads past the navigation @desktop", async ({ page }) => {
  await page.goto("/jobs");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/jobs#main");
  await page.keyboard.press("Tab");
  const inMain = page.getByRole("main").locator(":focus");
  await expect(inMain).toHaveCount(1);
});

test("one gets through the header and the sign-in form in the order of the eye @desktop", async ({ page, newPerson }) => {
  const person = await newPerson("client");
  await page.goto("/sign-in");
  const order = [
    page.getByRole("link", { name: "Skip to content" }),
    page.getByRole("banner").getByRole("link", { name: /8thDegree/ }),
    page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Jobs" }),
    page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Freelancers" }),
    page.getByRole("banner").getByRole("link", { name: "Sign in" }),
    page.getByRole("banner").getByRole("link", { name: "Join" }),
    page.getByRole("button", { name: "Continue with GitHub" }),
    page.getByRole("button", { name: "Continue with Google" }),
    page.getByRole("button", { name: "Continue with Acme" }),
    page.getByLabel("E-mail address"),
    page.getByLabel("Password"),
  ];
  for (const stop of order) {
    await page.keyboard.press("Tab");
    await expect(stop).toBeFocused();
    // Where the focus is can be seen.
    const ring = await stop.evaluate((node) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
      return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none";
    });
    expect(ring, String(stop)).toBe(true);
  }
  await page.getByLabel("E-mail address").focus();
  await page.keyboard.type(person.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type("not the password");
  await page.keyboard.press("Enter");
  await expect(page.locator("#f-password-error")).toBeVisible();
  // The page opens where the fault is told.
  await expect(page.getByRole("alert")).toBeFocused();
});

test("a list is filtered by keyboard alone @desktop", async ({ page, newPerson }) => {
  const client = await newPerson("client");
  const word = unique("w");
  const id = await client.postJob({ title: `Find me by ${word}` });
  await page.goto("/jobs");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const search = page.getByRole("searchbox", { name: "Search" });
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(search).toBeFocused({ timeout: 100 });
  }).toPass();
  await page.keyboard.type(word);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL((url) => url.searchParams.get("q") === word);
  await expectRows(page, [`/jobs/${id}`]);
});

test("the account menu opens and closes by keyboard @desktop", async ({ page, signIn }) => {
  await signIn("client");
  await page.goto("/jobs");
  const menu = page.locator("details.menu");
  await menu.locator("summary").focus();
  await page.keyboard.press("Enter");
  await expect(menu).toHaveAttribute("open", "");
  await page.keyboard.press("Tab");
  await expect(menu.getByRole("link").first()).toBeFocused();
});
