import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, sqlFolder } from '@rollgate/migrations';
import { startTestServer, withDatabase } from '@rollgate/testing';
import type pg from 'pg';
import { describeSchema } from './schema/describe-schema.js';
import type { Domain } from './schema/domains.js';

// Program: generates migrations/schema/*.sql, which show the schema that all migrations create. With --check it writes nothing and
// fails if a file is out of date, or if executing the files in an empty database creates another schema.

type Files = ReadonlyMap<Domain, string>;

const folder = join(sqlFolder, 'schema');
const server = await startTestServer();
try {
  const generated = await withClient(server.templateUrl, describeSchema);
  if (!process.argv.includes('--check')) await write(generated);
  else process.exitCode = (await check(generated, server.url)) ? 0 : 1;
} finally {
  await server.stop();
}

async function write(files: Files): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [domain, text] of files) await writeFile(join(folder, `${domain}.sql`), text);
}

async function check(files: Files, serverUrl: string): Promise<boolean> {
  for (const [domain, text] of files) {
    if ((await readFile(join(folder, `${domain}.sql`), 'utf8').catch(() => '')) === text) continue;
    console.error(`migrations/schema/${domain}.sql is out of date: run "npm run schema" and commit the result`);
    return false;
  }
  await withClient(serverUrl, (client) => client.query('CREATE DATABASE from_schema_files'));
  const executed = await withClient(withDatabase(serverUrl, 'from_schema_files'), async (client) => {
    for (const text of files.values()) await client.query(text);
    return describeSchema(client);
  });
  const different = [...files].filter(([domain, text]) => executed.get(domain) !== text).map(([domain]) => domain);
  if (different.length > 0)
    console.error(`the files of migrations/schema create another schema in: ${different.join(', ')}`);
  return different.length === 0;
}

async function withClient<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect({ databaseUrl });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
