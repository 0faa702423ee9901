/**
 * A load balancer as operators run it: round robin over the instances whose readiness probe succeeds, keep-alive connections, no
 * retry of a failed call.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface BalancerOptions {
  /** Base URLs of the instances, e.g. `http://127.0.0.1:3000`. */
  readonly targets: readonly string[];
  /** Path of the readiness probe. Default: `/readyz`. */
  readonly readyPath?: string;
  /** Milliseconds between two probes of an instance. Default: 100. */
  readonly probeEveryMs?: number;
  /**
   * Consecutive failed probes after which an instance gets no more calls; 2 by default. One successful probe brings it back.
   */
  readonly failuresUntilOut?: number;
}

export interface Balancer {
  readonly url: string;
  /** Whether this instance currently gets calls. */
  isIn(target: string): boolean;
  /** Number of calls sent to this instance so far. */
  sentTo(target: string): number;
  close(): Promise<void>;
}

class Target {
  readonly agent = new Agent({ keepAlive: true });
  failures = Number.POSITIVE_INFINITY;
  sent = 0;

  constructor(readonly url: string) {}
}

/** Starts a balancer on a free port of 127.0.0.1. An instance gets calls after its first successful probe. */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const { readyPath = '/readyz', probeEveryMs = 100, failuresUntilOut = 2 } = options;
  const targets = options.targets.map((url) => new Target(url));
  const isIn = ({ failures }: Target) => failures < failuresUntilOut;
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const ready = targets.filter(isIn);
    const target = ready[turn++ % ready.length];
    if (target === undefined) return answer(outgoing, 503, 'no instance is ready');
    target.sent += 1;
    forward(incoming, outgoing, target);
  });
  server.keepAliveTimeout = 60_000;
  let closed = false;
  const probing = targets.map(async (target) => {
    while (!closed) {
      target.failures = (await isReady(target.url + readyPath)) ? 0 : target.failures + 1;
      await sleep(probeEveryMs);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the balancer has no port');
  const targetOf = (url: string) => targets.find((target) => target.url === url);
  return {
    url: `http://127.0.0.1:${address.port}`,
    isIn: (url) => targets.some((target) => target.url === url && isIn(target)),
    sentTo: (url) => targetOf(url)?.sent ?? 0,
    async close() {
      closed = true;
      await Promise.all(probing);
      for (const { agent } of targets) agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, { url, agent }: Target): void {
  const { method, headers } = incoming;
  const inside = request(url + incoming.url, { method, headers, agent }, (response) => {
    const { connection: _, 'keep-alive': __, ...passed } = response.headers;
    outgoing.writeHead(response.statusCode ?? 502, passed);
    response.on('error', () => outgoing.destroy()).pipe(outgoing);
  });
  inside.on('error', (error) => answer(outgoing, 502, `no answer from ${url}: ${error.message}`));
  incoming.pipe(inside);
}

function answer(outgoing: ServerResponse, status: number, text: string): void {
  if (outgoing.headersSent) outgoing.destroy();
  else outgoing.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000), headers: { connection: 'close' } });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
