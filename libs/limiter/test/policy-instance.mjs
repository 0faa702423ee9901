/**
 * One instance with a limiter, as in an application. It answers each line (a number and a bot's name) with its
 * decision.
 */

import { createInterface } from 'node:readline';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';

const limiter = createPostgresLimiter({
  catalogue: sampleCatalogue,
  databaseUrl: process.argv[2],
  janitor: false,
  budgetMs: 20_000,
});
await limiter.refreshPolicy();
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [n, bot] = line.split(' ');
  const { allowed, source, mode, windows } = await limiter.acquire({
    account: 'acme',
    api: 'publish-bot',
    dimensions: { bot },
  });
  console.log(JSON.stringify({ n: Number(n), allowed, source, mode, limit: windows.minute.limit, at: Date.now() }));
}
await limiter.close();
process.exit(0);
