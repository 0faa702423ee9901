/** HTTP callers of the sample platform while its database takes everything and answers nothing. */
import { fileURLToPath } from 'node:url';
import { SILENT_CALLS_END_WITHIN_MS } from '@rollgate/limiter';
import { spawnNode } from '@rollgate/testing';
import { type Experiment, wait } from './experiment.js';

const PLATFORM = fileURLToPath(new URL('../../../platform/dist/main.js', import.meta.url));
const TOKEN = fileURLToPath(new URL('../../../platform/dist/platform-token.js', import.meta.url));
const SECRET = 'a secret of more than thirty-two bytes, for chaos';

const PER_SECOND = 60;
/** A statement of the platform's own, and the decision's budget. */
const BUDGET_MS = SILENT_CALLS_END_WITHIN_MS + 150;
/** What a call may take beyond it, on a machine that is busy with other things. */
const MARGIN_MS = 2_000;
/** After the hole: new connections, and a breaker that closes. */
const RECOVERS_WITHIN_S = 4;

/** Those that use the platform's own tables before and after the decision, one without them, and the caller's usage. */
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
  what: 'the sample platform under HTTP load, its database silent for 8 s: each call is answered in time, with 503 at worst',
  seconds: 16,
  async run({ lab, seconds, name }) {
    const { proxy, url } = await lab.proxy(await (await lab.shared()).database(name.replaceAll('-', '_')));
    const env = { DATABASE_URL: url, ROLLGATE_JWT_SECRET: SECRET, PLATFORM_PORT: '0' };
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
    faults: { 'bytes kept': held, 'calls answered 503': unavailable.length },
    claims: [
      {
        what: `each call ends within ${BUDGET_MS} ms, give or take (${worstMs} ms)`,
        holds: worstMs < BUDGET_MS + MARGIN_MS,
      },
      { what: 'every failure is a 503 with Retry-After', holds: unavailable.length === failed.length },
      { what: 'before the hole every call is served', holds: isServed('before') },
      {
        what: `${RECOVERS_WITHIN_S} s after it every call is served`,
        holds: isServed('after') && of('after').length > 0,
      },
    ],
    notes: [`of ${of('silent').length} calls while it was silent ${unavailable.length} were answered 503`],
    uncounted: { calls: answers.length, admitted: answers.filter(({ status }) => status < 300).length, worstMs },
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
  // A call that was under way when the hole began belongs to the silence.
  const phase = begun === 'before' && phaseNow() !== 'before' ? 'silent' : begun;
  return { phase, status: response.status, ms, retryAfter: response.headers.get('retry-after') };
}

/** Calls at an even pace, whatever becomes of those before. */
function startLoad(call: (n: number) => Promise<Answered>): { finish(): Promise<Answered[]> } {
  const under: Promise<Answered>[] = [];
  const timer = setInterval(() => under.push(call(under.length)), 1000 / PER_SECOND);
  return {
    async finish() {
      clearInterval(timer);
      return await Promise.all(under);
    },
  };
}
