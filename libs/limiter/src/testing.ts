/** For application tests: a limiter that counts in memory and uses the test's clock. */
import type { Catalogue } from '@rollgate/contract';
import { createLimiter } from './create-limiter.js';
import type { Recorder } from './events/recorder.js';
import type { Limiter } from './limiter.js';
import { MemoryStore } from './store/memory-store.js';

export { MemoryStore } from './store/memory-store.js';
export { CountingStore } from './testing/counting-store.js';
export { ODD_TEXTS, REFUSED_TEXTS, SAME_TEXTS } from './testing/hostile-texts.js';
export { logStatements, type StatementLog } from './testing/statement-log.js';

/**
 * Creates a limiter that counts in memory, by the catalogue's default limits. `clock` returns Unix ms (real time by
 * default). `recorder` records denials (none by default), and is closed with the limiter. The limiter starts no timers.
 */
export function createMemoryLimiter({
  catalogue,
  clock = Date.now,
  recorder,
}: {
  catalogue: Catalogue;
  clock?: () => number;
  recorder?: Recorder;
}): Limiter {
  return createLimiter({ store: new MemoryStore({ clock }), catalogue, now: clock, recorder });
}
