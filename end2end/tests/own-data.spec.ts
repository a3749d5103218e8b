// What one tells of oneself and takes along: picture, private details, the archive, and leaving.

import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

import { PASSWORD } from "../support/people";
import { expect, test } from "../support/test";

/** A grey PNG, as small as can be written by hand. */
function png(side: number): Buffer {
  const table = Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
  });
  const crc = (bytes: Buffer) => {
    let c = 0xffffffff;
    for (const byte of bytes) c = table[(c ^ byte) & 255] ^ (c >>> 8);
    return (c ^ 0xffffffff) >>> 0;
  };
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  const rows = Buffer.alloc((side + 1) * side, 120);
  for (let y = 0; y < side; y++) rows[y * (side + 1)] = 0;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("a picture stands for its owner, until they remove it", async ({ newPerson }) => {
  const { page } = await newPerson("freelancer");
  await page.goto("/account");
  const field = page.getByLabel("A picture of you");
  await field.setInputFiles({ name: "me.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await page.getByRole("button", { name: "Use this picture" }).click();
  await expect(page.locator("#f-picture-error")).toContainText("We cannot read this file");
  await field.setInputFiles({ name: "me.png", mimeType: "image/png", buffer: png(96) });
  await page.getByRole("button", { name: "Use this picture" }).click();
  await expect(page.getByText("Your account is saved.")).toBeVisible();
  // In the frame of the page, and beside the form; both have loaded.
  const pictures = page.locator("img.avatar");
  await expect(pictures).toHaveCount(2);
  const widths = () => pictures.evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth));
  await expect.poll(widths).toEqual([96, 96]);
  await page.getByRole("button", { name: "Remove my picture" }).click();
  await expect(pictures).toHaveCount(0);
});

test("private details are kept for their owner, and forgotten when they say so", async ({ newPerson }) => {
  const { page } = await newPerson("client");
  await page.goto("/account");
  await page.getByLabel("Telephone number").fill("030 901820");
  await page.getByRole("button", { name: "Save private details" }).click();
  await expect(page.locator("#f-phone-error")).toContainText("with its country");
  await page.getByLabel("Telephone number").fill("+49 30 901820");
  await page.getByLabel("Legal name").fill("Augusta Ada King");
  await page.getByRole("button", { name: "Save private details" }).click();
  await expect(page.getByText("Your account is saved.")).toBeVisible();
  await expect(page.getByLabel("Telephone number")).toHaveValue("+4930901820");
  await page.getByLabel("Legal name").fill("");
  await page.getByRole("button", { name: "Save private details" }).click();
  await expect(page.getByLabel("Legal name")).toHaveValue("");
});

test("one takes one's data along, and goes", async ({ newPerson }) => {
  const person = await newPerson("client");
  const { page } = person;
  await page.goto("/account/data");
  await page.getByRole("button", { name: "Make an archive" }).click();
  // It may be ready before the page is.
  const ready = page.getByRole("link", { name: "Download" });
  await expect(page.getByText("We are putting your data together.").or(ready)).toBeVisible();
  await expect(async () => {
    await page.goto("/account/data");
    await expect(page.getByRole("link", { name: "Download" })).toBeVisible({ timeout: 500 });
  }).toPass();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^8thdegree-data-\d{4}-\d\d-\d\d\.zip$/);
  const archive = readFileSync((await download.path())!).toString("latin1");
  expect(archive).toContain("account.json");
  expect(archive).toContain(person.email);

  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page.locator("#f-understood-error")).toBeVisible();
  await page.getByLabel("I know what goes").check();
  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page).toHaveURL(/\/farewell$/);
  await expect(page.getByRole("heading", { name: "Your account is deleted" })).toBeVisible();
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.locator("#f-password-error")).toBeVisible();
});
