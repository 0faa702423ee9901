import type { CallRecord } from '../history/record.js';
import { machineMs } from '../history/record.js';
import { type Experiment, LIMITS, openWorld, outcomeOf, wait } from './experiment.js';

const BY = `ROW('staff:chaos', 'admin', NULL, NULL)::rollgate.author`;
const FIRST = 30;
const SECOND = 90;
/** Time until a change applies on every instance that can read it. */
const WITHIN_MS = 2_000;
/** How much longer it may take, because the machine is busy. */
const MARGIN_MS = 1_500;

/** Replaces the function with which instances read the limits in force by one that fails. */
const BREAK_SYNC = `
  ALTER FUNCTION rollgate.sync_instance RENAME TO sync_instance_original;
  CREATE FUNCTION rollgate.sync_instance(p_instance text, p_name text, p_version bigint, p_mode text, p_mode_since timestamptz,
    p_life text, p_counted int, p_reason text, OUT now_ms float8, OUT version bigint)
  LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'seeded' USING ERRCODE = '57014'; END $$`;
const REPAIR_SYNC =
  'DROP FUNCTION rollgate.sync_instance; ALTER FUNCTION rollgate.sync_instance_original RENAME TO sync_instance';

const override = (perMinute: number): string =>
  `SELECT rollgate.create_override(jsonb_build_object('account', 'a0', 'api', 'chaos', 'per_minute', ${perMinute}, 'reason', 'chaos', 'allow_lowering', true), ${BY})`;

export const staleOverride: Experiment = {
  name: 'stale-override',
  what: 'A limit changes while instances cannot read the limits in force; the old limit stays, and then the new one applies within 2 s',
  seconds: 9,
  async run(setting) {
    const world = await openWorld(setting, {
      load: { accounts: 1, bots: 200, perSecond: 100 },
      limiter: { budgetMs: 2_000 },
    });
    await world.fleet.start();
    await world.query(override(FIRST));
    await wait(setting.seconds / 3);
    await world.query(BREAK_SYNC);
    await world.query(override(SECOND));
    const brokenAt = machineMs();
    await wait(setting.seconds / 3);
    const repairedAt = machineMs();
    await world.query(REPAIR_SYNC);
    await wait((WITHIN_MS + MARGIN_MS) / 1000 + 1.5);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const limitsOf = (from: number, to: number) => perMinutes(outcome.history.calls, from, to);
    const broken = limitsOf(brokenAt, repairedAt);
    const repaired = limitsOf(repairedAt + WITHIN_MS + MARGIN_MS, Number.POSITIVE_INFINITY);
    return {
      ...outcome,
      safe: { limits: LIMITS },
      faults: {
        'failed reads of the limits': outcome.history.mishaps.filter(({ what }) => what === '57014').length,
        'calls during the failure': broken.calls,
      },
      claims: [
        {
          what: `only the old limit applies during the failure (found ${broken.limits})`,
          holds: broken.limits === String(FIRST),
        },
        {
          what: `only the new limit applies afterward (found ${repaired.limits})`,
          holds: repaired.limits === String(SECOND),
        },
      ],
    };
  },
};

function perMinutes(calls: readonly CallRecord[], from: number, to: number): { calls: number; limits: string } {
  const found = calls.filter(({ startedAt, endedAt, mode }) => mode === 'enforced' && startedAt > from && endedAt < to);
  return { calls: found.length, limits: [...new Set(found.map(({ perMinute }) => perMinute))].sort().join() };
}
