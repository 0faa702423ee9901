// Generates src/api/schema.d.ts from src/api/openapi.json; with --check it only compares.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const folder = join(import.meta.dirname, '..');
const openapi = createRequire(join(folder, 'package.json')).resolve('openapi-typescript');
const program = join(dirname(openapi), '..', 'bin', 'cli.js');
const check = process.argv.includes('--check');
const args = ['src/api/openapi.json', '-o', 'src/api/schema.d.ts', ...(check ? ['--check'] : [])];
const done = spawnSync(process.execPath, [program, ...args], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
});
if (done.status !== 0) {
  console.error(check ? 'apps/admin/src/api/schema.d.ts is stale: run "npm run openapi"' : done.stdout);
  process.exitCode = 1;
}
