/** A few short experiments on a server of their own, and mutants of the product, which the experiments must find. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Experiment, Setting } from '../src/experiments/experiment.js';
import { immediateStops, immediateStopsWith } from '../src/experiments/immediate-stops.js';
import { runExperiment } from '../src/experiments/judge.js';
import { killInstances } from '../src/experiments/kill-instances.js';
import { mixedMergedCalls, mixedMergedCallsWith } from '../src/experiments/mixed-merged-calls.js';
import { resets } from '../src/experiments/networks.js';
import { overload, overloadWith } from '../src/experiments/overload.js';
import { synchronousStandby, synchronousStandbyWith } from '../src/experiments/synchronous-standby.js';
import { Lab } from '../src/lab/lab.js';
import { Random } from '../src/random.js';

const SEED = 7;
let lab: Lab;
let databases = 0;

beforeAll(async () => {
  lab = new Lab();
  await lab.shared();
}, 120_000);
afterAll(() => lab.close(), 120_000);

function settingOf({ name }: Experiment, seconds: number): Setting {
  return { lab, seed: SEED, random: new Random(SEED), seconds, name: `${name}-${++databases}` };
}

describe('the guarantees hold', () => {
  test.each([
    { experiment: overload, seconds: 4 },
    { experiment: mixedMergedCalls, seconds: 4 },
    { experiment: killInstances, seconds: 2 },
    { experiment: immediateStops, seconds: 2 },
    { experiment: synchronousStandby, seconds: 4 },
    { experiment: resets, seconds: 3 },
  ])(
    '$experiment.name',
    async ({ experiment, seconds }) => {
      const { why, calls, lost } = await runExperiment(experiment, settingOf(experiment, seconds));
      expect({ why, lost }).toEqual({ why: '', lost: 0 });
      expect(calls).toBeGreaterThan(100);
    },
    240_000,
  );
});

/** SQL that replaces `from` in a function. It must occur exactly once. */
function mutant(routine: string, from: string, to: string): string {
  return `DO $mutant$
    DECLARE v_sql text := pg_get_functiondef('rollgate.${routine}'::regproc);
    BEGIN
      IF length(replace(v_sql, $a$${from}$a$, '')) <> length(v_sql) - length($a$${from}$a$) THEN
        RAISE EXCEPTION 'the mutant is out of date';
      END IF;
      EXECUTE replace(v_sql, $a$${from}$a$, $a$${to}$a$);
    END $mutant$;`;
}

/** How rollgate.flush writes to the WAL. */
const EMITTED = `pg_logical_emit_message(true, 'rollgate', ''::text)`;

describe('mutants are found', () => {
  test('60 buckets instead of 61, by SAFE', async () => {
    const sixty =
      mutant('window_base', 'units_until(secs, sums, before)', 'units_until(secs, sums, (before + 1)::smallint)') +
      mutant('window_buckets', 'ELSE 61', 'ELSE 60');
    // Random bursts, and a limit that takes half a minute to spend. With an even load, units would come and leave at the same
    // point of a second, and no window would contain too many.
    const experiment = overloadWith({
      prepare: sixty,
      limits: { perMinute: 200, perHour: 3_000 },
      load: { accounts: 4, bots: 1, perSecond: 200, burst: 10 },
    });
    const { why, overLimit } = await runExperiment(experiment, settingOf(experiment, 7));
    expect(why).toMatch(/^SAFE: /);
    expect(overLimit).toBeGreaterThan(0);
  }, 240_000);

  test('allowed calls in the order of the batch with keys in the order of the plan, by the claim of the experiment', async () => {
    const experiment = mixedMergedCallsWith({ prepare: mutant('acquire', 'array_agg(calls)', 'p_calls[:count(*)]') });
    const { why } = await runExperiment(experiment, settingOf(experiment, 6));
    expect(why).toContain('does not hold: no call was decided without the database');
  }, 240_000);

  test('grants that are reported before a flush, by RECON', async () => {
    const experiment = immediateStopsWith({ prepare: mutant('flush', EMITTED, 'NULL::pg_lsn') });
    const { why, lost } = await runExperiment(experiment, settingOf(experiment, 4));
    expect(why).toMatch(/RECON: /);
    expect(lost).toBeGreaterThan(0);
  }, 240_000);

  test('a flush that does not wait for the synchronous standby, by RECON', async () => {
    const local = `CASE WHEN set_config('synchronous_commit', 'local', true) <> '' THEN ${EMITTED} END`;
    const experiment = synchronousStandbyWith({ prepare: mutant('flush', EMITTED, local) });
    const { why, lost } = await runExperiment(experiment, settingOf(experiment, 4));
    expect(why).toMatch(/RECON: /);
    expect(lost).toBeGreaterThan(0);
  }, 240_000);

  test('a store that sometimes drops acknowledged units, by RECON', async () => {
    const dropping = `
      CREATE FUNCTION public.drop_some() RETURNS trigger LANGUAGE plpgsql AS $drop$
      BEGIN IF OLD.total % 7 = 3 THEN RETURN OLD; END IF; RETURN NEW; END $drop$;
      CREATE TRIGGER drop_some BEFORE UPDATE ON rollgate.counter FOR EACH ROW EXECUTE FUNCTION public.drop_some()`;
    const experiment = overloadWith({ prepare: dropping });
    const { why, lost } = await runExperiment(experiment, settingOf(experiment, 3));
    expect(why).toMatch(/RECON: /);
    expect(lost).toBeGreaterThan(0);
  }, 240_000);
});
