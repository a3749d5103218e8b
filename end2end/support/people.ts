// People with accounts, and what they send when a test is not about how they send it.

import { randomBytes, randomUUID } from "node:crypto";
import { type APIResponse, type BrowserContext, type Page, expect } from "@playwright/test";

import { linkTo } from "./letters";

export type Purpose = "freelancer" | "client" | "both";
export const PASSWORD = "a few words in a row";

/** A word that no other test has. */
export function unique(prefix = "x"): string {
  return `${prefix}${randomBytes(5).toString("hex")}`;
}

export interface Person {
  name: string;
  email: string;
  purpose: Purpose;
  context: BrowserContext;
  page: Page;
  /** Sends a form as a browser would, without one; answers before any redirect. */
  send(path: string, fields: Fields): Promise<APIResponse>;
  postJob(job: Partial<JobFields>, intent?: "publish" | "draft"): Promise<string>;
  saveProfile(profile: Partial<ProfileFields>): Promise<void>;
}

export type Fields = Record<string, string | string[]>;

/** Signs somebody new up, who confirms their address in the same browser. */
export async function enter(
  context: BrowserContext,
  url: string,
  purpose: Purpose,
  page?: Page,
): Promise<Person> {
  const name = `Robin ${unique("R")}`;
  const email = `${unique("e2e-")}@example.com`;
  const send = (path: string, fields: Fields) => post(context, url, path, fields);
  const answer = await send("/api/sign_up", {
    "form[display_name]": name,
    "form[email]": email,
    "form[password]": PASSWORD,
    "form[region]": "EU",
    "form[purpose]": purpose,
  });
  await expectAccepted(answer);
  await context.request.get(await linkTo(url, email, "/sign-up/confirm"), { maxRedirects: 0 });
  await expectAccepted(await send("/api/confirm_sign_up", {}));
  return {
    name,
    email,
    purpose,
    context,
    page: page ?? (await context.newPage()),
    send,
    async postJob(job, intent = "publish") {
      const id = randomUUID();
      const answer = await send("/api/create_job", { job_id: id, intent, ...wrapped(jobFields(job)) });
      await expectAccepted(answer);
      return id;
    },
    async saveProfile(profile) {
      const answer = await send("/api/save_profile", profileForm(profileFields(profile)));
      await expectAccepted(answer);
    },
  };
}

async function expectAccepted(answer: APIResponse): Promise<void> {
  const page = answer.status() === 303 ? "" : await answer.text();
  expect(answer.status(), /<main.*<\/main>/s.exec(page)?.[0] ?? page).toBe(303);
}

async function post(context: BrowserContext, url: string, path: string, fields: Fields): Promise<APIResponse> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) body.append(name, one);
  }
  return context.request.post(url + path, {
    data: body.toString(),
    headers: {
      accept: "text/html",
      origin: url,
      referer: `${url}/`,
      "content-type": "application/x-www-form-urlencoded",
    },
    maxRedirects: 0,
  });
}

/** By the names of the form; those of lists end in the brackets that mark them. */
export interface JobFields {
  title: string;
  description: string;
  required_skills: string;
  nice_skills: string;
  budget_kind: string;
  budget_min: string;
  budget_max: string;
  currency: string;
  duration: string;
  weekly_hours: string;
  experience: string;
  work_place: string;
  location: string;
  utc_offset: string;
  "regions][": string[];
  "languages][": string[];
}

/** A job that fits the profile below in all but its skill, which nobody else has. */
export function jobFields(over: Partial<JobFields> = {}): JobFields {
  return {
    title: "Move a booking system to another database",
    description: WORK,
    required_skills: unique("skill"),
    nice_skills: "",
    budget_kind: "hourly",
    budget_min: "50",
    budget_max: "80",
    currency: "EUR",
    duration: "weeks",
    weekly_hours: "20",
    experience: "expert",
    work_place: "remote",
    location: "",
    utc_offset: "60",
    "regions][": [],
    "languages][": ["en"],
    ...over,
  };
}

export interface ProfileFields {
  title: string;
  summary: string;
  skills: string[];
  rate: string;
  visibility: string;
  version?: string;
}

export function profileFields(over: Partial<ProfileFields> = {}): ProfileFields {
  return {
    title: "Moves booking systems to another database",
    summary: WORK,
    skills: [unique("skill")],
    rate: "60",
    visibility: "visible",
    ...over,
  };
}

/** The same words for those who ask and those who offer, so that they fit. */
const WORK =
  "Our small hotels run on a booking system that has outgrown its database. The tables move to a new " +
  "server at night, guests keep booking meanwhile, and afterwards every report must show the same figures.";

function wrapped(fields: object): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`form[${name}]`, value]));
}

function profileForm({ skills, version, ...rest }: ProfileFields): Fields {
  const form: Fields = {
    ...wrapped({ ...rest, experience: "expert", currency: "EUR", weekly_hours: "40", utc_offset: "60" }),
    "form[languages][0][language]": "en",
    "form[languages][0][level]": "native",
  };
  skills.forEach((skill, i) => {
    form[`form[skills][${i}][name]`] = skill;
    form[`form[skills][${i}][level]`] = "expert";
    form[`form[skills][${i}][years]`] = "12";
  });
  if (version) form.version = version;
  return form;
}
