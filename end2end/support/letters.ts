// Letters, as the server puts them into its folder.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";

import { lettersOf } from "./site";

/** The plain text of the letters to an address, the newest first. */
export function letters(url: string, to: string): string[] {
  const folder = lettersOf(url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".eml")).sort().reverse();
  const mails = names.map((name) => readFileSync(join(folder, name), "utf8"));
  return mails.filter((mail) => mail.includes(`\r\nTo: ${to}\r\n`)).map(decoded);
}

/** The link in the newest letter to an address, once so many have come with such a link. */
export async function linkTo(url: string, to: string, path: string, count = 1): Promise<string> {
  const link = new RegExp(`${url}${path}\\?token=[\\w-]+`);
  let found: string[] = [];
  await expect
    .poll(() => (found = letters(url, to).flatMap((text) => link.exec(text)?.[0] ?? [])).length, {
      message: `a letter to ${to} with a link to ${path}`,
      intervals: [20, 30, 50, 100, 200],
    })
    .toBeGreaterThanOrEqual(count);
  return found[0];
}

/** Lines that were broken for the way, and signs that were written in another way, are put right. */
function decoded(mail: string): string {
  return mail.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
