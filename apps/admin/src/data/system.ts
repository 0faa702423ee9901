import { queryOptions } from '@tanstack/react-query';
import { type Answer, api, told } from '../api/client.js';
import { hearClock } from '../lib/clock.js';

export type System = Answer<'getSystem'>;

export async function readSystem(): Promise<System> {
  const system = await told(api.GET('/admin/api/system'));
  hearClock(system.now);
  return system;
}

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: readSystem,
  refetchInterval: 5_000,
  retry: false,
});

/** Instances follow within 2 s; one that has not by then is told as it is. */
const PATIENCE_MS = 15_000;

export interface Reach {
  readonly there: number;
  readonly all: number;
}

/** Looks until every instance has that policy, telling how far it is. Resolves to whether they do. */
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
