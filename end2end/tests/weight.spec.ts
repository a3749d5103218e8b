import { expect, test, type Page } from "../support/test";

/** What a page loads, by file ending. */
async function loaded(page: Page, path: string): Promise<string[]> {
  const files: string[] = [];
  const note = (request: { url(): string }) => files.push(new URL(request.url()).pathname);
  page.on("request", note);
  await page.goto(path, { waitUntil: "load" });
  page.off("request", note);
  return files;
}

test("pages without an island load no script and no WebAssembly @js", async ({ page, signIn }) => {
  const person = await signIn("both");
  const id = await person.postJob({});
  const paths = ["/", "/jobs", `/jobs/${id}`, `/jobs/${id}/edit`, "/jobs/new", "/my/jobs", "/freelancers", "/profile", "/account"];
  for (const path of paths) {
    const files = await loaded(page, path);
    expect(files.filter((file) => /\.(wasm|js)$/.test(file)), path).toEqual([]);
    expect(files.some((file) => file.endsWith(".css")), path).toBe(true);
  }
});

test("the live lists load WebAssembly once, under an address that never changes @js", async ({ page, signIn }) => {
  const person = await signIn("both");
  await person.saveProfile({});
  const wasm = page.waitForResponse((response) => response.url().endsWith(".wasm"));
  await page.goto("/matches");
  const response = await wasm;
  expect(response.headers()["content-type"]).toBe("application/wasm");
  expect(response.headers()["cache-control"]).toContain("immutable");
  expect(response.headers()["content-encoding"]).toBeTruthy();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
});
