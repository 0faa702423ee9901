/**
 * One instance whose own clock can stop, like that of a suspended virtual machine. The line `suspend <ms>` simulates
 * that it stopped for that long. Any other line prints its limit and state as JSON.
 */

import { createInterface } from 'node:readline';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';

const now = performance.now.bind(performance);
let stoodStillMs = 0;
performance.now = () => now() - stoodStillMs;

const limiter = createPostgresLimiter({
  catalogue: sampleCatalogue,
  databaseUrl: process.argv[2],
  janitor: false,
  budgetMs: 20_000,
  pollEveryMs: 100,
});
await limiter.refreshPolicy();
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ');
  if (command === 'suspend') stoodStillMs += Number(argument);
  else {
    const { limits } = await limiter.limitsOf({ account: 'acme', api: 'publish-bot', dimensions: { bot: 'b' } });
    console.log(JSON.stringify({ n: Number(argument), perMinute: limits.perMinute, mode: limiter.state().mode }));
  }
}
await limiter.close();
process.exit(0);
