// A stand-in for another site, in a process of its own that ends with this one.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export class StandIn {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  /** Starts one and waits until it says where it is. */
  static async start(script: string, more: string[] = []): Promise<StandIn> {
    const child = spawn("node", [join(__dirname, script), "--port", "0", "--until-stdin-closes", ...more], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout! });
    for await (const line of lines) return new StandIn(child, line);
    throw new Error(`${script} ended before it said where it is`);
  }

  control(order: string, body: unknown): Promise<void> {
    return control(this.url, order, body);
  }

  stop(): void {
    this.process.kill();
  }
}

/** Gives an order to a stand-in at this address; see the head of its script. */
export async function control(url: string, order: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/control/${order}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${order}: ${answer.status} ${await answer.text()}`);
}
