import type { Engine } from '@rollgate/contract/database-engine';
import type { Check } from './check.js';

/** Whether Rollgate runs on this engine, and what to set there. */
export function checkEngine({ id, name, refusal, advice }: Engine): Check {
  const found = { name: 'engine', detail: name, facts: { engine: id } };
  if (refusal === undefined) return { ...found, status: 'ok', ...(advice.length === 0 ? {} : { advice }) };
  return {
    ...found,
    status: 'error',
    meaning: `Rollgate does not run on it: ${refusal}.`,
    remedy: ['use PostgreSQL 15 or newer, or the coordinator of a Citus cluster'],
  };
}
