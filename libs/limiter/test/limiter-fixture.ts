/** For tests of one limiter: it counts in a real database by a test clock, and each test has a subject of its own. */

import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { type Catalogue, type Decision } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, TestClock, type TestDatabase } from '@rollgate/testing';
import { DenialMemory } from '../src/call/denial-memory.js';
import { createLimiter } from '../src/create-limiter.js';
import type { Limiter } from '../src/limiter.js';
import { PostgresStore } from '../src/store/postgres-store.js';
import type { Store } from '../src/store/store.js';

interface TestOptions {
  readonly catalogue?: Catalogue;
  readonly maxDeniedSubjects?: number;
}

export class LimiterFixture {
  clock = new TestClock();
  /** The number of batches that were sent to the store in this test. */
  batches = 0;
  /** A request for one unit, of a subject that only this test uses. */
  request = { account: 'acme', api: 'publish-bot', dimensions: { bot: 'b' } };
  #limiter: Limiter | undefined;
  #database: TestDatabase | undefined;
  #bots = 0;

  get limiter(): Limiter {
    return this.#limiter as Limiter;
  }

  get pool(): TestDatabase['pool'] {
    return (this.#database as TestDatabase).pool;
  }

  async openDatabase(): Promise<void> {
    this.#database = await createTestDatabase();
  }

  async dropDatabase(): Promise<void> {
    await this.#database?.drop();
  }

  nextTest(): void {
    this.clock = new TestClock();
    this.#limiter = this.open();
    this.batches = 0;
    this.nextSubject();
  }

  /** Lets `request` name a subject that has no units. */
  nextSubject(): void {
    this.request = { account: 'acme', api: 'publish-bot', dimensions: { bot: `b-${++this.#bots}` } };
  }

  /** Opens a limiter on the real store, and counts the batches sent to it. */
  open({ catalogue = sampleCatalogue, maxDeniedSubjects }: TestOptions = {}): Limiter {
    const now = () => this.clock.nowMs;
    const store: Store = new PostgresStore({ pool: this.pool, clock: now });
    const acquire = store.acquire.bind(store);
    store.acquire = (items) => {
      this.batches++;
      return acquire(items);
    };
    return createLimiter({ store, catalogue, denials: new DenialMemory({ maxSubjects: maxDeniedSubjects, now }) });
  }

  /** Requests one unit this many times at once. */
  spend(calls: number, from = this.limiter): Promise<Decision[]> {
    return Promise.all(Array.from({ length: calls }, () => from.acquire(this.request)));
  }
}

/** Opens a fixture for the tests of one file. */
export function useLimiterFixture(): LimiterFixture {
  const fixture = new LimiterFixture();
  beforeAll(() => fixture.openDatabase());
  afterAll(() => fixture.dropDatabase());
  beforeEach(() => fixture.nextTest());
  return fixture;
}
