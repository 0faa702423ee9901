/** The SQL rules for changing overrides: versions, expiry, undo, and what the history shows of them. */
import { describe, expect, test } from '@jest/globals';
import { ADMIN, type Changed, change, inHours, OTHER_SUPPORT, SUPPORT, type Who } from './policy-author.js';
import { usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk({ author: SUPPORT });
const refused = (code: string) => expect.objectContaining({ code });

describe('an override', () => {
  test('an override can be changed only at its current version', async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const to = (version: number, per_minute: number) =>
      change(desk, 'change_override', { by: SUPPORT, values: [id, version, { per_minute }, 'more'] });
    expect(await to(1, 120)).toMatchObject({ version: 2, per_minute: 120 });
    await expect(to(1, 130)).rejects.toEqual(refused('RG412'));
    await expect(change(desk, 'change_override', { by: SUPPORT, values: ['ovr_0', 1, {}, 'x'] })).rejects.toEqual(
      refused('RG404'),
    );
  });

  test('when two people change an override at once, one succeeds', async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const both = await Promise.allSettled(
      [110, 120].map((per_minute) =>
        change(desk, 'change_override', { by: SUPPORT, values: [id, 1, { per_minute }, 'more'] }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'RG412' } });
  });

  test("the fields that identify an override can't change", async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const trying = change(desk, 'change_override', {
      by: SUPPORT,
      values: [id, 1, { account: 'other', api: 'x', created_by: 'me', per_minute: 90 }, 'try'],
    });
    await expect(trying).rejects.toMatchObject({
      code: 'RG422',
      message:
        'Unknown field: account, api, created_by. Possible fields: per_minute, per_hour, factor, extra_minute, extra_hour, mode, starts_at, expires_at, ticket, allow_lowering.',
    });
    const { rows } = await desk.pool.query('SELECT account, api, created_by FROM rollgate.override WHERE id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ account: desk.account, api: 'publish-bot', created_by: SUPPORT.actor }]);
  });

  test('an override expires and is restored, and its history shows both', async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const expire = (version: number) => change(desk, 'expire_override', { by: SUPPORT, values: [id, version, 'done'] });
    const expired = await expire(1);
    expect(expired.expires_at?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    await expect(expire(2)).rejects.toEqual(refused('RG409'));
    await expect(
      change(desk, 'change_override', { by: SUPPORT, values: [id, 2, { per_minute: 90 }, 'x'] }),
    ).rejects.toEqual(refused('RG409'));
    await change(desk, 'restore_override', { by: SUPPORT, values: [id, 2, inHours(2), 'again'] });
    await expect(
      change(desk, 'restore_override', { by: SUPPORT, values: [id, 3, inHours(2), 'again'] }),
    ).rejects.toEqual(refused('RG409'));
    expect((await desk.history(id)).map(({ action, reason }) => [action, reason])).toEqual([
      ['create', 'because'],
      ['expire', 'done'],
      ['restore', 'again'],
    ]);
  });

  test('the history shows each change with its author, address, old and new values', async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1), ticket: 'T-1' });
    await change(desk, 'change_override', {
      by: OTHER_SUPPORT,
      values: [id, 1, { per_minute: 150 }, 'still too low'],
    });
    expect(await desk.history(id)).toMatchObject([
      { action: 'create', actor: 'staff:ann', before: null, after: { perMinute: 100, ticket: 'T-1', version: 1 } },
      {
        action: 'change',
        actor: 'staff:bob',
        role: 'support',
        address: '10.0.0.7',
        request_id: 'req-1',
        before: { perMinute: 100 },
        after: { perMinute: 150, version: 2 },
        reason: 'still too low',
      },
    ]);
  });
});

describe('undo', () => {
  const undo = async (target: string, by: Who = SUPPORT) => {
    const last = (await desk.history(target)).at(-1);
    const { rows } = await desk.pool.query(
      `SELECT history_id AS undo FROM rollgate.undo($1, 'a mistake', ROW($2, $3, NULL, NULL)::rollgate.author, true)`,
      [last?.id, by.actor, by.role],
    );
    return rows[0] as { undo: string };
  };
  const row = async (id: string) =>
    (
      await desk.pool.query<Changed>(
        'SELECT *, expires_at <= clock_timestamp() AS over FROM rollgate.override WHERE id = $1',
        [id],
      )
    ).rows[0];

  test('undoing the creation of an override ends it', async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    await undo(id);
    expect(await row(id)).toMatchObject({ over: true });
  });

  test('undoing a change restores the old values, and undoing that restores the change', async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, per_hour: 5000, expires_at: inHours(1) });
    await change(desk, 'change_override', {
      by: SUPPORT,
      values: [id, 1, { per_minute: 200, per_hour: null, allow_lowering: true }, 'more'],
    });
    await undo(id);
    expect(await row(id)).toMatchObject({ per_minute: 100, per_hour: 5000, version: 3 });
    await undo(id);
    expect(await row(id)).toMatchObject({ per_minute: 200, per_hour: null, version: 4 });
    expect((await desk.history(id)).map(({ action }) => action)).toEqual(['create', 'change', 'undo', 'undo']);
  });

  test('undoing an outdated change is rejected, and so is restoring a value above the approval limit', async () => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const first = (await desk.history(id))[0];
    await change(desk, 'change_override', { by: SUPPORT, values: [id, 1, { per_minute: 200 }, 'more'] });
    await expect(change(desk, 'undo', { by: SUPPORT, values: [first?.id, 'x'] })).rejects.toEqual(refused('RG409'));
    const high = await desk.create({ api: 'publish-bot', per_minute: 100_000, per_hour: 100_000 }, ADMIN);
    await change(desk, 'change_override', {
      by: ADMIN,
      values: [high.id, 1, { per_minute: 100, expires_at: inHours(1), allow_lowering: true }, 'down'],
    });
    await expect(undo(high.id)).rejects.toEqual(refused('RG403'));
    await undo(high.id, ADMIN);
  });

  test('a change of a default limit can be undone', async () => {
    const edit = (values: unknown[], by = ADMIN) => change(desk, 'change_catalogue', { by, values });
    await expect(edit(['publish-bot', 1, { per_minute: 70 }, 'x', null], SUPPORT)).rejects.toEqual(refused('RG403'));
    await edit(['publish-bot', 1, { per_minute: 70 }, 'load test', null]);
    await expect(edit(['publish-bot', 1, { per_minute: 80 }, 'x', null])).rejects.toEqual(refused('RG412'));
    await undo('publish-bot', ADMIN);
    const { rows } = await desk.pool.query(
      `SELECT per_minute, version FROM rollgate.catalogue WHERE api = 'publish-bot'`,
    );
    expect(rows).toEqual([{ per_minute: null, version: 3 }]);
    expect((await desk.history('publish-bot')).at(-1)).toMatchObject({
      action: 'undo',
      before: { perMinute: 70 },
      after: { perMinute: null },
    });
  });
});
