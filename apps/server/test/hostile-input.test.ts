/**
 * The service's APIs under invalid input: a clear refusal with no query except the one for the caller, while a valid call
 * sent at the same time counts once.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logStatements, ODD_TEXTS, SAME_TEXTS, type StatementLog } from '@rollgate/limiter/testing';
import { runCli } from '../src/cli/run-cli.js';
import { type Desk, inHours, openDesk } from './admin-traffic.js';
import { admin, caller, decide, decisions, GOOD, look, type Sent } from './hostile-cases.js';

let desk: Desk;
let log: StatementLog;
beforeAll(async () => {
  log = logStatements();
  desk = await openDesk();
  const made = await desk.admin.post('/admin/api/tokens', { name: 'asker', permissions: ['decisions.write'] });
  caller.token = String(made.body['secret']);
  caller.cookie = [...desk.admin.cookies].map((pair) => pair.join('=')).join('; ');
});
afterAll(async () => {
  log.stop();
  await desk?.close();
});

/** Queries for the caller, and those that an instance makes in the background in any case. */
const EXPECTED =
  /rollgate\.(service_token|staff_session|sync_instance|freed_since|write_events|register_catalogue|report_use|maintain_events|roll_up_step|sweep|note_sign_in)\b/;
const asked = (since: number) => log.statements.slice(since).filter((text) => !EXPECTED.test(text));

interface Told {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Does not use fetch, which corrects paths before it sends them. */
function send({ method = 'POST', path = '/api/decisions', headers = {}, body }: Sent): Promise<Told> {
  const { hostname, port } = new URL(desk.service.server.url);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: String(response.headers['content-type'] ?? ''), text }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

test.each([
  ['decision API', decisions],
  ['admin API', admin],
])(
  '%s: each is refused with no query except the one for the caller, and a simultaneous valid call counts once',
  async (_, table) => {
    const before = (await desk.limiter.peek(GOOD)).windows.minute.used;
    const cases = table();
    expect(cases.length).toBeGreaterThan(40);
    let good = 0;
    for (const [what, status, sent] of cases) {
      const since = log.statements.length;
      const answer = await send(sent);
      expect([what, answer.status, answer.text.slice(0, 200)]).toEqual([what, status, expect.any(String)]);
      expect([what, answer.type]).toEqual([what, 'application/problem+json; charset=utf-8']);
      const { message } = JSON.parse(answer.text) as { message: string };
      expect([what, message]).toEqual([what, expect.stringMatching(/\S/)]);
      expect([what, message.length < 1_000]).toEqual([what, true]);
      expect([what, asked(since)]).toEqual([what, []]);
      // As many calls as the minute limit allows.
      if (before + good < 50) {
        expect([what, JSON.parse((await send(decide(GOOD))).text)]).toEqual([
          what,
          expect.objectContaining({ allowed: true }),
        ]);
        good += 1;
      }
    }
    expect((await desk.limiter.peek(GOOD)).windows.minute.used).toBe(before + good);
    await desk.limiter.reset(GOOD);
    const { rows } = await desk.database.pool.query(`SELECT 1 FROM rollgate.override WHERE account = 'bad-co'`);
    expect(rows).toEqual([]);
  },
  60_000,
);

test('the statement log records the queries of valid calls', async () => {
  const since = log.statements.length;
  await send(decide({ ...GOOD, dimensions: { bot: 'seen' } }));
  expect(asked(since).some((text) => /rollgate\.acquire/.test(text))).toBe(true);
  await send(look('overrides'));
  expect(asked(since).some((text) => /rollgate\.override/.test(text))).toBe(true);
});

test.each<[string, number, () => Promise<{ status: number; body: unknown }>]>([
  [
    'an end in the past',
    422,
    () =>
      desk.admin.post('/admin/api/overrides', { account: 'bad-co', perMinute: 1, reason: 'r', expiresAt: inHours(-1) }),
  ],
  ['an unknown override', 404, () => desk.admin.get('/admin/api/overrides/ovr_999999')],
  [
    'a person without the permission',
    403,
    () => desk.viewer.post('/admin/api/overrides', { account: 'bad-co', perMinute: 1, reason: 'r' }),
  ],
])('input that only the database can check is refused with a message: %s', async (_, status, ask) => {
  const answer = await ask();
  expect([answer.status, answer.body]).toEqual([
    status,
    expect.objectContaining({ message: expect.stringMatching(/\S/) }),
  ]);
});

test('different spellings of one account are one account, and unusual names are valid', async () => {
  for (const [, one, other] of SAME_TEXTS) {
    const used = async (account: string) =>
      (
        JSON.parse((await send(decide({ account, api: 'get-roles' }))).text) as {
          windows: { minute: { used: number } };
        }
      ).windows.minute.used;
    expect([await used(one), await used(other)]).toEqual([1, 2]);
  }
  for (const account of ODD_TEXTS) {
    const spec = { account, api: 'publish-bot', perMinute: 70, reason: account, expiresAt: inHours(1) };
    const made = await desk.admin.post('/admin/api/overrides', spec);
    expect([account, made.status]).toEqual([account, 201]);
    const seen = await desk.viewer.get(`/admin/api/overrides?${new URLSearchParams({ account })}`);
    expect(seen.body['items']).toMatchObject([{ account: account.trim(), perMinute: 70 }]);
  }
  const csv = await desk.auditor.get('/admin/api/overrides?format=csv&limit=500');
  expect(csv.text).toContain(`,'=1+1,`);
  expect(csv.text).not.toMatch(/(^|,)"?[=+@\t]/m);
});

test.each<[string, readonly string[], 1 | 2]>([
  ['a limit of −1', ['override', 'set', 'a', '--per-minute', '-1', '--reason', 'r'], 2],
  ['a limit of 10^12', ['override', 'set', 'a', '--per-minute', '1000000000000', '--reason', 'r'], 2],
  ['a limit just above the cap', ['override', 'set', 'a', '--per-minute', '1000000001', '--reason', 'r'], 1],
  ['a limit of 1.5', ['override', 'set', 'a', '--per-minute', '1.5', '--reason', 'r'], 2],
  ['a limit of NaN', ['override', 'set', 'a', '--per-minute', 'NaN', '--reason', 'r'], 2],
  ['a blank reason', ['override', 'set', 'a', '--per-minute', '1', '--reason', ' '], 1],
  ['no reason', ['override', 'set', 'a', '--per-minute', '1'], 2],
  ['a blank account', ['override', 'set', ' ', '--per-minute', '1', '--reason', 'r'], 1],
  ['an account of 10 kB', ['override', 'set', 'a'.repeat(10_240), '--per-minute', '1', '--reason', 'r'], 1],
  ['a lone surrogate', ['override', 'set', '\ud800', '--per-minute', '1', '--reason', 'r'], 1],
  ['NUL', ['override', 'set', 'a\0', '--per-minute', '1', '--reason', 'r'], 1],
  [
    'an invalid subject',
    ['override', 'set', 'a', '--api', 'publish-bot', '--subject', 'b', '--per-minute', '1', '--reason', 'r'],
    2,
  ],
  ['an invalid expiry', ['override', 'set', 'a', '--per-minute', '1', '--expires', '1 year', '--reason', 'r'], 2],
  ['a page of SQL', ['override', 'list', '--limit', '1; DROP TABLE x'], 1],
  ['a login of SQL', ['staff', 'add', "a'; --", '--role', 'admin'], 2],
  ['an unknown role', ['staff', 'add', 'a@example.com', '--role', 'root'], 2],
])('the command line refuses %s in one line, without querying the database', async (_, args, code) => {
  const told = { out: '', err: '' };
  const since = log.statements.length;
  const environment = { DATABASE_URL: desk.database.url };
  const exit = await runCli({
    args,
    environment,
    out(text) {
      told.out += text;
    },
    err(text) {
      told.err += text;
    },
  });
  expect([exit, told.out, told.err]).toEqual([code, '', expect.stringMatching(/^rollgate: [^\n]+\n$/)]);
  expect(asked(since)).toEqual([]);
});
