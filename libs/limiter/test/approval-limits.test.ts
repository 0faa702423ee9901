/** The approval limit of a role bounds what its members may set, and for how long. */
import { describe, expect, test } from '@jest/globals';
import { ADMIN, CUSTOMER, inHours, SUPPORT, type Who } from './policy-author.js';
import { usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk({ author: SUPPORT });
const refused = (code: string) => expect.objectContaining({ code });

describe('approval limits (publish-bot: 60 a minute by default)', () => {
  test.each<[string, object, Who, string | null]>([
    [
      'support: ten times, thirty days',
      { api: 'publish-bot', per_minute: 600, expires_at: inHours(30 * 24) },
      SUPPORT,
      null,
    ],
    ['support: above ten times', { api: 'publish-bot', per_minute: 601, expires_at: inHours(1) }, SUPPORT, 'RG403'],
    [
      'support: longer than thirty days',
      { api: 'publish-bot', per_minute: 100, expires_at: inHours(30 * 24 + 1) },
      SUPPORT,
      'RG403',
    ],
    ['support: permanent', { api: 'publish-bot', per_minute: 100 }, SUPPORT, 'RG403'],
    [
      'support: block',
      { api: 'publish-bot', per_minute: 0, expires_at: inHours(1), allow_lowering: true },
      SUPPORT,
      null,
    ],
    ['support: shadow', { api: 'publish-bot', mode: 'shadow', expires_at: inHours(1) }, SUPPORT, 'RG403'],
    ['admin: permanent and high', { api: 'publish-bot', per_minute: 1_000_000, per_hour: 1_000_000 }, ADMIN, null],
    ['admin: shadow', { mode: 'shadow' }, ADMIN, null],
    [
      'viewer: nothing',
      { api: 'publish-bot', per_minute: 61, expires_at: inHours(1) },
      { actor: 'staff:v', role: 'viewer' },
      'RG403',
    ],
    ['customer: nothing', { api: 'publish-bot', per_minute: 61, expires_at: inHours(1) }, CUSTOMER, 'RG403'],
    ['unknown API', { api: 'no-such', per_minute: 61, expires_at: inHours(1) }, ADMIN, 'RG404'],
    ['unknown group', { group_id: 'no-such', per_minute: 61 }, ADMIN, 'RG404'],
    ['no limit, no mode', { api: 'publish-bot' }, ADMIN, 'RG422'],
    ['no reason', { api: 'publish-bot', per_minute: 61, reason: '  ' }, ADMIN, 'RG422'],
    [
      'over before it starts',
      { api: 'publish-bot', per_minute: 61, starts_at: inHours(2), expires_at: inHours(1) },
      ADMIN,
      'RG422',
    ],
    ['over already', { api: 'publish-bot', per_minute: 61, expires_at: inHours(-1) }, ADMIN, 'RG422'],
  ])('%s', async (_, spec, by, code) => {
    if (code === null) expect(await desk.create(spec, by)).toMatchObject({ version: 1 });
    else await expect(desk.create(spec, by)).rejects.toEqual(refused(code));
  });

  test('the approval limit of a whole account depends on the lowest default of its APIs', async () => {
    const { rows } = await desk.pool.query<{ least: number }>(
      'SELECT min(shipped_per_minute) AS least FROM rollgate.catalogue',
    );
    const most = (rows[0]?.least ?? 0) * 10;
    await desk.create({ per_minute: most, expires_at: inHours(1) });
    await expect(desk.create({ per_minute: most + 1, expires_at: inHours(1) })).rejects.toEqual(refused('RG403'));
  });
});
