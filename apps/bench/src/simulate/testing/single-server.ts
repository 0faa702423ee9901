import type { Deployment } from '../simulation.js';

/** One stripe that sends one call at a time, and needs 1 ms of the database for each: a queue with a single server. */
export const QUEUE: Deployment = {
  instances: 1,
  stripes: 1,
  batchesInFlight: 1,
  maxItems: 1,
  roundTripMs: 0,
  flushMs: 0,
  commitDelayMs: 0,
  release: 'flush',
  cores: 1,
  sharedCores: false,
  subjects: 1_000_000,
  accounts: 1_000_000,
  costs: { batchMs: 0, rowMs: 1, callMs: 0, flushMs: 0, crowdedMs: 0, pauseMs: 0 },
};
