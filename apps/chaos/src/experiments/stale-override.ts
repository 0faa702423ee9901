import type { CallRecord } from '../history/record.js';
import { machineMs } from '../history/record.js';
import { type Experiment, LIMITS, openWorld, outcomeOf, wait } from './experiment.js';

const BY = `ROW('staff:chaos', 'admin', NULL, NULL)::rollgate.author`;
const FIRST = 30;
const SECOND = 90;
/** In force on every instance, after a change that all of them can hear of. */
const WITHIN_MS = 2_000;
/** What a busy machine may add. */
const MARGIN_MS = 1_500;

/** While it is there instances can't ask what is in force. */
const DEAFEN = `
  ALTER FUNCTION rollgate.sync_instance RENAME TO sync_instance_in_truth;
  CREATE FUNCTION rollgate.sync_instance(p_instance text, p_name text, p_version bigint, p_mode text, p_mode_since timestamptz,
    p_life text, p_counted int, p_reason text, OUT now_ms float8, OUT version bigint)
  LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'seeded' USING ERRCODE = '57014'; END $$`;
const HEAR =
  'DROP FUNCTION rollgate.sync_instance; ALTER FUNCTION rollgate.sync_instance_in_truth RENAME TO sync_instance';

const override = (perMinute: number): string =>
  `SELECT rollgate.create_override(jsonb_build_object('account', 'a0', 'api', 'chaos', 'per_minute', ${perMinute}, 'reason', 'chaos', 'allow_lowering', true), ${BY})`;

export const staleOverride: Experiment = {
  name: 'stale-override',
  what: 'a limit changes while instances can not ask what is in force: the old one stays, then the new one holds within 2 s',
  seconds: 9,
  async run(setting) {
    const world = await openWorld(setting, {
      load: { accounts: 1, bots: 200, perSecond: 100 },
      limiter: { budgetMs: 2_000 },
    });
    await world.fleet.start();
    await world.query(override(FIRST));
    await wait(setting.seconds / 3);
    await world.query(DEAFEN);
    await world.query(override(SECOND));
    const deafAt = machineMs();
    await wait(setting.seconds / 3);
    const healedAt = machineMs();
    await world.query(HEAR);
    await wait((WITHIN_MS + MARGIN_MS) / 1000 + 1.5);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const limitsOf = (from: number, to: number) => perMinutes(outcome.history.calls, from, to);
    const deaf = limitsOf(deafAt, healedAt);
    const healed = limitsOf(healedAt + WITHIN_MS + MARGIN_MS, Number.POSITIVE_INFINITY);
    return {
      ...outcome,
      safe: { limits: LIMITS },
      faults: {
        'looks that failed': outcome.history.mishaps.filter(({ what }) => what === '57014').length,
        'calls meanwhile': deaf.calls,
      },
      claims: [
        {
          what: `the old limit, never another, while instances are deaf (found ${deaf.limits})`,
          holds: deaf.limits === String(FIRST),
        },
        { what: `the new limit afterwards (found ${healed.limits})`, holds: healed.limits === String(SECOND) },
      ],
    };
  },
};

function perMinutes(calls: readonly CallRecord[], from: number, to: number): { calls: number; limits: string } {
  const found = calls.filter(({ askedAt, endedAt, mode }) => mode === 'enforced' && askedAt > from && endedAt < to);
  return { calls: found.length, limits: [...new Set(found.map(({ perMinute }) => perMinute))].sort().join() };
}
