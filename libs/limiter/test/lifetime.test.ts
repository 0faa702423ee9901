/** A limiter that was never closed does not keep its process alive. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, freePort, spawnNode, TcpProxy, type TestDatabase } from '@rollgate/testing';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function run(
  databaseUrl: string,
  what: string,
): Promise<{ lines: string[]; tookMs: number; code: number | null }> {
  const script = new URL('unclosed.mjs', import.meta.url).pathname;
  const program = await spawnNode({ script, args: [databaseUrl, what], readyLine: /^done$/ });
  const doneAt = performance.now();
  const stuck = setTimeout(() => program.kill('SIGKILL'), 20_000);
  const { code } = await program.exited;
  clearTimeout(stuck);
  return { lines: program.stdout().trim().split('\n'), tookMs: performance.now() - doneAt, code };
}

test.each([
  ['nothing', ['done']],
  ['start', ['done']],
  ['acquire', ['true enforced', 'done']],
  ['look', ['done']],
])(
  'a program that does this with an unclosed limiter ends: %s',
  async (what, lines) => {
    const result = await run(database.url, what);
    expect(result).toMatchObject({ lines, code: 0 });
    expect(result.tookMs).toBeLessThan(3_000);
  },
  60_000,
);

test('a program with an unreachable database also ends', async () => {
  const result = await run(`postgres://user:secret@127.0.0.1:${await freePort()}/name`, 'start');
  expect(result.lines[0]).toMatch(
    /^LimiterStartError: the limiter can not reach the database at .*: connection refused$/,
  );
  expect(result.code).toBe(0);
  expect(result.tookMs).toBeLessThan(3_000);
}, 60_000);

test('a program with an unresponsive database ends after the current connection attempt', async () => {
  const proxy = await TcpProxy.start(database.url);
  proxy.set({ kind: 'black-hole' });
  try {
    const result = await run(proxy.through(database.url), 'start');
    expect(result.lines[0]).toMatch(/it does not answer in time$/);
    expect(result.code).toBe(0);
    expect(result.tookMs).toBeLessThan(8_000);
  } finally {
    await proxy.close();
  }
}, 60_000);
