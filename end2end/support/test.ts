// What every test has: the site's address, people with a browser of their own, and a watch over
// the browsers' consoles.

import { type BrowserContext, type Page, expect, test as base } from "@playwright/test";

import { type Person, type Purpose, enter } from "./people";

/** What browsers complained about. */
export class Complaints {
  private readonly list: string[] = [];
  private readonly refused = new Set<string>();
  private readonly tolerated: RegExp[] = [];

  watch(context: BrowserContext): void {
    // The status of a page is tested where it matters; Chromium repeats it on the console.
    context.on("response", (response) => {
      if (response.request().isNavigationRequest() && response.status() >= 400) {
        this.refused.add(response.url());
      }
    });
    context.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      // Said of browsers that are told not to run what they load.
      if (message.text().includes("was preloaded using link preload but not used")) return;
      if (message.text().startsWith("Failed to load resource") && this.refused.has(message.location().url)) return;
      this.list.push(`${message.type()} on ${message.page()?.url()}: ${message.text()}`);
    });
    context.on("weberror", (error) => this.list.push(`exception: ${error.error().message}`));
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (/^https?:$/.test(url.protocol) && url.hostname !== "127.0.0.1") {
        this.list.push(`a request to a stranger: ${url}`);
      }
    });
  }

  /** For tests that break something on purpose. */
  tolerate(pattern: RegExp): void {
    this.tolerated.push(pattern);
  }

  all(): string[] {
    return this.list.filter((line) => !this.tolerated.some((pattern) => pattern.test(line)));
  }
}

interface Fixtures {
  complaints: Complaints;
  /** Makes a person with an account and a browser of their own, signed in. */
  newPerson: (purpose: Purpose, url?: string) => Promise<Person>;
  /** The browser of this test's own page, with somebody signed in. */
  signIn: (purpose: Purpose) => Promise<Person>;
}

export const test = base.extend<Fixtures>({
  // Known only once the site has been started.
  baseURL: async ({}, use) => use(process.env.E2E_BASE_URL),

  complaints: async ({}, use) => {
    const complaints = new Complaints();
    await use(complaints);
    expect(complaints.all(), "the browser's console").toEqual([]);
  },

  context: async ({ context, complaints }, use) => {
    complaints.watch(context);
    await use(context);
  },

  newPerson: async ({ browser, complaints, baseURL }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (purpose, url = baseURL) => {
      const context = await browser.newContext({ baseURL: url });
      contexts.push(context);
      complaints.watch(context);
      return enter(context, url!, purpose);
    });
    for (const context of contexts) await context.close();
  },

  signIn: async ({ context, page, baseURL }, use) => {
    await use((purpose) => enter(context, baseURL!, purpose, page));
  },
});

export { expect };
export type { Page };
