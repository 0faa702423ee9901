/**
 * One instance under load: it calls for one subject repeatedly, across an edge of its clock, and prints how much it was
 * granted. Its clock advances with each wave of calls, so the test waits for no edge and misses none on a slow machine.
 */

import { parseArgs } from 'node:util';
import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter } from '@rollgate/limiter';

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    'edge-ms': { type: 'string' },
    calls: { type: 'string' },
    limit: { type: 'string' },
  },
});
const limit = Number(values.limit);
const waves = 20;
const waveMs = 100;
let nowMs = Number(values['edge-ms']) - (waves / 2) * waveMs;
const limiter = createPostgresLimiter({
  databaseUrl: values.database,
  catalogue: new Catalogue([
    {
      id: 'g',
      title: 'G',
      level: ['bot'],
      limits: { perMinute: limit, perHour: limit * 100 },
      apis: [{ id: 'a', title: 'A' }],
    },
  ]),
  clock: () => nowMs,
  // Keep the denial memory small, so that the database answers every call.
  maxDeniedSubjects: 1,
  janitor: false,
  budgetMs: 20_000,
});
await limiter.peek({ account: 'acme', api: 'a', dimensions: { bot: 'b' } });
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));

const seconds = new Set();
let granted = 0;
for (let i = 0; i < waves; i++) {
  const calls = Array.from({ length: Number(values.calls) / waves }, () =>
    limiter.acquire({ account: 'acme', api: 'a', dimensions: { bot: 'b' } }),
  );
  for (const { allowed, decidedAtMs } of await Promise.all(calls)) {
    if (allowed) granted++;
    seconds.add(Math.floor(decidedAtMs / 1000));
  }
  nowMs += waveMs;
}
console.log(JSON.stringify({ granted, minutes: [...new Set([...seconds].map((s) => Math.floor(s / 60)))] }));
await limiter.close();
process.exit(0);
