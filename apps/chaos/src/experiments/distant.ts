import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

/** The round trip of each instance, in ms. Each direction takes half of it. */
const ROUND_TRIPS_MS = [10, 50, 100];
/** Longer than a pool usually keeps a connection that is not used. */
const REST_MS = 12_000;

export const distant: Experiment = {
  name: 'distant',
  what: `the database is ${ROUND_TRIPS_MS.join(', ')} ms away from its instances: cold, and after ${REST_MS / 1000} s without a call`,
  seconds: 30,
  async run(setting) {
    const { url } = await setting.lab.shared();
    const proxies = await Promise.all(ROUND_TRIPS_MS.map(() => setting.lab.proxy(url)));
    for (const [i, { proxy }] of proxies.entries())
      proxy.set({ kind: 'latency', ms: (ROUND_TRIPS_MS[i] as number) / 2 });
    const world = await openWorld(setting, {
      urlOf: (direct, i) => Object.assign(new URL(direct), { port: new URL(proxies[i]?.url as string).port }).href,
      cold: true,
      // Distance is the question here, not the disk or the processor that instances, load and database share: commits do not wait
      // for the disk, the load is light, and the budget is more than the default.
      prepare: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`,
      limiter: { budgetMs: 400 },
      load: { perSecond: 30, rests: { afterMs: 1_500, forMs: REST_MS } },
    });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    const without = calls.filter(({ mode }) => mode?.startsWith('fallback'));
    return {
      ...outcome,
      faults: {
        'bytes slowed': proxies.reduce((sum, { proxy }) => sum + proxy.seen.slowed, 0),
        'rests of 10 s or more': restsIn(calls.map(({ instance, askedAt }) => ({ instance, askedAt }))),
      },
      claims: [
        { what: 'every call is decided by the database', holds: without.length === 0 },
        { what: 'no call fails', holds: calls.every(({ error }) => error === null) },
      ],
      notes: without.slice(0, 3).map(({ instance, askedAt, endedAt }) => {
        const afterS = (askedAt - Math.min(...calls.map((call) => call.askedAt))) / 1000;
        return `${instance} decided without it ${afterS.toFixed(1)} s after the start, within ${Math.round(endedAt - askedAt)} ms`;
      }),
    };
  },
};

function restsIn(calls: readonly { readonly instance: string; readonly askedAt: number }[]): number {
  const last = new Map<string, number>();
  let rests = 0;
  for (const { instance, askedAt } of calls.toSorted((a, b) => a.askedAt - b.askedAt)) {
    if (askedAt - (last.get(instance) ?? askedAt) >= 10_000) rests++;
    last.set(instance, askedAt);
  }
  return rests;
}
