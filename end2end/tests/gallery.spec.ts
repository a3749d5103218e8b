import { createReadStream, existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, resolve } from "node:path";

import { expectAccessible, expectNoOverhang } from "../support/axe";
import { expect, test } from "../support/test";

const folder = process.env.E2E_GALLERY || resolve(__dirname, "../../target/gallery");
const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".png": "image/png",
};

let server: Server;
let url: string;

test.beforeAll(async () => {
  expect(existsSync(join(folder, "index.html")), `the gallery in ${folder}; build it with cargo xtask gallery`).toBe(true);
  server = createServer((request, response) => {
    const path = new URL(request.url!, "http://gallery").pathname;
    const file = join(folder, normalize(path === "/" ? "/index.html" : path));
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

test.afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

test("the gallery shows every widget in both colours, without a server of ours @js", async ({ page }) => {
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1, name: "Gallery" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Light" }).first()).toBeVisible();
  // A part for each file of widgets, more or less; and the widgets themselves.
  expect(await page.locator("main section h2").count()).toBeGreaterThan(10);
  for (const widget of [".dial", ".receipt-part", ".match", ".row", ".control", ".button", ".tag", ".notice", ".empty"]) {
    await expect(page.locator(widget).filter({ visible: true }).first(), widget).toBeVisible();
  }
  const paper = () => page.locator("html").evaluate((node) => getComputedStyle(node).backgroundColor);
  const papers = new Set<string>();
  for (const theme of ["Light", "Dark"]) {
    await page.getByRole("main").getByRole("button", { name: theme, exact: true }).first().click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme.toLowerCase());
    papers.add(await paper());
    await expectNoOverhang(page);
  }
  expect(papers.size).toBe(2);
});

test("axe finds nothing in the gallery @js", async ({ page }) => {
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1, name: "Gallery" })).toBeVisible();
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await expectAccessible(page);
  }
});
