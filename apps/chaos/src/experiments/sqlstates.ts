import { type Experiment, errorsIn, isDecidedOrRefused, openWorld, outcomeOf, wait } from './experiment.js';
import { beforeAcquire, RESTORE_ACQUIRE } from './wrapped-acquire.js';

const CODES = ['40P01', '55P03', '57014', '57P01', '53300', '25006', '40001'];
const ONE_IN = 4;

export const sqlstates: Experiment = {
  name: 'sqlstates',
  what: `One statement in ${ONE_IN} fails with one of the SQLSTATEs ${CODES.join(', ')}`,
  seconds: 8,
  async run(setting) {
    const raise = `
      IF random() * ${ONE_IN} < 1 THEN
        RAISE EXCEPTION 'seeded' USING ERRCODE = v_codes[1 + floor(random() * ${CODES.length})];
      END IF;`;
    const prepare = beforeAcquire(raise, `v_codes text[] := '{${CODES.join()}}';`);
    const world = await openWorld(setting, { prepare, limiter: { budgetMs: 500 } });
    await world.fleet.start();
    await wait(setting.seconds);
    // Restore the function, so that pending debits can be sent.
    await world.query(RESTORE_ACQUIRE);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const errors = errorsIn(outcome.history);
    return {
      ...outcome,
      faults: Object.fromEntries(CODES.map((code) => [code, errors[code] ?? 0])),
      claims: [
        { what: 'every call was decided, or refused for now', holds: outcome.history.calls.every(isDecidedOrRefused) },
      ],
    };
  },
};
