import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

const TRIGGER = `
  CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.subject LIKE '%=poison' THEN RAISE EXCEPTION 'poison' USING ERRCODE = '22003'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER poison BEFORE INSERT ON rollgate.counter FOR EACH ROW EXECUTE FUNCTION public.poison()`;

export const poison: Experiment = {
  name: 'poison',
  what: 'One call in 50 has data that the database rejects, in bursts of 50 calls; only that call may fail',
  seconds: 6,
  async run(setting) {
    const load = { accounts: 40, bots: 20, perSecond: 150, burst: 50, poisonEvery: 50 };
    const world = await openWorld(setting, { prepare: TRIGGER, load, limiter: { budgetMs: 10_000 } });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    const poisoned = calls.filter(({ subject }) => subject.endsWith('=poison'));
    const failed = calls.filter(({ error }) => error !== null);
    return {
      ...outcome,
      faults: {
        'poisoned calls': poisoned.length,
        'calls rejected by the database': failed.filter(({ error }) => error === '22003').length,
      },
      claims: [
        {
          what: 'every poisoned call failed, and no other call did',
          holds: failed.length === poisoned.length && failed.every(({ error }) => error === '22003'),
        },
        {
          what: 'no instance decided without the database',
          holds: calls.every(({ mode }) => !mode?.startsWith('fallback')),
        },
      ],
    };
  },
};
