// A server of its own: its database, its folder, its process.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const binary = process.env.E2E_BIN || join(root, "target/debug/eighth");
const site = process.env.E2E_SITE || join(root, "target/site");
const scratch = process.env.E2E_DATA || join(root, "target/tmp/e2e");

const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 20_000;

/** Where the letters of the site at this address are found: its server has no other way to send them. */
export const lettersOf = (url: string): string => join(scratch, `letters-${new URL(url).port}`);

/** PostgreSQL's client, which Debian keeps beside each version's server. */
function psql(): string {
  const versions = "/usr/lib/postgresql";
  const found = existsSync(versions) ? readdirSync(versions).sort().reverse() : [];
  return found.map((version) => join(versions, version, "bin/psql")).find(existsSync) ?? "psql";
}

/**
 * An empty database beside the one that `DATABASE_URL` names. Without that variable there is none,
 * and the server runs a PostgreSQL of its own in its folder.
 */
function emptyDatabase(name: string): string | undefined {
  const given = process.env.DATABASE_URL;
  if (!given) return undefined;
  const url = new URL(given);
  const database = `${url.pathname.slice(1)}_${name}`;
  for (const statement of [
    `drop database if exists "${database}" with (force)`,
    `create database "${database}" template template0`,
  ]) {
    execFileSync(psql(), [given, "-qc", statement], { stdio: ["ignore", "ignore", "pipe"] });
  }
  url.pathname = `/${database}`;
  return url.toString();
}

export interface Demo {
  freelancers: number;
  jobs: number;
  seed: number;
}

/** A site that can be started, stopped and started again with the same data at the same address. */
export class Site {
  private readonly folder: string;
  private readonly env: NodeJS.ProcessEnv;
  private process: ChildProcess | undefined;
  /** `http://127.0.0.1:port`, once it has been started. */
  url = "";

  constructor(
    private readonly name: string,
    settings: NodeJS.ProcessEnv = {},
  ) {
    this.folder = join(scratch, name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    const own = /^(EIGHTH_|E2E_|PORT$|DATABASE_URL$)/;
    const kept = Object.entries(process.env).filter(([key]) => !own.test(key));
    const database = emptyDatabase(name);
    this.env = {
      ...Object.fromEntries(kept),
      ...(database ? { DATABASE_URL: database } : {}),
      // What is secret is sealed with it; any key will do.
      EIGHTH_KEYS__VALUES: "e2e:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
      // Compares words: the same everywhere, and at once.
      EIGHTH_EMBEDDING__EMBEDDER: "lexical",
      // All of them come from one address.
      EIGHTH_LIMITS__ENABLED: "false",
      EIGHTH_LOG__FILTER: "info,access=off,sqlx=warn",
      ...settings,
    };
  }

  /** Fills the empty database. */
  seed(demo: Demo): void {
    const size = ["--freelancers", demo.freelancers, "--jobs", demo.jobs, "--seed", demo.seed];
    this.command("demo", ...size.map(String));
  }

  /** Runs one of the program's commands, beside the server or without it. */
  command(...words: string[]): void {
    execFileSync(binary, [...words, "--data", this.folder], {
      env: this.env,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  /** Starts the server, at the address it had before if it had one, and waits until it is ready. */
  async start(): Promise<void> {
    const port = this.url ? new URL(this.url).port : "0";
    const command = [binary, "serve", "--port", port, "--data", this.folder, "--site", site];
    // Should this process be killed, the server goes as well.
    const setpriv = "/usr/bin/setpriv";
    if (existsSync(setpriv)) command.unshift(setpriv, "--pdeathsig", "TERM");
    const log = openSync(join(scratch, `${this.name}.log`), "a");
    const child = spawn(command[0], command.slice(1), {
      env: this.env,
      cwd: root,
      stdio: ["ignore", "pipe", log],
    });
    closeSync(log);
    this.process = child;
    this.url = await this.announced(child);
    rmSync(lettersOf(this.url), { force: true });
    symlinkSync(join(this.folder, "mail"), lettersOf(this.url));
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const ready = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (ready?.ok) return;
      if (child.exitCode !== null || Date.now() > deadline) throw this.failure("is not ready");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The address as the server prints it. */
  private announced(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = "";
      const timer = setTimeout(() => reject(this.failure("says nothing")), READY_WITHIN_MS);
      child.once("error", reject);
      child.once("exit", () => reject(this.failure("ended at once")));
      child.stdout?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
        if (found) {
          clearTimeout(timer);
          resolve(found[0]);
        }
      });
    });
  }

  private failure(what: string): Error {
    return new Error(`the server ${what}; see ${join(scratch, `${this.name}.log`)}`);
  }

  /** Asks it to stop (SIGTERM), or kills it (SIGKILL), and waits until it is gone. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOPPED_WITHIN_MS);
    await gone;
    clearTimeout(timer);
  }
}
