import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { unique } from "../support/people";
import { type Page, expect, test } from "../support/test";

const SCRIPT = "</textarea><script>window.pwned=1</script>";
const IMAGE = "<img src=x onerror=window.pwned=1>";
const RTL = "\u202eevil\u202c and \u200fmarks";
const SQL = "'; drop table core.jobs; --";

/** Serves a page at another origin than the site's while `visit` runs, which is given its port. */
async function elsewhere(html: string, visit: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  try {
    await visit((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Presses the button of a page, and gives what the browser sends, and how that is answered. */
async function pressed(page: Page) {
  const button = page.getByRole("button");
  const [request] = await Promise.all([page.waitForRequest((request) => request.method() === "POST"), button.click()]);
  const status = (await request.response())?.status();
  const { cookie = "", origin } = await request.allHeaders();
  return { status, origin, signedIn: cookie.includes("eighth_session=") };
}

/** To the browser, a port more or less is the same site, whose cookies it sends; another name is not. */
const ORIGINS = [
  { host: "127.0.0.1", signedIn: true },
  { host: "localhost", signedIn: false },
];

test("hostile words stay words, on every page that shows them", async ({ page, signIn, newPerson }) => {
  const person = await signIn("both");
  const word = unique("w");
  const title = `${word} "><script>window.pwned=1</script>`;
  const id = await person.postJob({
    title,
    description: `${SCRIPT} ${IMAGE} ${SQL} and enough further words to describe some work.`,
    required_skills: `<b>${unique("s")}`,
  });
  await person.saveProfile({
    title: `${word} ${SCRIPT}`,
    summary: `${SCRIPT} ${IMAGE} ${SQL} and enough further words to describe a person.`,
    skills: [`<i>${unique("s")}`],
  });
  const visitor = await newPerson("both");
  const paths = [`/jobs/${id}`, `/jobs?q=${word}`, `/freelancers?q=${word}`, "/", `/jobs?q=${encodeURIComponent(title)}`];
  const own = [`/jobs/${id}/edit`, `/jobs/${id}/candidates`, "/my/jobs", "/profile", "/matches"];
  for (const path of paths) {
    await visitor.page.goto(path);
    expect(await visitor.page.evaluate(() => "pwned" in window), path).toBe(false);
  }
  for (const path of [...paths, ...own]) {
    await page.goto(path);
    expect(await page.evaluate(() => "pwned" in window), path).toBe(false);
    await expect(page.locator("img[src=x], b:has(*), script:text('pwned=1')"), path).toHaveCount(0);
  }
  await page.goto(`/jobs/${id}/edit`);
  await expect(page.getByLabel("Title")).toHaveValue(title);
  await expect(page.getByLabel("Description")).toHaveValue(new RegExp(`^${SCRIPT.replace(/[/()]/g, "\\$&")}`));
  await page.goto(`/jobs/${id}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
  await page.goto("/profile");
  await expect(page.getByLabel("What you do, and what you have done")).toHaveValue(/window\.pwned=1/);
});

test("a refused form gives hostile words back as words", async ({ page, signIn }) => {
  await signIn("client");
  await page.goto("/jobs/new");
  await page.getByLabel("Title").fill(SCRIPT);
  await page.getByLabel("Description").fill(SCRIPT);
  await page.getByLabel("Required skills").fill(`"><script>window.pwned=1</script>`);
  await page.getByLabel("To", { exact: true }).fill("<b>");
  await page.getByLabel("Duration").selectOption("days");
  await page.getByRole("button", { name: "Save as draft" }).click();
  await expect(page.locator(".error-summary")).toBeVisible();
  await expect(page.getByLabel("Title")).toHaveValue(SCRIPT);
  await expect(page.getByLabel("Description")).toHaveValue(SCRIPT);
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("<b>");
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
});

test("characters that are not seen, or turn the text round, are refused at their field", async ({ page, signIn }) => {
  await signIn("client");
  await page.goto("/jobs/new");
  const title = `Cut a radio play ${RTL}`;
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Description").fill("Two hundred episodes of a radio play have to be cut and cleaned.");
  await page.getByLabel("Required skills").fill("Audio editing");
  await page.getByLabel("To", { exact: true }).fill("500");
  await page.getByLabel("Duration").selectOption("days");
  await page.getByRole("button", { name: "Save as draft" }).click();
  await expect(page.locator("#f-title-error")).toContainText("invisible or direction-changing");
  await expect(page.locator(".error-summary")).toContainText("One thing needs your attention");
  await expect(page.getByLabel("Title")).toHaveValue(title);
});

test("SQL in filters finds nothing and harms nothing", async ({ page }) => {
  for (const field of ["q", "skill"]) {
    const words = SQL.replace("core.jobs", unique("table"));
    const answer = await page.goto(`/jobs?${field}=${encodeURIComponent(words)}`);
    expect(answer?.status()).toBe(200);
    await expect(page.getByRole("heading", { name: "No job matches these filters" })).toBeVisible();
  }
  await page.goto("/jobs");
  await expect(page.locator(".row").first()).toBeVisible();
});

test("what is too long or no text at all is refused without a page falling over @once", async ({ signIn, baseURL }) => {
  const person = await signIn("client");
  const long = await person.send("/api/create_job", { job_id: "x", "form[title]": "x".repeat(10_000_000) });
  expect(long.status()).toBe(413);
  const headers = { accept: "text/html", origin: baseURL!, "content-type": "application/x-www-form-urlencoded" };
  for (const data of ["form[title]=%FF%FE", Buffer.from([0xff, 0xfe, 0x00]), "form[title", "%%%"]) {
    const answer = await person.context.request.post(`${baseURL}/api/create_job`, { data, headers });
    expect(answer.status(), String(data)).toBeGreaterThanOrEqual(400);
    expect(answer.status(), String(data)).toBeLessThan(500);
    expect(await answer.text()).toContain("<h1");
  }
});

test("a form from another site changes nothing @once", async ({ signIn, baseURL }) => {
  const person = await signIn("client");
  const id = await person.postJob({ required_skills: unique("skill") });
  const answer = await person.context.request.post(`${baseURL}/api/close_job`, {
    form: { job_id: id },
    headers: { origin: "https://evil.example", accept: "text/html" },
  });
  expect(answer.status()).toBe(403);
  await person.page.goto(`/jobs/${id}`);
  await expect(person.page.getByRole("main")).not.toContainText("Closed");
});

test("a form on a page of another origin changes nothing", async ({ page, signIn, complaints, baseURL }) => {
  complaints.tolerate(/a request to a stranger: http:\/\/localhost:/);
  const person = await signIn("client");
  const id = await person.postJob({ required_skills: unique("skill") });
  const form = `<form method="post" action="${baseURL}/api/close_job">
    <input type="hidden" name="job_id" value="${id}"><button>Win a prize</button></form>`;
  await elsewhere(`<!doctype html><title>Elsewhere</title>${form}`, async (port) => {
    for (const { host, signedIn } of ORIGINS) {
      await page.goto(`http://${host}:${port}/`);
      expect(await pressed(page), host).toEqual({ status: 403, origin: `http://${host}:${port}`, signedIn });
      await page.goto(`${baseURL}/jobs/${id}`);
      await expect(page.getByRole("main"), host).not.toContainText("Closed");
    }
  });
  // The same form from a page of the site.
  expect((await person.send("/api/close_job", { job_id: id })).status()).toBe(303);
  await page.goto(`${baseURL}/jobs/${id}`);
  await expect(page.getByRole("main")).toContainText("Closed");
});

test("a script on a page of another origin changes nothing and reads nothing @once", async ({ page, signIn, complaints, baseURL }) => {
  complaints.tolerate(/a request to a stranger: http:\/\/localhost:/);
  // What Chromium says of answers that it keeps from the script.
  complaints.tolerate(/blocked by CORS policy|Failed to load resource|ERR_FAILED|ERR_BLOCKED_BY_RESPONSE/);
  const person = await signIn("client");
  const id = await person.postJob({ required_skills: unique("skill") });
  await elsewhere("<!doctype html><title>Elsewhere</title>", async (port) => {
    for (const { host } of ORIGINS) {
      await page.goto(`http://${host}:${port}/`);
      const post = (mode: RequestMode) =>
        page.evaluate(
          ([url, id, mode]) => {
            const body = new URLSearchParams({ job_id: id });
            const wish = { method: "POST", body, credentials: "include", mode: mode as RequestMode } as const;
            return fetch(url, wish).then((answer) => answer.text(), () => "");
          },
          [`${baseURL}/api/close_job`, id, mode] as const,
        );
      for (const mode of ["no-cors", "cors"] as const) {
        expect(await post(mode), `${host} ${mode}`).toBe("");
      }
      const own = await page.evaluate(
        (url) => fetch(url, { credentials: "include" }).then((answer) => answer.text(), () => ""),
        `${baseURL}/account`,
      );
      expect(own, host).toBe("");
      await page.goto(`${baseURL}/jobs/${id}`);
      await expect(page.getByRole("main"), host).not.toContainText("Closed");
    }
  });
});

test("an endless word widens no page", async ({ page, signIn }) => {
  const person = await signIn("both");
  const endless = "W".repeat(110);
  const address = `https://docs.example/${"x1Y2".repeat(40)}`;
  const skill = unique("s").padEnd(38, "S");
  const id = await person.postJob({
    title: endless,
    description: `Everything there is to know stands in ${address} and nowhere else.`,
    required_skills: skill,
  });
  await person.saveProfile({ title: endless.slice(0, 95), summary: `All of my work is at ${address} for you.`, skills: [skill] });
  for (const path of [`/jobs/${id}`, `/jobs?skill=${skill}`, "/", `/jobs/${id}/candidates`, "/my/jobs", `/freelancers?skill=${skill}`, "/profile"]) {
    await page.goto(path);
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(content, path).toBeLessThanOrEqual(window);
  }
});
