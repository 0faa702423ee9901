/**
 * One node of a load: asks for one subject, over and over, across an edge of its clock, and tells what it was granted.
 * Its clock is the real one, moved by --shift-ms, so that a minute edge need not be waited for.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter } from '@rollgate/limiter';

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    'shift-ms': { type: 'string' },
    calls: { type: 'string' },
    limit: { type: 'string' },
    'over-ms': { type: 'string' },
  },
});
const limit = Number(values.limit);
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
  clock: () => Date.now() + Number(values['shift-ms']),
  // So that every call is the database's answer.
  maxDeniedSubjects: 1,
  janitor: false,
});
await limiter.peek({ account: 'acme', api: 'a', dimensions: { bot: 'b' } });
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));

const waves = 20;
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
  await wait(Number(values['over-ms']) / waves);
}
console.log(JSON.stringify({ granted, minutes: [...new Set([...seconds].map((s) => Math.floor(s / 60)))] }));
await limiter.close();
process.exit(0);
