import { queryOptions } from '@tanstack/react-query';
import { type Answer, api, unwrap } from '../api/client.js';
import { syncClock } from '../lib/clock.js';

export type System = Answer<'getSystem'>;

async function readSystem(): Promise<System> {
  const system = await unwrap(api.GET('/admin/api/system'));
  syncClock(system.now);
  return system;
}

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: readSystem,
  refetchInterval: 5_000,
  retry: false,
});

/** Instances load a change within 2 s. After this time the screen reports how many have not. */
const PATIENCE_MS = 15_000;

export interface Reach {
  readonly there: number;
  readonly all: number;
}

/** Polls until every instance has loaded that policy version, and reports progress. Resolves to whether all have. */
export async function untilInForce(policyVersion: number, progress: (reach: Reach) => void): Promise<boolean> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { instances } = await readSystem();
    const there = instances.filter((instance) => instance.policyVersion >= policyVersion).length;
    progress({ there, all: instances.length });
    if (there === instances.length) return true;
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}
