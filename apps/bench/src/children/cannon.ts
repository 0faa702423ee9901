/** Child: autocannon, in its own process so that the load generator does not share a thread with the application. */
import autocannon from 'autocannon';
import { seededRandom, uniformSampler } from '../load/sampling.js';
import { accountOf, nameOf } from '../load/traffic.js';
import { childProgram } from './child-program.js';

export interface CannonJob {
  readonly port: number;
  readonly connections: number;
  readonly warmUpSeconds: number;
  /** How long requests are sent, or how many. */
  readonly length: Length;
}

type Length = { readonly seconds: number } | { readonly requests: number };

export interface CannonResult {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Number of bots that are requested, by each connection in a different order. */
const BOTS = 1_000;
const REQUESTS_EACH = 100;
const TIMEOUT_SECONDS = 30;

childProgram<CannonJob, CannonResult>(async (job) => {
  if (job.warmUpSeconds > 0) await shoot(job, { seconds: job.warmUpSeconds });
  const found = await shoot(job, job.length);
  const failed = found.non2xx + found.errors + found.timeouts;
  if (failed > 0) throw new Error(`${failed} requests failed`);
  return { perSecond: found['2xx'] / found.duration, p99Ms: found.latency.p99 };
});

function shoot({ port, connections }: CannonJob, length: Length): Promise<autocannon.Result> {
  let connection = 0;
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url: `http://127.0.0.1:${port}`,
        connections,
        pipelining: 1,
        ...('seconds' in length ? { duration: length.seconds } : { amount: length.requests }),
        timeout: TIMEOUT_SECONDS,
        // autocannon ends only at a sampling tick, which by default comes once a second.
        sampleInt: 100,
        setupClient(client) {
          const draw = uniformSampler(BOTS, seededRandom(++connection));
          client.setRequests(Array.from({ length: REQUESTS_EACH }, () => requestFor(draw())));
        },
      },
      (error, result) => (error ? reject(error as Error) : resolve(result)),
    );
    instance.on('reqError', reject);
  });
}

function requestFor(subject: number): autocannon.Request {
  return { method: 'GET', path: `/bots/${nameOf(subject)}`, headers: { 'x-account': accountOf(subject) } };
}
