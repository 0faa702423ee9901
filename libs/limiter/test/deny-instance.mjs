/**
 * One instance under attack: it spends a limit of one unit on several bots, is denied repeatedly, prints the number of
 * denials, and stops.
 */

import { parseArgs } from 'node:util';
import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter } from '@rollgate/limiter';

const { values } = parseArgs({ options: { database: { type: 'string' }, denials: { type: 'string' } } });
const limiter = createPostgresLimiter({
  databaseUrl: values.database,
  catalogue: new Catalogue([
    { id: 'g', title: 'G', level: ['bot'], limits: { perMinute: 1, perHour: 1 }, apis: [{ id: 'a', title: 'A' }] },
  ]),
  janitor: false,
  budgetMs: 20_000,
});
const requests = Array.from({ length: 10 }, (_, i) => ({ account: 'acme', api: 'a', dimensions: { bot: `b-${i}` } }));
await limiter.peek(requests[0]);
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));

let denied = 0;
const startedAt = performance.now();
while (denied < Number(values.denials)) {
  const wave = Math.min(1000, Number(values.denials) - denied);
  const decisions = await Promise.all(Array.from({ length: wave }, (_, i) => limiter.acquire(requests[i % 10])));
  for (const { allowed } of decisions) if (!allowed) denied++;
  // Yield, so that timers run as they do in a service.
  await new Promise(setImmediate);
}
const seconds = (performance.now() - startedAt) / 1000;
await limiter.close();
console.log(JSON.stringify({ denied, perSecond: Math.round(denied / seconds) }));
process.exit(0);
