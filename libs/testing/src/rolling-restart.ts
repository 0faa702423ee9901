/**
 * A rolling restart: two instances of a program behind a load balancer are replaced one after the other while calls continue.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from './balancer.js';
import { freePort } from './free-port.js';
import type { NodeExit, NodeProcess } from './spawn-node.js';
import { until } from './until.js';

interface RestartCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RollingRestart {
  /** Starts an instance on this port. It gets calls once it is ready. */
  readonly start: (port: number) => Promise<NodeProcess>;
  /** Returns the nth call, counted from 0. */
  readonly call: (n: number) => RestartCall;
  /** Minimum number of calls. Calls continue until both instances are replaced. */
  readonly calls: number;
  /** Number of concurrent callers. Default: 8. */
  readonly callers?: number;
  /** Maximum calls per second, so that the starting instance gets CPU time on a small machine. Default: 1,000. */
  readonly perSecond?: number;
}

export interface RollingRestartResult {
  /** Number of calls by outcome: the HTTP status, or the error message of a call without an answer. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Bodies of the first ten answers with status 500 or above. */
  readonly failures: readonly string[];
  readonly exits: readonly NodeExit[];
  /** Number of calls sent to each of the four processes, in the order of their start. */
  readonly sent: readonly number[];
}

/** Runs a rolling restart. @throws Error when an instance does not become ready within 60 s */
export async function restartOneByOne(options: RollingRestart): Promise<RollingRestartResult> {
  const ports = [await freePort(), await freePort()];
  const targets = ports.map((port) => `http://127.0.0.1:${port}`);
  const running = await Promise.all(ports.map(options.start));
  const balancer = await startBalancer({ targets });
  const load = new Load(balancer.url, options);
  const exits: NodeExit[] = [];
  const sent: number[] = [];
  try {
    for (const target of targets)
      await until(() => balancer.isIn(target), { what: `${target} receives calls`, timeoutMs: 60_000 });
    const loading = load.run();
    for (const [i, port] of ports.entries()) {
      const target = targets[i] as string;
      await load.untilMade(load.made + options.calls / 10);
      running[i]?.kill('SIGTERM');
      exits.push(await (running[i] as NodeProcess).exited);
      sent.push(balancer.sentTo(target));
      running[i] = await options.start(port);
      await until(() => balancer.isIn(target), { what: `${target} receives calls`, timeoutMs: 60_000 });
    }
    await load.untilMade(options.calls);
    load.stop();
    await loading;
    sent.push(...targets.map((target, i) => balancer.sentTo(target) - (sent[i] ?? 0)));
    return { outcomes: load.outcomes, failures: load.failures, exits, sent };
  } finally {
    load.stop();
    await balancer.close();
    await Promise.all(running.map((instance) => instance.stop()));
  }
}

class Load {
  readonly outcomes: Record<string, number> = {};
  readonly failures: string[] = [];
  made = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #startedAt = performance.now();
  #stopped = false;

  constructor(
    private readonly url: string,
    private readonly options: RollingRestart,
  ) {}

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.options.callers ?? 8 }, () => this.#caller()));
    this.#agent.destroy();
  }

  async untilMade(calls: number): Promise<void> {
    while (this.made < calls && !this.#stopped) await sleep(10);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #caller(): Promise<void> {
    const { perSecond = 1_000 } = this.options;
    while (!this.#stopped) {
      const earlyMs = (this.made * 1000) / perSecond - (performance.now() - this.#startedAt);
      if (earlyMs > 1) await sleep(earlyMs);
      const outcome = await this.#make(this.options.call(this.made++));
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    }
  }

  #make({ method, path, headers, body }: RestartCall): Promise<string> {
    return new Promise((resolve) => {
      const outgoing = request(this.url + path, { method, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 500 && this.failures.length < 10) this.failures.push(text);
          resolve(String(status));
        });
      });
      outgoing.on('error', (error) => resolve(error.message));
      outgoing.end(body);
    });
  }
}
