/** For application tests: a limiter that counts in memory and uses the test's clock. */
import { builtInCatalogue, type Catalogue } from '@rollgate/contract';
import type { Recorder } from './events/recorder.js';
import { Limiter } from './limiter.js';
import { MemoryStore } from './store/memory-store.js';

export { MemoryStore } from './store/memory-store.js';
export { CountingStore } from './testing/counting-store.js';
export { ODD_TEXTS, REFUSED_TEXTS, SAME_TEXTS } from './testing/hostile-texts.js';
export { logStatements, type StatementLog } from './testing/statement-log.js';

/**
 * Creates a limiter that counts in memory. `clock` returns Unix ms (real time by default). `recorder` records denials
 * (none by default).
 */
export function createMemoryLimiter({
  clock = Date.now,
  catalogue = builtInCatalogue,
  recorder,
}: {
  clock?: () => number;
  catalogue?: Catalogue;
  recorder?: Recorder;
} = {}): Limiter {
  return new Limiter({ store: new MemoryStore({ clock }), catalogue, now: clock, ...(recorder ? { recorder } : {}) });
}
