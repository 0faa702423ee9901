/** For tests of applications: the limiter on memory, driven by a clock. */
import { builtInCatalogue, type Catalogue } from '@rollgate/contract';
import { Limiter } from './limiter.js';
import { MemoryStore } from './memory-store.js';

export { MemoryStore } from './memory-store.js';

/** `clock`: Unix ms, the real time by default. */
export function createMemoryLimiter({
  clock = Date.now,
  catalogue = builtInCatalogue,
}: {
  clock?: () => number;
  catalogue?: Catalogue;
} = {}): Limiter {
  return new Limiter({ store: new MemoryStore({ clock }), catalogue, now: clock });
}
