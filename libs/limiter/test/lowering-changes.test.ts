/** Every way to change limits in force, other than a new override, needs the same confirmation before it lowers one. */
import { describe, expect, test } from '@jest/globals';
import { ADMIN, change, inHours, OTHER_SUPPORT, SUPPORT } from './policy-author.js';
import { API, brief, type ChangedRow, refusal, usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk();

describe('a change', () => {
  test('a change that lowers a limit is rejected, and made when it is confirmed', async () => {
    const { id } = await desk.create({ api: API, per_minute: 300, per_hour: 9_000 });
    expect(brief(await refusal(desk.changeTo(id, { per_minute: 200 })))).toEqual([[API, 'minute', 300, 200, 'lower']]);
    expect(await desk.changeTo(id, { per_minute: 200, allow_lowering: true })).toMatchObject({ per_minute: 200 });
    expect(await desk.changeTo(id, { per_minute: 250 })).toMatchObject({ per_minute: 250, per_hour: 9_000 });
  });

  test('a later start lowers limits until then, and an earlier end lists what it lowers', async () => {
    const { id } = await desk.create({ api: API, per_minute: 300, per_hour: 9_000 });
    expect(brief(await refusal(desk.changeTo(id, { starts_at: inHours(5) })))).toEqual([
      [API, 'minute', 300, 60, 'lower'],
      [API, 'hour', 9_000, 1_800, 'lower'],
    ]);
    await desk.changeTo(id, { expires_at: inHours(1) });
  });
});

describe('ending, restoring, undoing', () => {
  test('ending an override needs no confirmation and records what it lowered', async () => {
    const { id } = await desk.create({ api: API, per_minute: 300, per_hour: 9_000 });
    const preview = await desk.pool.query('SELECT * FROM rollgate.preview_end($1)', [[id, 'ovr_0']]);
    const expected = [
      [API, 'minute', 300, 60, 'lower'],
      [API, 'hour', 9_000, 1_800, 'lower'],
    ];
    expect(preview.rows.map(({ lowered }) => brief(lowered))).toEqual([expected]);
    const ended = await change<ChangedRow>(desk, 'expire_override', { by: SUPPORT, values: [id, null, 'done'] });
    expect(brief(await desk.loweredOnRecord(ended.history_id))).toEqual(expected);
  });

  test('restoring an override that blocks needs the confirmation', async () => {
    const { id } = await desk.create({ api: API, per_minute: 0, per_hour: 0, allow_lowering: true });
    await change(desk, 'expire_override', { by: ADMIN, values: [id, null, 'done'] });
    const restore = (...more: string[]) =>
      desk.pool.query(
        `SELECT (changed).* FROM rollgate.restore_override($1, NULL, NULL, 'again', ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author${more.join('')})`,
        [id],
      );
    expect(brief(await refusal(restore()))).toEqual([
      [API, 'minute', 60, 0, 'blocked'],
      [API, 'hour', 1_800, 0, 'blocked'],
    ]);
    await restore(', true');
  });

  test('undoing a raise of an override needs the confirmation, undoing its creation does not', async () => {
    const made = await desk.create({ api: API, per_minute: 100, per_hour: 2_000 });
    const raised = await desk.changeTo(made.id, { per_minute: 200 });
    const undo = (id: string, allow: boolean) =>
      desk.pool.query(
        `SELECT history_id AS id FROM rollgate.undo($1, 'oops', ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author, $2)`,
        [id, allow],
      );
    expect(brief(await refusal(undo(raised.history_id, false)))).toEqual([[API, 'minute', 200, 100, 'lower']]);
    const undone = await undo(raised.history_id, true);
    const other = await desk.create({ api: 'upload-file', per_minute: 100 });
    await undo(other.history_id, false);
    expect(brief(await desk.loweredOnRecord(undone.rows[0].id))).toEqual([[API, 'minute', 200, 100, 'lower']]);
  });
});

describe('a limit request', () => {
  const approve = (id: string, changes: object = {}) =>
    change<ChangedRow>(desk, 'decide_request', { by: SUPPORT, values: [id, null, true, changes, 'ok'] });

  test('approving a request below an override in force is rejected; limits that it leaves out stay', async () => {
    await desk.create({ api: API, per_minute: 300, per_hour: 9_000 });
    const low = await desk.ask({ per_minute: 100, until: inHours(24) });
    expect(brief(await refusal(approve(low.id)))).toEqual([[API, 'minute', 300, 100, 'lower']]);
    const { rows } = await desk.pool.query('SELECT state FROM rollgate.limit_request WHERE id = $1', [low.id]);
    expect(rows).toEqual([{ state: 'open' }]);
    const high = await desk.ask({ per_minute: 400, until: inHours(24) });
    await approve(high.id);
    expect(await desk.limits()).toEqual([400, 9_000]);
    const { override_id } = await approve(low.id, { allow_lowering: true });
    expect([override_id, await desk.limits()]).toEqual([expect.stringMatching(/^ovr_/), [100, 9_000]]);
  });

  test('a request for a factor creates an override with that factor, unless the approval sets limits instead', async () => {
    const first = await desk.ask({ api: null, factor: 3, until: inHours(24) }, OTHER_SUPPORT);
    await approve(first.id);
    expect(await desk.limits()).toEqual([180, 5_400]);
    const second = await desk.ask({ factor: 8, until: inHours(24) }, OTHER_SUPPORT);
    await approve(second.id, { per_minute: 200 });
    expect(await desk.limits()).toEqual([200, 5_400]);
  });

  test('approving a request whose end has passed needs another end', async () => {
    const { id } = await desk.ask({ per_minute: 100, until: new Date(Date.now() + 600).toISOString() });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await expect(approve(id)).rejects.toMatchObject({ code: 'RG422', message: expect.stringContaining('has passed') });
    await approve(id, { expires_at: inHours(1) });
  });
});

describe('default limits', () => {
  test('lowering default limits needs the confirmation', async () => {
    const edit = (changes: object) =>
      change<ChangedRow>(desk, 'change_catalogue', { by: ADMIN, values: ['find-intent', null, changes, 'x', null] });
    expect(brief(await refusal(edit({ per_minute: 30 })))).toEqual([['find-intent', 'minute', 60, 30, 'lower']]);
    const { history_id } = await edit({ per_minute: 30, allow_lowering: true });
    expect(brief(await desk.loweredOnRecord(history_id))).toEqual([['find-intent', 'minute', 60, 30, 'lower']]);
    await edit({ per_minute: null });
  });
});
