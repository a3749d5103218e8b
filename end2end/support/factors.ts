// What one signs in with: the password, the codes of an authenticator app, and those of letters.

import { createHmac } from "node:crypto";
import { type Page, expect } from "@playwright/test";

import { letters } from "./letters";
import { PASSWORD } from "./people";

/** The code that an app with this key shows, `steps` steps of half a minute from now. */
export function appCode(key: string, steps = 0): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...key.replace(/\s/g, "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", secret).update(counter).digest();
  const number = hash.readUInt32BE(hash[19]! & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Sets an app up and gives its key and the recovery codes. */
export async function setUpApp(page: Page): Promise<{ key: string; codes: string[] }> {
  await page.goto("/account/security");
  await page.getByRole("link", { name: "Set up: Authenticator app" }).click();
  await page.getByRole("button", { name: "Set up an app" }).click();
  await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
  const key = (await page.locator(".secret-key").textContent())!;
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.locator(".error-summary")).toBeVisible();
  await page.getByLabel("Code", { exact: true }).fill(appCode(key));
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByRole("heading", { name: "Recovery codes" })).toBeVisible();
  const codes = await page.locator(".codes code").allTextContents();
  expect(codes).toHaveLength(10);
  return { key, codes };
}

export async function givePassword(page: Page, email: string, next = ""): Promise<void> {
  await page.goto(`/sign-in${next}`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The code in the newest letter to an address, once so many have come with one. */
export async function mailedCode(url: string, email: string, count = 1): Promise<string> {
  let codes: string[] = [];
  await expect
    .poll(() => (codes = letters(url, email).flatMap((text) => /\b\d{4} \d{4}\b/.exec(text)?.[0] ?? [])).length, {
      message: `a letter to ${email} with a code`,
      intervals: [20, 30, 50, 100, 200],
    })
    .toBe(count);
  return codes[0]!;
}

export async function giveMailedCode(page: Page, code: string): Promise<void> {
  await page.getByLabel("Code from our letter").fill(code);
  await page.getByRole("button", { name: "Use this code" }).click();
}

/** Shows that a browser that is not known yet is its owner's, who has just given the first factor. */
export async function showWhoItIs(page: Page, url: string, email: string, count = 1): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Is it you?");
  await giveMailedCode(page, await mailedCode(url, email, count));
}
