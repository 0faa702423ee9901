/** A plain program with a limiter that it never closes. It must end once it has nothing else to do. */
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';

const [, , databaseUrl, what] = process.argv;
const limiter = createPostgresLimiter({ catalogue: sampleCatalogue, databaseUrl, budgetMs: 2_000 });

if (what === 'acquire') {
  const { allowed, mode } = await limiter.acquire({ account: 'acme', api: 'get-bots' });
  console.log(allowed, mode);
} else if (what === 'start') {
  await limiter.start().catch((error) => console.log(`${error.name}: ${error.message}`));
} else if (what === 'look') {
  await limiter.start();
  await limiter.peek({ account: 'acme', api: 'get-bots' });
  await limiter.refreshPolicy();
}
console.log('done');
