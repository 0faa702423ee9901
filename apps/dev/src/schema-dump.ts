import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '@rollgate/migrations';
import { startTestServer } from '@rollgate/testing';
import { describeSchema } from './schema/describe-schema.js';

// npm run schema writes migrations/schema.sql, which is never edited by hand: it shows reviewers what the migrations add up to.
// With --check it only compares.

const file = fileURLToPath(new URL('../../../migrations/schema.sql', import.meta.url));

async function generate(): Promise<string> {
  const server = await startTestServer();
  try {
    const client = await connect({ databaseUrl: server.templateUrl });
    try {
      return await describeSchema(client);
    } finally {
      await client.end();
    }
  } finally {
    await server.stop();
  }
}

const generated = await generate();
if (!process.argv.includes('--check')) {
  await writeFile(file, generated);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== generated) {
  console.error('migrations/schema.sql is stale: run "npm run schema" and commit the result');
  process.exitCode = 1;
}
