/** Faults of the network between instances and database: silence, delay, resets, and data in small pieces. */
import type { ProxyMode } from '@rollgate/testing';
import { behindProxy } from './behind-proxy.js';
import { type Experiment, isDecidedOrRefused, outcomeOf, type World, wait } from './experiment.js';

/** How much longer than its budget a call may take, because the machine is busy. */
const MARGIN_MS = 2_000;

async function resultOf(world: World, budgetMs: number) {
  await world.fleet.finish();
  const outcome = await outcomeOf(world);
  const { calls } = outcome.history;
  const worst = Math.max(...calls.map(({ startedAt, endedAt }) => endedAt - startedAt));
  const without = calls.filter(({ mode }) => mode?.startsWith('fallback')).length;
  const claims = [
    {
      what: `each call was decided within its budget of ${budgetMs} ms plus ${MARGIN_MS} ms`,
      holds: worst < budgetMs + MARGIN_MS,
    },
    { what: 'every call was decided, or refused for now', holds: calls.every(isDecidedOrRefused) },
  ];
  return { ...outcome, claims, without };
}

export const blackHole: Experiment = {
  name: 'black-hole',
  what: 'Nothing gets through the network for 10 s, but connections stay open',
  seconds: 14,
  async run(setting) {
    const { world, proxy } = await behindProxy(setting, { budgetMs: 300 });
    await world.fleet.start();
    await wait(2);
    proxy.set({ kind: 'black-hole' });
    await wait(Math.min(10, setting.seconds - 3));
    proxy.set({ kind: 'pass' });
    await wait(2);
    const { without, ...outcome } = await resultOf(world, 300);
    return {
      ...outcome,
      faults: { 'bytes held back': proxy.seen.held, 'calls decided without the database': without },
    };
  },
};

export const latency: Experiment = {
  name: 'latency',
  what: 'The network delays data by 20, then 50, 100, 150 and 200 ms in each direction',
  seconds: 7.5,
  async run(setting) {
    const { world, proxy } = await behindProxy(setting, { budgetMs: 1_500 });
    await world.fleet.start();
    for (const ms of [20, 50, 100, 150, 200]) {
      proxy.set({ kind: 'latency', ms });
      await wait(setting.seconds / 5);
    }
    proxy.set({ kind: 'pass' });
    const { without, ...outcome } = await resultOf(world, 1_500);
    return {
      ...outcome,
      faults: { 'bytes delayed': proxy.seen.slowed },
      notes: [`${without} calls decided without the database`],
    };
  },
};

const TURNS: readonly ProxyMode[] = [{ kind: 'reset' }, { kind: 'pass' }, { kind: 'slices' }, { kind: 'pass' }];

export const resets: Experiment = {
  name: 'resets',
  what: 'Connections are reset repeatedly, and in between data arrives in small pieces: several outages in one minute',
  seconds: 10,
  async run(setting) {
    const { world, proxy } = await behindProxy(setting, { budgetMs: 500 });
    await world.fleet.start();
    const until = performance.now() + setting.seconds * 1000;
    for (let i = 0; performance.now() < until; i++) {
      proxy.set(TURNS[i % TURNS.length] as ProxyMode);
      await wait(setting.random.between(400, 1_200) / 1000);
    }
    proxy.set({ kind: 'pass' });
    const { without, ...outcome } = await resultOf(world, 500);
    const faults = {
      'connections reset': proxy.seen.reset,
      'bytes sent in small pieces': proxy.seen.sliced,
      'calls decided without the database': without,
    };
    return { ...outcome, faults };
  },
};
