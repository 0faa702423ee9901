/** A policy file with 10,000 overrides. */
import { expect, test } from '@jest/globals';
import { usePolicyFileDesk } from './policy-file-desk.js';

const desk = usePolicyFileDesk();
const OVERRIDES = 10_000;

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  process.stderr.write(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  return result;
}

test('is applied, exported and compared as a whole', async () => {
  const head = (await desk.export()).split('overrides:')[0];
  const items = Array.from({ length: OVERRIDES }, (_, i) =>
    [
      `  - account: customer-${i}`,
      '    api: publish-bot',
      `    perMinute: ${300 + (i % 7)}`,
      '    startsAt: 2026-01-01T00:00:00Z',
      '    reason: contract',
    ].join('\n'),
  );
  const text = `${head}overrides:\n${items.join('\n')}\n`;
  const applied = await timed(`apply ${OVERRIDES} overrides`, () => desk.apply(text));
  expect([applied.code, applied.stderr]).toEqual([0, '']);
  expect(applied.stdout).toContain(`Applied: ${OVERRIDES} to add.\n`);
  const exported = await timed('export', () => desk.export());
  expect(exported.match(/ {2}- account:/g)).toHaveLength(OVERRIDES);
  const changed = exported.replace('perMinute: 301', 'perMinute: 400');
  const planned = await timed('plan of one change', () => desk.plan(changed));
  expect(planned).toMatchObject({ code: 2, stdout: expect.stringMatching(/perMinute 301 -> 400\n1 to change\.\n$/) });
  const { rows } = await desk.pool.query('SELECT rows_checked, broken_id FROM rollgate.verify_history()');
  expect(rows[0].broken_id).toBeNull();
}, 300_000);
