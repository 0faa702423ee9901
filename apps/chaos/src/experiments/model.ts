import { setImmediate as turn } from 'node:timers/promises';
import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter } from '@rollgate/limiter';
import { queryOnce } from '../lab/server.js';
import { Random } from '../random.js';
import type { Experiment, Outcome } from './experiment.js';

/** Steps of the clock in seconds, which end at or next to the boundaries of windows. */
const STEPS = [
  0, 0, 1, 2, 29, 58, 59, 60, 61, 62, 119, 121, 1799, 3539, 3540, 3541, 3599, 3600, 3601, 3660, 3661, -1, -61, -3600,
];
const START_MS = Date.UTC(2026, 0, 1);
const CALLS_OF_A_RUN = 40;

export const model: Experiment = {
  name: 'model',
  what: 'Random calls while the clock jumps to the boundaries of minutes and hours, also backward; each answer must equal that of a plain log of units',
  seconds: 8,
  async run({ lab, seed, seconds, name }) {
    const server = await lab.shared();
    const databaseUrl = await server.database(name);
    const until = performance.now() + seconds * 1000;
    const found = { runs: 0, calls: 0, allowed: 0, worstMs: 0, back: 0, wrong: [] as string[] };
    for (let run = 0; performance.now() < until && found.wrong.length === 0; run++) {
      await replay({ databaseUrl, run, random: new Random(seed * 65_537 + run), found });
      await turn();
    }
    const [units] = await queryOnce<{ n: string }>(databaseUrl, 'SELECT count(*) AS n FROM rollgate.counter');
    const outcome: Outcome = {
      history: { calls: [], statements: [], mishaps: [] },
      safe: { limits: { perMinute: 0, perHour: 0 } },
      faults: { runs: found.runs, 'backward steps of the clock': found.back, subjects: Number(units?.n) },
      claims: [
        {
          what: `every answer equals that of the model${found.wrong.length > 0 ? `: ${found.wrong[0]}` : ''}`,
          holds: found.wrong.length === 0,
        },
      ],
      uncounted: { calls: found.calls, allowed: found.allowed, worstMs: found.worstMs },
    };
    return outcome;
  },
};

interface Found {
  runs: number;
  calls: number;
  allowed: number;
  worstMs: number;
  back: number;
  readonly wrong: string[];
}

async function replay({
  databaseUrl,
  run,
  random,
  found,
}: {
  databaseUrl: string;
  run: number;
  random: Random;
  found: Found;
}): Promise<void> {
  let nowMs = START_MS + random.between(0, 7_200_000);
  const limits = { perMinute: random.between(1, 9), perHour: random.between(1, 25) };
  const catalogue = new Catalogue([
    { id: 'chaos', title: 'Chaos', level: ['bot'], limits, apis: [{ id: 'chaos', title: 'Chaos' }] },
  ]);
  const limiter = createPostgresLimiter({
    databaseUrl,
    ownApis: catalogue,
    clock: () => nowMs,
    janitor: false,
    events: false,
    outage: false,
  });
  const log = new Log();
  try {
    for (let i = 0; i < CALLS_OF_A_RUN; i++) {
      const step = random.pick(STEPS) * 1000 + random.between(0, 999);
      if (step < 0) found.back++;
      nowMs += step;
      const cost = random.between(1, 4);
      const startedAt = performance.now();
      const { allowed, deniedBy } = await limiter.acquire({
        account: 'acme',
        api: 'chaos',
        dimensions: { bot: `r${run}` },
        cost,
      });
      found.worstMs = Math.max(found.worstMs, performance.now() - startedAt);
      const expected = log.acquire({ second: Math.floor(nowMs / 1000), cost, ...limits });
      found.calls++;
      if (allowed) found.allowed++;
      if (deniedBy !== expected)
        found.wrong.push(
          `run ${run}, call ${i} at ${new Date(nowMs).toISOString()}: ${deniedBy} instead of ${expected}`,
        );
    }
    found.runs++;
  } finally {
    await limiter.close();
  }
}

/** The rule in a few lines: a list of units by second, which is added up. */
class Log {
  readonly #units: { second: number; cost: number }[] = [];

  /** The window that denies the call; `null` if it is allowed. */
  acquire({
    second,
    cost,
    perMinute,
    perHour,
  }: {
    second: number;
    cost: number;
    perMinute: number;
    perHour: number;
  }): 'minute' | 'hour' | null {
    const now = Math.max(second, this.#units.at(-1)?.second ?? 0);
    const used = (window: number) =>
      this.#units.reduce((sum, unit) => sum + (unit.second >= now - window ? unit.cost : 0), 0);
    if (used(3_600) + cost > perHour) return 'hour';
    if (used(60) + cost > perMinute) return 'minute';
    this.#units.push({ second: now, cost });
    return null;
  }
}
