import { defineConfig } from "@playwright/test";

const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const plain = { javaScriptEnabled: false };

// Tags say where a test does not belong: `@js` needs JavaScript in the page, `@desktop` a keyboard,
// `@once` is about the server and the same for every browser.
export default defineConfig({
  testDir: "tests",
  // Pictures for people to look at are taken on request alone.
  testIgnore: process.env.E2E_SCREENSHOTS ? [] : ["**/screenshots.spec.ts"],
  globalSetup: "./support/setup.ts",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  // A failure is a failure: nothing here is tried again.
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 45_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    locale: "en-GB",
    timezoneId: "UTC",
    colorScheme: "light",
    // Nothing on the pages may depend on a movement having been seen.
    contextOptions: { reducedMotion: "reduce" },
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    screenshot: "only-on-failure",
    // Costs a third of the time; for looking into a failure: E2E_TRACE=1.
    trace: process.env.E2E_TRACE ? "retain-on-failure" : "off",
    launchOptions: { executablePath: process.env.CHROMIUM_PATH || "/usr/bin/chromium" },
  },
  projects: [
    { name: "desktop", use: desktop },
    { name: "phone", use: phone, grepInvert: /@once|@desktop/ },
    { name: "desktop-without-js", use: { ...desktop, ...plain }, grepInvert: /@js|@once/ },
    { name: "phone-without-js", use: { ...phone, ...plain }, grepInvert: /@js|@once|@desktop/ },
  ],
});
