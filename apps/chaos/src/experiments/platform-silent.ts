/** HTTP calls to the sample platform while its database accepts data but does not answer. */
import { fileURLToPath } from 'node:url';
import { SILENT_CALLS_END_WITHIN_MS } from '@rollgate/limiter';
import { spawnNode } from '@rollgate/testing';
import { type Experiment, wait } from './experiment.js';

const PLATFORM = fileURLToPath(new URL('../../../platform/dist/main.js', import.meta.url));
const TOKEN = fileURLToPath(new URL('../../../platform/dist/platform-token.js', import.meta.url));
const SECRET = 'a secret of more than thirty-two bytes, for chaos';

const PER_SECOND = 60;
/** Time for a statement of the platform itself, plus the budget of the decision. */
const BUDGET_MS = SILENT_CALLS_END_WITHIN_MS + 150;
/** How much longer a call may take, because the machine is busy. */
const MARGIN_MS = 2_000;
/** Time after the silence for new connections, and for the circuit breaker to close. */
const RECOVERS_WITHIN_S = 4;

/** Calls that use the platform's own tables before or after the decision, one that does not, and a read of the caller's usage. */
const CALLS: readonly [method: string, path: (n: number) => string][] = [
  ['POST', (n) => `/api/public/bots/bot-${n % 20}/publish`],
  ['GET', () => '/api/public/bots'],
  ['POST', (n) => `/api/public/bots/new-${n}/publish`],
  ['GET', () => '/api/public/rate-limits'],
  ['GET', () => '/healthz'],
];

type Phase = 'before' | 'silent' | 'recovering' | 'after';

interface Answered {
  readonly phase: Phase;
  readonly status: number;
  readonly ms: number;
  readonly retryAfter: string | null;
}

export const platformSilent: Experiment = {
  name: 'platform-silent',
  what: 'The sample platform is under HTTP load while its database does not answer for 8 s; each call gets a response in time, at worst a 503',
  seconds: 16,
  async run({ lab, seconds, name }) {
    const databaseUrl = await (await lab.shared()).database(name.replaceAll('-', '_'));
    const proxy = await lab.proxy(databaseUrl);
    const env = { DATABASE_URL: proxy.through(databaseUrl), ROLLGATE_JWT_SECRET: SECRET, PLATFORM_PORT: '0' };
    const platform = await spawnNode({ script: PLATFORM, env, readyLine: /ready: http/ });
    lab.atEnd(() => platform.kill('SIGKILL'));
    const origin = /http\S+/.exec(await platform.waitForLine(/ready: http/))?.[0] ?? '';
    const token = await tokenOf('acme');
    let phase: Phase = 'before';
    const load = startLoad((n) => answerOf({ origin, token, n, phaseNow: () => phase }));
    const silentS = Math.max(3, Math.min(8, seconds - 4 - RECOVERS_WITHIN_S));
    await wait(2);
    phase = 'silent';
    proxy.set({ kind: 'black-hole' });
    await wait(silentS);
    phase = 'recovering';
    proxy.set({ kind: 'pass' });
    await wait(RECOVERS_WITHIN_S);
    phase = 'after';
    await wait(2);
    const answers = await load.finish();
    await platform.stop();
    return outcomeOf(answers, proxy.seen.held);
  },
};

function outcomeOf(answers: readonly Answered[], held: number) {
  const worstMs = Math.max(...answers.map(({ ms }) => ms));
  const of = (wanted: Phase) => answers.filter(({ phase }) => phase === wanted);
  const failed = answers.filter(({ status }) => status >= 500);
  const unavailable = failed.filter(({ status, retryAfter }) => status === 503 && retryAfter !== null);
  const isServed = (phase: Phase) => of(phase).every(({ status }) => status < 500);
  return {
    history: { calls: [], statements: [], mishaps: [] },
    safe: { limits: { perMinute: 0, perHour: 0 } },
    faults: { 'bytes held back': held, 'calls answered with 503': unavailable.length },
    claims: [
      {
        what: `each call ended within ${BUDGET_MS} ms plus ${MARGIN_MS} ms (longest ${worstMs} ms)`,
        holds: worstMs < BUDGET_MS + MARGIN_MS,
      },
      { what: 'every failure was a 503 with Retry-After', holds: unavailable.length === failed.length },
      { what: 'every call before the silence was served', holds: isServed('before') },
      {
        what: `every call from ${RECOVERS_WITHIN_S} s after the silence was served`,
        holds: isServed('after') && of('after').length > 0,
      },
    ],
    notes: [`${unavailable.length} of ${of('silent').length} calls during the silence were answered with 503`],
    uncounted: { calls: answers.length, allowed: answers.filter(({ status }) => status < 300).length, worstMs },
  };
}

async function tokenOf(account: string): Promise<string> {
  const child = await spawnNode({ script: TOKEN, args: ['--account', account], env: { ROLLGATE_JWT_SECRET: SECRET } });
  await child.exited;
  return child.stdout().trim();
}

async function answerOf({
  origin,
  token,
  n,
  phaseNow,
}: {
  origin: string;
  token: string;
  n: number;
  phaseNow: () => Phase;
}): Promise<Answered> {
  const [method, path] = CALLS[n % CALLS.length] as (typeof CALLS)[0];
  const startedAt = performance.now();
  const begun = phaseNow();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${origin}${path(n)}`, { method, headers });
  await response.arrayBuffer();
  const ms = Math.round(performance.now() - startedAt);
  // A call that was in progress when the silence began belongs to it.
  const phase = begun === 'before' && phaseNow() !== 'before' ? 'silent' : begun;
  return { phase, status: response.status, ms, retryAfter: response.headers.get('retry-after') };
}

/** Starts calls at an even pace, whether or not earlier ones have ended. */
function startLoad(call: (n: number) => Promise<Answered>): { finish(): Promise<Answered[]> } {
  const pending: Promise<Answered>[] = [];
  const timer = setInterval(() => pending.push(call(pending.length)), 1000 / PER_SECOND);
  return {
    async finish() {
      clearInterval(timer);
      return await Promise.all(pending);
    },
  };
}
