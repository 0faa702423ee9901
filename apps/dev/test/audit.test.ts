/** The audit of the packages that production runs, with a fake npm. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnNode } from '@rollgate/testing';

const script = fileURLToPath(new URL('../bin/audit.mjs', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollgate-audit-'));
});
afterAll(() => rm(folder, { recursive: true }));

const advisory = (severity: string) => ({
  severity,
  title: 'it opens',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
});
const report = (severity: string) => ({
  vulnerabilities: {
    door: { name: 'door', via: [advisory(severity)] },
    house: { name: 'house', via: ['door'] },
  },
});

test.each<[what: string, report: string, code: number, output: RegExp]>([
  ['nothing is known', '{"vulnerabilities":{}}', 0, /no high or critical vulnerability is open/],
  ['a moderate one', JSON.stringify(report('moderate')), 0, /no high or critical vulnerability is open/],
  ['a high one', JSON.stringify(report('high')), 1, /door: it opens \(GHSA-aaaa-bbbb-cccc\)\n$/],
  ['a critical one', JSON.stringify(report('critical')), 1, /door: it opens/],
  ['a registry that refuses', '{"message":"405 …","statusCode":405}', 0, /skipped, .*HTTP 405/],
  ['no answer', '', 0, /skipped/],
])('%s', async (_, text, code, output) => {
  await writeFile(join(folder, 'report'), text);
  await writeFile(join(folder, 'npm'), `#!/bin/sh\ncat '${join(folder, 'report')}'\n`);
  await chmod(join(folder, 'npm'), 0o755);
  const program = await spawnNode({ script, env: { PATH: `${folder}${delimiter}${process.env['PATH']}` } });
  expect((await program.exited).code).toBe(code);
  expect(program.stdout() + program.stderr()).toMatch(output);
});
