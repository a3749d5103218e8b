// Every page in every state worth looking at, for axe and for pictures.

import { randomUUID } from "node:crypto";
import { expect, type Page } from "@playwright/test";

import { type Person, type Purpose, unique } from "./people";

export interface View {
  /** For a file's name. */
  name: string;
  path: string;
  /** What happens on the page before it is looked at. */
  then?: (page: Page) => Promise<void>;
}

export interface Scene {
  who: Page;
  views: View[];
}

const refuse = (button: string) => async (page: Page) => {
  // The browser's own checks stand down, so that the server's are seen.
  await page.locator("form.form").evaluateAll((forms) => forms.forEach((form) => ((form as HTMLFormElement).noValidate = true)));
  await page.getByRole("main").getByRole("button", { name: button, exact: true }).click();
  await expect(page.locator(".error-summary")).toBeVisible();
};

const rows = async (page: Page) => expect(page.locator("article.match").first()).toBeVisible();

/** The pages that everybody sees. */
export async function everybody(page: Page): Promise<Scene> {
  await page.goto("/jobs?sort=budget");
  const job = await page.locator(".row-title a").first().getAttribute("href");
  await page.goto("/freelancers?sort=rate_low");
  const freelancer = await page.locator(".row-title a").first().getAttribute("href");
  return {
    who: page,
    views: [
      { name: "landing", path: "/" },
      { name: "jobs", path: "/jobs?sort=budget" },
      { name: "jobs-empty", path: `/jobs?q=${unique("nothing")}` },
      { name: "jobs-refused", path: "/jobs?min=much&after=garbage" },
      { name: "job", path: job! },
      { name: "freelancers", path: "/freelancers?sort=rate_low" },
      { name: "freelancers-empty", path: `/freelancers?q=${unique("nobody")}` },
      { name: "freelancers-refused", path: "/freelancers?max=much" },
      { name: "freelancer", path: freelancer! },
      { name: "sign-up", path: "/sign-up?for=client" },
      { name: "sign-up-refused", path: "/sign-up", then: refuse("Create my account") },
      { name: "sign-in", path: "/sign-in?next=%2Fmatches" },
      { name: "sign-in-troubled", path: "/sign-in?trouble=address_taken&with=github" },
      { name: "sign-in-refused", path: "/sign-in", then: refuse("Sign in") },
      { name: "forgotten", path: "/forgotten" },
      { name: "forgotten-refused", path: "/forgotten", then: refuse("Send me a link") },
      { name: "forgotten-sent", path: "/forgotten?sent=1" },
      { name: "reset-old", path: "/reset" },
      { name: "sign-up-old", path: "/sign-up/confirm" },
      { name: "address-old", path: "/account/email/confirm" },
      { name: "farewell", path: "/farewell" },
      { name: "not-found", path: "/nowhere" },
    ],
  };
}

/** The pages of a freelancer and of a client who fit each other. */
export async function members(newPerson: (purpose: Purpose) => Promise<Person>): Promise<Scene[]> {
  const [client, freelancer] = [await newPerson("client"), await newPerson("freelancer")];
  const [fresh, newcomer] = [await newPerson("freelancer"), await newPerson("client")];
  const skill = unique("skill");
  const nice = unique("nice");
  const user = await freelancer.saveProfile({ skills: [skill, "PostgreSQL", "Rust"] }).then(() => own(freelancer.page));
  const job = await client.postJob({ title: "Move our booking system to PostgreSQL", required_skills: skill, nice_skills: nice });
  await client.postJob({ title: "Tidy up what the move left behind", required_skills: `${skill}, ${nice}` });
  const draft = await client.postJob({ title: "A plan for the year after" }, "draft");
  const closed = await client.postJob({ title: "A job that is done" });
  await client.send("/api/close_job", { job_id: closed });
  const waiting = await client.postJob({ title: "A job that waits" });
  await expect(async () => {
    await freelancer.page.goto("/matches");
    await expect(freelancer.page.locator("article.match")).toHaveCount(2, { timeout: 500 });
  }).toPass();
  return [
    {
      who: fresh.page,
      views: [
        { name: "matches-without-profile", path: "/matches" },
        { name: "profile-new", path: "/profile" },
        { name: "profile-refused", path: "/profile", then: refuse("Save, and see what fits") },
        { name: "forbidden", path: "/jobs/new" },
      ],
    },
    {
      who: freelancer.page,
      views: [
        { name: "landing-freelancer", path: "/" },
        { name: "matches", path: "/matches", then: rows },
        { name: "match-receipt", path: `/matches/${job}` },
        { name: "job-with-fit", path: `/jobs/${job}` },
        { name: "profile", path: "/profile?saved=1" },
        { name: "freelancer-own", path: `/freelancers/${user}` },
        { name: "account", path: "/account" },
        { name: "account-email", path: "/account/email" },
        { name: "account-password", path: "/account/password" },
        { name: "account-devices", path: "/account/devices" },
        { name: "account-connections", path: "/account/connections" },
        { name: "account-organisation", path: "/account/organisation" },
        { name: "account-activity", path: "/account/activity" },
        { name: "account-data", path: "/account/data" },
        { name: "account-data-refused", path: "/account/data", then: refuse("Delete my account") },
        { name: "confirm", path: "/confirm?next=%2Faccount%2Fpassword" },
      ],
    },
    {
      who: newcomer.page,
      views: [
        { name: "my-jobs-empty", path: "/my/jobs" },
        { name: "job-new", path: "/jobs/new" },
        { name: "job-refused", path: "/jobs/new", then: refuse("Publish and find people") },
        { name: "freelancer-as-client", path: `/freelancers/${user}` },
        { name: "not-yours", path: `/jobs/${job}/candidates` },
      ],
    },
    {
      who: client.page,
      views: [
        { name: "my-jobs", path: "/my/jobs" },
        { name: "candidates", path: `/jobs/${job}/candidates`, then: rows },
        { name: "candidates-waiting", path: `/jobs/${waiting}/candidates` },
        { name: "candidates-draft", path: `/jobs/${draft}/candidates` },
        { name: "candidate-receipt", path: `/jobs/${job}/candidates/${user}` },
        { name: "job-own", path: `/jobs/${job}` },
        { name: "job-draft", path: `/jobs/${draft}` },
        { name: "job-closed", path: `/jobs/${closed}` },
        { name: "job-edit", path: `/jobs/${job}/edit` },
        { name: "nothing", path: `/jobs/${randomUUID()}` },
      ],
    },
  ];
}

/** The id of a freelancer's own public page. */
async function own(page: Page): Promise<string> {
  await page.goto("/profile");
  const href = await page.getByRole("link", { name: "See it as others do" }).getAttribute("href");
  return href!.split("/").pop()!;
}
