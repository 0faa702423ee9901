/** How limit requests are filed and reviewed. */
import { describe, expect, test } from '@jest/globals';
import { ADMIN, CUSTOMER, change, inHours, OTHER_SUPPORT, SUPPORT, type Who } from './policy-author.js';
import { usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk({ author: SUPPORT });
const refused = (code: string) => expect.objectContaining({ code });

const ask = (spec: object = {}, by: Who = CUSTOMER) => desk.ask({ per_minute: 120, ...spec }, by);
const decide = (
  id: string,
  by: Who,
  { approve = true, changes = {}, answer = 'ok', version = null as number | null } = {},
) => change(desk, 'decide_request', { by, values: [id, version, approve, changes, answer] });

describe('a limit request', () => {
  test('approval creates the override in the same transaction', async () => {
    const { id } = await ask({ until: inHours(24), ticket: 'T-9' });
    const approved = await decide(id, SUPPORT, { changes: { per_minute: 90 }, answer: 'half of it' });
    expect(approved).toMatchObject({ state: 'approved', version: 2 });
    const { rows } = await desk.pool.query('SELECT * FROM rollgate.override WHERE id = $1', [approved.override_id]);
    expect(rows[0]).toMatchObject({
      account: desk.account,
      api: 'publish-bot',
      per_minute: 90,
      ticket: 'T-9',
      request_id: id,
      created_by: 'staff:ann',
    });
    expect((await desk.history(id)).map(({ action }) => action)).toEqual(['ask', 'approve']);
  });

  test("a request above the reviewer's approval limit stays open, and no override is created", async () => {
    const { id } = await ask({ per_minute: 10_000, per_hour: 10_000, until: inHours(24) });
    await expect(decide(id, SUPPORT)).rejects.toEqual(refused('RG403'));
    const { rows } = await desk.pool.query('SELECT state FROM rollgate.limit_request WHERE id = $1', [id]);
    expect(rows).toEqual([{ state: 'open' }]);
    expect(await decide(id, ADMIN)).toMatchObject({ state: 'approved' });
  });

  test('declining a request needs a reason', async () => {
    const { id } = await ask();
    await expect(decide(id, SUPPORT, { approve: false, answer: ' ' })).rejects.toEqual(refused('RG422'));
    expect(await decide(id, SUPPORT, { approve: false, answer: 'spread the calls' })).toMatchObject({
      state: 'declined',
    });
  });

  test("staff can't review their own requests, whatever their role", async () => {
    const { id } = await ask({ until: inHours(24) }, ADMIN);
    await expect(decide(id, ADMIN)).rejects.toEqual(refused('RG403'));
    await expect(decide(id, ADMIN, { approve: false })).rejects.toEqual(refused('RG403'));
    expect(await decide(id, SUPPORT)).toMatchObject({ state: 'approved' });
  });

  test("when two people review a request at once, one succeeds and the other's error names the first", async () => {
    const { id } = await ask({ until: inHours(24) });
    const both = await Promise.allSettled([decide(id, SUPPORT), decide(id, OTHER_SUPPORT, { approve: false })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'RG409' } });
    const { rows } = await desk.pool.query('SELECT count(*)::int AS n FROM rollgate.override WHERE request_id = $1', [
      id,
    ]);
    expect((rows[0] as { n: number }).n).toBeLessThanOrEqual(1);
  });

  test('a customer can have at most twenty open requests, and one for each denial', async () => {
    await ask({ denial_id: 'd-1' });
    await expect(ask({ denial_id: 'd-1' })).rejects.toEqual(refused('RG409'));
    for (let i = 1; i < 20; i++) await ask();
    await expect(ask()).rejects.toEqual(refused('RG409'));
  });
});
