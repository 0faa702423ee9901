/**
 * Child process: one instance. It opens a limiter, generates load from its seed and records all of it. At the end it waits until
 * the database decides again, so that all debits are sent.
 *
 * Invariant: it ends when its parent ends for any reason, because its stdin then closes.
 */
import { openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Catalogue, LANES } from '@rollgate/contract';
import { createPostgresLimiter, laneOf } from '@rollgate/limiter';
import { machineMs } from '../history/record.js';
import { Random } from '../random.js';
import { type InstanceJob, type MixedBursts, READY, readFastClock, SETTLED } from './job.js';
import { errorText, noteTo, observeStatements } from './observe.js';

const TICK_MS = 10;
const START_ATTEMPTS = 5;
const START_PAUSE_MS = 200;
const SETTLE_WITHIN_MS = 40_000;
/** A call with this cost is always denied, so it spends nothing. The first one of a subject is sent to the database. */
const MORE_THAN_ANY_LIMIT = 1_000_000;
/** Most calls in progress. A database that does not answer must not fill the memory of this process. */
const MOST_PENDING = 5_000;

const job = JSON.parse(process.argv[2] ?? '{}') as InstanceJob;
const note = noteTo(openSync(job.historyFile, 'a'));
observeStatements(job.name, note);
const { clock } = job;

const { databaseUrlFile } = job;
const limiter = createPostgresLimiter({
  databaseUrl: databaseUrlFile === undefined ? job.databaseUrl : () => readFileSync(databaseUrlFile, 'utf8'),
  catalogue: new Catalogue([
    { id: 'chaos', title: 'Chaos', level: ['bot'], limits: job.limits, apis: [{ id: 'chaos', title: 'Chaos' }] },
  ]),
  janitor: false,
  onError: (error) => note({ kind: 'mishap', instance: job.name, at: machineMs(), what: errorText(error) }),
  ...(clock ? { clock: () => readFastClock(clock) } : {}),
  ...job.limiter,
});
const random = new Random(job.seed);
let pending = 0;
let paused = false;
let stopped = false;

process.stdin.on('end', () => process.exit(1));
const commands = {
  go: () => void (job.load.mixed ? driveMixed(job.load.mixed) : drive()),
  pause: () => {
    paused = true;
  },
  stop: () => void end(),
};
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  for (const line of text.split('\n')) commands[line as keyof typeof commands]?.();
});
// A fault may be active during the start. An instance that cannot reach the database counts as ready: it must decide nothing.
for (let attempt = 0; !job.cold && attempt < START_ATTEMPTS && limiter.state().mode === 'starting'; attempt++)
  await limiter.start().catch(() => sleep(START_PAUSE_MS));
console.log(READY);

async function drive(): Promise<void> {
  const { firstAccount = 0, perSecond, burst = 1, rests } = job.load;
  let calls = 0;
  let restedMs = 0;
  let workedFrom = performance.now();
  for (const startedAt = performance.now(); !stopped && !paused; await sleep(TICK_MS)) {
    if (rests && performance.now() - workedFrom > rests.afterMs) {
      await sleep(rests.forMs);
      restedMs += rests.forMs;
      workedFrom = performance.now();
    }
    const due = Math.floor(((performance.now() - startedAt - restedMs) / 1000) * perSecond);
    // After a pause of the process, do not make all missed calls at once.
    if (due - calls > perSecond / 2) calls = due - Math.floor(perSecond / 2);
    for (; calls < due && pending < MOST_PENDING; calls += burst) {
      const account = firstAccount + random.between(0, job.load.accounts - 1);
      for (let i = 0; i < burst; i++) void makeCall({ account, bot: isPoison(calls + i) ? 'poison' : anyBot() });
    }
  }
}

/** The next burst begins `everyMs` after the end of the last one, so no window contains more bursts than planned. */
async function driveMixed({ everyMs, callsOfBots }: MixedBursts): Promise<void> {
  const bots = callsOfBots.flatMap((calls, bot) => new Array<string>(calls).fill(`b${bot}`));
  while (!stopped) {
    await Promise.all(random.shuffled(bots).map((bot) => makeCall({ account: 0, bot, cost: 1 })));
    await sleep(everyMs);
  }
}

function anyBot(): string {
  return `b${random.between(0, job.load.bots - 1)}`;
}

function isPoison(call: number): boolean {
  const { poisonEvery } = job.load;
  return poisonEvery !== undefined && call % poisonEvery === poisonEvery - 1;
}

interface CallOptions {
  readonly account: number;
  readonly bot?: string;
  readonly cost?: number;
}

async function makeCall({ account, bot = anyBot(), cost = random.pick(job.load.costs) }: CallOptions): Promise<string> {
  const call = {
    kind: 'call',
    instance: job.name,
    subject: `a${account}/chaos/bot=${bot}`,
    cost,
    instanceMs: Date.now(),
  } as const;
  const startedAt = machineMs();
  pending++;
  try {
    const decision = await limiter.acquire({ account: `a${account}`, api: 'chaos', dimensions: { bot }, cost });
    const { decidedAtMs, allowed, mode, source, deniedBy, retryAfterMs, windows } = decision;
    const limits = { perMinute: windows.minute.limit, perHour: windows.hour.limit };
    note({
      ...call,
      startedAt,
      endedAt: machineMs(),
      decidedAtMs,
      allowed,
      mode,
      source,
      deniedBy,
      retryAfterMs: allowed ? null : retryAfterMs,
      ...limits,
      error: null,
    });
    return mode;
  } catch (error) {
    const nothing = { decidedAtMs: null, allowed: null, mode: null, source: null, deniedBy: null, retryAfterMs: null };
    note({ ...call, startedAt, endedAt: machineMs(), ...nothing, ...job.limits, error: errorText(error) });
    return 'error';
  } finally {
    pending--;
  }
}

async function end(): Promise<void> {
  stopped = true;
  while (pending > 0) await sleep(TICK_MS);
  await settle();
  // If the database does not accept the remaining events, their loss does not matter here.
  await Promise.race([limiter.close(), sleep(7_000)]);
  process.stdout.write(`${SETTLED}\n`, () => process.exit(0));
}

/** Makes calls in each lane that was used until the database decides them. Their debits have then been sent. */
async function settle(): Promise<void> {
  const accounts = new Map<number, number>();
  const { firstAccount = 0 } = job.load;
  for (let account = firstAccount; account < firstAccount + job.load.accounts && accounts.size < LANES; account++)
    accounts.set(laneOf(`a${account}`), account);
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  for (const account of accounts.values())
    while (
      performance.now() < deadline &&
      (await makeCall({ account, bot: 'settle', cost: MORE_THAN_ANY_LIMIT })) !== 'enforced'
    )
      await sleep(20);
}
